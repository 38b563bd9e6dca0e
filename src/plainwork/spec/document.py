"""The reader behind ``parse``: goes through a document's pieces once, front to back, and builds the spec and its places."""

from __future__ import annotations

import re
from typing import Any, Literal

from plainwork.errors import Finding
from plainwork.spec import keys, routes, scan
from plainwork.spec.drafts import Draft, ExampleDraft, SectionDraft, assemble, check_ids, check_routes
from plainwork.spec.fields import Fields, Table
from plainwork.spec.model import Spec
from plainwork.spec.names import NAME_LIMIT, slug
from plainwork.spec.source import Fence, Place, SourceMap
from plainwork.spec.yaml_read import MAX_VALUES, Node, Path, Reading, Refused
from plainwork.spec.yaml_read import read as read_yaml

MAX_FINDINGS = 100
MAX_STEPS = 2_000
MAX_LEVEL = 6
"""Headings end at six #, so steps nest at most four deep."""

_FRONT = re.compile(r"\s*^---[ \t]*$", re.M)
_FRONT_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M)
MAX_PLACED = 100_000
"""Characters up to which a block is read a second time to place what is wrong in it."""
_ABOUT_KEYS = frozenset({"unknown-key", "duplicate-key"})


class Stop(Exception):
    """Nothing more can be read, or enough has been said."""


class Document:
    """One document being read: ``read()`` gives the spec, ``findings`` what is wrong, ``source`` where things stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.findings: list[Finding] = []
        self.source = SourceMap(text)
        self._front: dict[str, Any] = {}
        self._title: str | None = None
        self._part = "head"
        self._open: list[Draft] = []
        self._drafts: list[Draft] = []
        self._tops: dict[str, list[Draft]] = {"steps": [], "errors": []}
        self._examples: list[ExampleDraft] = []
        self._sections: list[SectionDraft] = []
        self._intros: dict[str, SectionDraft] = {}
        self._prose = self.source.prose
        self._prose_from = 0
        self._values_left = MAX_VALUES

    def read(self) -> Spec:
        """Reads it all. Raises ``Stop`` when there is no point in going on; best effort where fields are wrong."""
        self._refuse_unreadable()
        self._prose_from = at = self._front_matter()
        for count, piece in enumerate(scan.pieces(self.text, at)):
            if count >= scan.MAX_PIECES:
                self._stop(
                    "too-large", piece.start, "This document has too many headings, blocks and bullets.", "Split it."
                )
            self._piece(piece)
        self._end_prose(len(self.text))
        self._close_section(len(self.text))
        if self._title is None:
            self.add(
                "missing-title",
                0,
                "This document has no title.",
                "Write # and the agent's name below the front matter.",
            )
        check_ids(self._drafts, self.add)
        check_routes(self._drafts, self.add)
        tops = {part: self._tops[part] for part in ("steps", "errors")}
        sections = [*self._sections, *self._intros.values()]
        spec = assemble(
            self.text, self._front | {"title": self._title or ""}, self.source.prose, tops, self._examples, sections
        )
        self.source.places = {draft.id: draft.place for draft in self._drafts}
        return spec

    # What is wrong

    def add(
        self,
        code: str,
        at: int,
        message: str,
        next_step: str | None = None,
        *,
        end: int | None = None,
        node: str | None = None,
        field: str | None = None,
        warning: bool = False,
    ) -> None:
        """Notes a finding at an offset. Raises ``Stop`` when there are too many."""
        line, column = self.source.position(min(at, len(self.text)))
        end_line = self.source.position(end)[0] if end is not None else None
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        self.findings.append(
            Finding(
                code=code, message=message, next_step=next_step, severity=severity, line=line, column=column,
                end_line=end_line, node=node, field=field,
            )
        )  # fmt: skip
        if len(self.findings) >= MAX_FINDINGS:
            message = f"There are more than {MAX_FINDINGS} findings; the rest is not shown."
            self.findings.append(
                Finding(code="too-many-findings", message=message, next_step="Mend these first.", line=line)
            )
            raise Stop

    def _stop(self, code: str, at: int, message: str, next_step: str) -> None:
        self.add(code, at, message, next_step)
        raise Stop

    def _refuse_unreadable(self) -> None:
        at = scan.unreadable(self.text)
        if at is not None:
            message = f"This is not a text that can be read: it holds the character U+{ord(self.text[at]):04X}."
            self._stop("bad-character", at, message, "Save it as UTF-8 text, or remove that character.")

    # Front matter

    def _front_matter(self) -> int:
        """Reads it; gives the offset behind it."""
        opening = _FRONT.match(self.text)
        if opening is None:
            message = "This document has no front matter, so its version is taken to be 1."
            self.add("missing-version", 0, message, "Begin with the three lines ---, agentspec: 1, ---.", warning=True)
            return 0
        inner = min(opening.end() + 1, len(self.text))
        closing = _FRONT_END.search(self.text, inner)
        if closing is None:
            start = opening.end() - len(opening.group().lstrip())
            self._stop("unclosed-front-matter", start, "The front matter is not closed.", "End it with a line ---.")
            raise Stop
        end = min(closing.end() + 1, len(self.text))
        fence = self.source.front = Fence(opening.end() - 3, end, inner, closing.start())
        self._front = self._typed(fence, keys.FRONT, None)
        version = self._front.get("agentspec")
        if version is None and not self.findings:
            message = "The front matter does not say which version of the format this is; 1 is taken."
            self.add("missing-version", fence.start, message, "Add the line agentspec: 1.", warning=True)
        elif version not in (None, 1):
            self._wrong_at(
                fence,
                ("agentspec",),
                "unknown-version",
                f"There is no format version {version}.",
                "Write agentspec: 1.",
            )
        return end

    # Pieces

    def _piece(self, piece: scan.Piece) -> None:
        if not piece.closed:
            what = "fence" if piece.kind == "fence" else "comment"
            hint = "Close it with a line of as many backquotes." if what == "fence" else "Close it with -->."
            self._stop(f"unclosed-{what}", piece.start, f"This {what} is not closed.", hint)
        if piece.kind == "heading":
            self._heading(piece)
        elif piece.kind == "fence":
            self._fence(piece)
        elif piece.kind == "bullet" and self._open:
            self._bullet(piece)

    def _take(self, piece: scan.Piece) -> None:
        """The piece is structure: the prose before it ends, the prose after it starts behind it."""
        self._end_prose(piece.start)
        self._prose_from = piece.end

    def _end_prose(self, end: int) -> None:
        if self.text[self._prose_from : end].strip(" \t\n"):
            self._prose.append((self._prose_from, end))

    def _heading(self, piece: scan.Piece) -> None:
        if piece.level > 2 and self._part in ("head", "prose"):
            return
        if piece.level > 3 and self._part == "examples":
            return
        self._take(piece)
        if len(piece.text) > NAME_LIMIT:
            message = f"This heading has {len(piece.text)} characters; {NAME_LIMIT} are the most."
            self.add("heading-too-long", piece.start, message, "Shorten it; details belong into the text below.")
        if not piece.text:
            self.add("empty-heading", piece.start, "This heading is empty.", "Give it a name.")
        if piece.level == 1:
            self._title_heading(piece)
        elif piece.level == 2:
            self._section_heading(piece)
        elif self._part == "examples":
            self._examples.append(ExampleDraft(piece.start, piece.text))
            self._prose = self._examples[-1].prose
        else:
            self._step_heading(piece)

    def _title_heading(self, piece: scan.Piece) -> None:
        if self._title is not None:
            message = "This document has a second title."
            self.add("second-title", piece.start, message, "Use ## for sections and ### for steps; an agent has one #.")
            return
        self._title = piece.text
        start = self.text.index(piece.text, piece.start + 1)
        self.source.title = (start, start + len(piece.text))
        if self._part != "head":
            self.add("late-title", piece.start, "The title has to stand before the first section.", "Move it up.")

    def _section_heading(self, piece: scan.Piece) -> None:
        self._close_section(piece.start)
        part = scan.PARTS.get(piece.text.casefold())
        section = SectionDraft("" if part else piece.text)
        self._prose = section.prose
        self._part = part or "prose"
        if part is None:
            self._sections.append(section)
            return
        if part in self.source.parts:
            self.add(
                "second-section", piece.start, f"This document has a second section for {part}.", "Put both into one."
            )
        for waiting in self._sections:
            if waiting.before == "end":
                waiting.before = part
        self.source.parts.setdefault(part, (piece.start, piece.end, piece.end))
        self._intros.setdefault(part, section).before = part

    def _close_section(self, end: int) -> None:
        self._close_steps(2, end)
        if self._part == "head":
            self.source.head_end = end
        elif self._part in self.source.parts:
            start, heading_end, _ = self.source.parts[self._part]
            self.source.parts[self._part] = (start, heading_end, end)

    # Steps

    def _step_heading(self, piece: scan.Piece) -> None:
        self._close_steps(piece.level, piece.start)
        if len(self._drafts) >= MAX_STEPS:
            self._stop(
                "too-many-steps",
                piece.start,
                f"{MAX_STEPS} steps are the most.",
                "Split the agent; agent.call joins them.",
            )
        name_start = self.text.index(piece.text, piece.start + piece.level)
        place = Place(
            piece.start, piece.end, piece.end, (name_start, name_start + len(piece.text)), piece.level, self._part
        )
        draft = Draft(place, piece.text, slug(piece.text))
        self._check_level(draft)
        (self._open[-1].inner if self._open else self._tops[self._part]).append(draft)
        self._open.append(draft)
        self._drafts.append(draft)
        self._prose = place.prose

    def _check_level(self, draft: Draft) -> None:
        level, parent = draft.place.level, self._open[-1] if self._open else None
        above = parent.place.level if parent else 2
        if level > above + 1:
            message = f"This heading is {level - above} levels below the one above it."
            self.add("heading-level", draft.place.start, message, f"Write {'#' * (above + 1)}.", node=draft.id)
        elif parent and parent.fields.get("uses") not in (None, *keys.CONTAINERS):
            message = f'Steps can stand inside a foreach, a repeat or a group, but "{parent.name}" is none.'
            self.add(
                "heading-too-deep",
                draft.place.start,
                message,
                f"Write {'#' * above} to put it after that step.",
                node=draft.id,
            )

    def _close_steps(self, level: int, end: int) -> None:
        """Ends the open steps at or below a heading level."""
        if self._open:
            self._open[-1].place.end = end
        while self._open and self._open[-1].place.level >= level:
            draft = self._open.pop()
            draft.place.tree_end = end
            for key in draft.fields.get("with_", {}).keys() & draft.blocks.keys():
                message = f"{key} stands in the step block and as a text block."
                at = draft.place.blocks[key].start
                self.add("duplicate-key", at, message, "Keep one.", node=draft.id, field=f"with.{key}")
            if draft.place.fence is None:
                message = f'The step "{draft.name}" has no step block.'
                hint = "Add ```yaml step with uses: below its heading, or write the heading as **bold** text."
                self.add("missing-block", draft.place.start, message, hint, node=draft.id)

    def _fence(self, piece: scan.Piece) -> None:
        words = tuple(piece.text.lower().split())
        if words == scan.STEP_BLOCK:
            self._step_block(piece)
        elif self._open and (info := scan.block_info(piece.text)):
            self._text_block(piece, *info)
        elif words in (scan.GIVEN, scan.EXPECT) and self._part == "examples" and self._examples:
            self._example_block(piece, words[1])

    def _structural(self, piece: scan.Piece, language: str = "yaml") -> Fence:
        self._take(piece)
        if piece.indent:
            self.add("indented-block", piece.start, "This block is indented.", "Move its ``` to the start of the line.")
        return Fence(piece.start, piece.end, *piece.inner, language)

    def _step_block(self, piece: scan.Piece) -> None:
        if not self._open:
            message = "This step block stands outside the steps."
            hint = 'Put it below a ### heading, in the section "## Steps" or "## When things go wrong".'
            self.add("step-outside", piece.start, message, hint)
            return
        fence, draft = self._structural(piece), self._open[-1]
        if draft.place.fence is not None:
            message = f'The step "{draft.name}" has two step blocks.'
            self.add(
                "two-blocks", piece.start, message, "Put a ### heading before the second, or join them.", node=draft.id
            )
            return
        draft.place.fence = fence
        said = len(self.findings)
        draft.fields = self._typed(fence, keys.STEP, draft)
        if "uses" not in draft.fields and said == len(self.findings):
            message = f'The step "{draft.name}" does not say what it uses.'
            self.add(
                "missing-uses",
                fence.start,
                message,
                "Add uses: and a step kind, such as uses: http.",
                node=draft.id,
                field="uses",
            )

    def _text_block(self, piece: scan.Piece, language: str, key: str) -> None:
        fence, draft = self._structural(piece, language), self._open[-1]
        if key in draft.blocks:
            message = f"This step has two text blocks {key}."
            self.add("duplicate-key", piece.start, message, "Keep one.", node=draft.id, field=f"with.{key}")
        raw = self.text[fence.inner_start : fence.inner_end]
        draft.blocks[key] = raw[:-1]
        draft.place.blocks[key] = fence

    def _bullet(self, piece: scan.Piece) -> None:
        draft = self._open[-1]
        try:
            line = routes.read(piece.text)
        except routes.NotARoute as why:
            self.add(why.code, piece.start + why.offset, why.message, why.next_step, node=draft.id, field="routes")
            return
        if line is not None:
            self._take(piece)
            draft.place.routes.append((piece.start, piece.end, line))

    def _example_block(self, piece: scan.Piece, word: str) -> None:
        fence, example = self._structural(piece), self._examples[-1]
        if getattr(example, word) is not None:
            self.add("two-blocks", piece.start, f"This Example has two {word} blocks.", "Join them.")
        value = self._value(fence, None).value
        if not isinstance(value, dict | None):
            self.add(
                "wrong-type", fence.inner_start, f"The {word} block has to be a mapping.", "Write name: value lines."
            )
            value = None
        setattr(example, word, value or {})

    # YAML

    def _value(self, fence: Fence, node: str | None) -> Reading:
        try:
            reading = read_yaml(self.text[fence.inner_start : fence.inner_end], self._values_left)
        except Refused as why:
            if why.code == "too-large":
                self._stop(why.code, fence.inner_start + why.offset, why.message, why.next_step or "")
            self.add(why.code, fence.inner_start + why.offset, why.message, why.next_step, node=node)
            return Reading({})
        self._values_left -= reading.count
        return reading

    def _typed(self, fence: Fence, table: Table, draft: Draft | None) -> dict[str, Any]:
        """A block's fields. With a step: its id becomes what the block says, before anything is reported."""
        node = draft.id if draft else None
        reading = self._value(fence, node)
        value = {} if reading.value is None else reading.value
        if not isinstance(value, dict):
            self.add(
                "wrong-type", fence.inner_start, "This has to be a mapping.", "Write name: value lines.", node=node
            )
            return {}
        if draft and isinstance(value.get("id"), str):
            node = draft.id = value["id"]

        def report(code: str, path: Path, message: str, next_step: str | None) -> None:
            self._wrong_at(fence, path, code, message, next_step, node)

        return Fields(reading, report).all(value, (), table)

    def _wrong_at(
        self, fence: Fence, path: Path, code: str, message: str, next_step: str | None, node: str | None = None
    ) -> None:
        small = fence.inner_end - fence.inner_start <= MAX_PLACED
        start, end = _locate(self.source.compose(fence), path, code in _ABOUT_KEYS) if small else (0, 0)
        place = ".".join(str(part)[:NAME_LIMIT] for part in path)
        at = fence.inner_start
        self.add(code, at + start, message, next_step, end=at + end, node=node, field=place or None)


def _locate(node: Node | None, path: Path, at_key: bool) -> tuple[int, int]:
    """Where the value (or, with ``at_key``, the key) at the end of a path stands in its block, as far as it is there."""
    spot = (node.start, node.end) if node else (0, 0)
    for part in path:
        if node is None:
            break
        if node.kind == "list" and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            spot = (node.start, node.end)
            continue
        pair = next(((k, v) for k, v in node.pairs if k.value == part), None)
        if pair is None:
            break
        key, node = pair
        spot = (key.start, key.end) if at_key or node.start == node.end else (node.start, node.end)
    return spot
