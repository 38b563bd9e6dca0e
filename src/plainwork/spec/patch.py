"""Changes a document from one spec to another, touching only the lines concerned. ``edit`` checks the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from plainwork.spec import keys, routes, scan, yaml_edit
from plainwork.spec.model import Route, Spec, Step
from plainwork.spec.names import slug
from plainwork.spec.render import HEADINGS, fence_text, front_text, step_text, tree_texts, walk
from plainwork.spec.source import Fence, Place, SourceMap
from plainwork.spec.tree import Level

Piece = tuple[int, int, str]
"""Start, end, and what stands there instead."""


@dataclass(slots=True)
class Patch:
    """From ``old``, which ``source`` places, to ``new``. ``anew``: steps to write anew ("" is the front matter)."""

    source: SourceMap
    old: Spec
    new: Spec
    anew: frozenset[str] = frozenset()
    pieces: list[Piece] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    old_steps: dict[str, Step] = field(default_factory=dict)
    renamed: bool = False

    def make(self) -> list[Piece]:
        """All pieces to replace, in the order of the text."""
        self.names = {step.id: step.name for step in walk(self.new)}
        self.old_steps = {step.id: step for step in walk(self.old)}
        self.renamed = any(step.name != self.name_of(step.id) for step in walk(self.old))
        self._document()
        for lane in ("steps", "errors"):
            self._lane(lane)
        return sorted((p for p in self.pieces if self.source.text[p[0] : p[1]] != p[2]), key=lambda p: p[:2])

    def name_of(self, step_id: str) -> str:
        """A step's name after the change."""
        return self.names.get(step_id, step_id)

    # The document

    def _document(self) -> None:
        source, text = self.source, self.source.text
        before, after = keys.front_yaml(self.old), keys.front_yaml(self.new)
        if source.front is None:
            if before != after:
                self.pieces.append((0, 0, front_text(self.new) + "\n"))
        elif "" in self.anew:
            self.pieces.append((source.front.start, source.front.end, front_text(self.new)))
        elif not yaml_edit.same(before, after):
            inner = text[source.front.inner_start : source.front.inner_end]
            changed = yaml_edit.change(inner, before, after, keys.SPREAD)
            self.pieces.append((source.front.inner_start, source.front.inner_end, changed))
        if source.title and self.old.title != self.new.title:
            self.pieces.append((*source.title, self.new.title))
        if source.title and self.old.about != self.new.about:
            end = _past_line(text, source.title[1])
            self.pieces += self._prose(
                source.prose, self.new.about, end, ("\n", "\n" if text[end : end + 1] == "\n" else "\n\n")
            )

    def _prose(self, ranges: list[tuple[int, int]], about: str, spot: int, around: tuple[str, str]) -> Iterator[Piece]:
        """Prose at its first place becomes ``about``, at its other places nothing."""
        text = self.source.text
        if not ranges:
            yield (spot, spot, around[0] + about + around[1])
            return
        for index, (start, end) in enumerate(ranges):
            kept = scan.prose(text[start:end])
            begin = text.index(kept, start)
            stop = begin + len(kept)
            if index == 0 and about:
                yield (begin, stop, about)
            else:
                yield (begin, _past_line(text, stop), "")

    # Steps in their order

    def _lane(self, lane: str) -> None:
        old, new = getattr(self.old, lane), getattr(self.new, lane)
        part = self.source.parts.get(lane)
        if not new and old and part and lane == "errors" and not any(s.before == lane for s in self.new.sections):
            self._cut(part[0], part[2])
        elif part:
            self._level(old, new, (old and self._place(old[0]).start) or self._intro_end(lane, part), 3)
        elif new:
            self._new_part(lane, new)

    def _intro_end(self, lane: str, part: tuple[int, int, int]) -> int:
        return part[2] if any(not s.title and s.before == lane for s in self.old.sections) else part[1]

    def _new_part(self, lane: str, steps: Level) -> None:
        parts = self.source.parts
        spot = parts["steps"][2] if lane == "errors" and "steps" in parts else self.source.head_end
        texts = [f"## {HEADINGS[lane]}\n", *(self._step_texts(step, 3) for step in steps)]
        self._insert(spot, "\n".join(texts))

    def _place(self, step: Step) -> Place:
        return self.source.places[step.id]

    def _level(self, old: Level, new: Level, spot: int, depth: int) -> None:
        """Steps that stay are changed where they stand; others are cut out, or put in behind the one before them."""
        stay = _common([s.id for s in old], [s.id for s in new])
        for step in old:
            if step.id not in stay:
                place = self._place(step)
                self._cut(place.start, place.tree_end)
        by_id = {step.id: step for step in old}
        for step in new:
            if step.id in stay:
                self._tree(by_id[step.id], step)
                spot = self._place(step).tree_end
            else:
                self._insert(spot, self._step_texts(step, depth))

    def _tree(self, old: Step, new: Step) -> None:
        place = self._place(new)
        if self.anew or self.renamed or not yaml_edit.same(old, new):
            self._own(old, new, place)
            self._level(old.steps, new.steps, place.end, place.level + 1)

    def _step_texts(self, step: Step, level: int) -> str:
        """A step that was not here: as it stood elsewhere (changed, its headings at the new level), or rendered."""
        old = self.old_steps.get(step.id)
        if old is None or {s.id for s in walk(_holder(old))} != {s.id for s in walk(_holder(step))}:
            return "\n".join(tree_texts(step, level, self.name_of))
        inside = Patch(self.source, self.old, self.new, self.anew, [], self.names, self.old_steps, self.renamed)
        inside._tree(old, step)
        start, end = self._place(step).start, self._place(step).tree_end
        shift = level - self._place(step).level
        for inner in walk(_holder(step)):
            place = self._place(inner)
            inside.pieces.append((place.start, place.start + place.level, "#" * (place.level + shift)))
        return spliced(self.source.text, sorted(inside.pieces, key=lambda p: p[:2]), start, end).rstrip("\n") + "\n"

    def _insert(self, spot: int, chunk: str) -> None:
        """Puts a text between others, a blank line apart."""
        text = self.source.text
        ahead = text[:spot]
        lead = "" if not ahead or ahead.endswith("\n\n") else "\n" if ahead.endswith("\n") else "\n\n"
        if self.pieces and self.pieces[-1][:2] == (spot, spot):
            lead = "" if self.pieces[-1][2].endswith("\n\n") else "\n"
        trail = "\n" if spot < len(text) and not text.startswith("\n", spot) else ""
        self.pieces.append((spot, spot, lead + chunk + trail))

    def _cut(self, start: int, end: int) -> None:
        if end == len(self.source.text) and self.source.text[:start].endswith("\n\n"):
            start -= 1
        self.pieces.append((start, end, ""))

    # One step

    def _own(self, old: Step, new: Step, place: Place) -> None:
        text = self.source.text
        if new.id in self.anew or place.fence is None:
            tail = text[place.start : place.end]
            blank = len(tail) - len(tail.rstrip("\n"))
            anew = step_text(new, place.level, self.name_of)
            self.pieces.append((place.start, place.end, anew.rstrip("\n") + "\n" * blank))
            return
        if old.name != new.name:
            self.pieces.append((*place.name, new.name))
        if old.about != new.about:
            self.pieces += self._prose(place.prose, new.about, _past_line(text, place.name[1]), ("", "\n"))
        self._block(old, new, place.fence)
        self._texts(old, new, place)
        self._routes(old, new, place)

    def _block(self, old: Step, new: Step, fence: Fence) -> None:
        before, after = keys.step_yaml(old, slug(old.name)), keys.step_yaml(new, slug(new.name))
        if not yaml_edit.same(before, after):
            inner = self.source.text[fence.inner_start : fence.inner_end]
            self._fenced(fence, yaml_edit.change(inner, before, after))

    def _fenced(self, fence: Fence, inner: str) -> None:
        """A block's content; its fence grows when the content could close it."""
        text = self.source.text
        opening = text[fence.start : fence.inner_start]
        mark = opening[: len(opening) - len(opening.lstrip("`~"))]
        if mark[0] == "~" or len(scan.ticks_for(inner)) > max(len(mark), 3):
            content = inner[:-1] if inner.endswith("\n") else inner
            anew = fence_text(opening.strip("`~ \t\n"), content)
            self.pieces.append(
                (fence.start, fence.end, anew + ("\n" if text[fence.end - 1 : fence.end] == "\n" else ""))
            )
        else:
            self.pieces.append((fence.inner_start, fence.inner_end, inner))

    def _texts(self, old: Step, new: Step, place: Place) -> None:
        fences = [fence for fence in (place.fence, *place.blocks.values()) if fence]
        spot = max(fence.end for fence in fences)
        for key, language in new.blocks.items():
            content = str(new.with_[key])
            fence = place.blocks.get(key)
            if fence is None:
                self.pieces.append((spot, spot, self._ended(spot) + fence_text(f"{language} {key}", content) + "\n"))
                continue
            if old.with_[key] != content:
                self._fenced(fence, content + "\n" if content else "")
            if old.blocks[key] != language:
                start = self.source.text.index(old.blocks[key], fence.start)
                self.pieces.append((start, start + len(old.blocks[key]), language))
        for key, fence in place.blocks.items():
            if key not in new.blocks:
                self.pieces.append((fence.start, fence.end, ""))

    def _ended(self, spot: int) -> str:
        return "" if self.source.text[:spot].endswith("\n") else "\n"

    def _routes(self, old: Step, new: Step, place: Place) -> None:
        fences = [fence.end for fence in (place.fence, *place.blocks.values()) if fence]
        spot = place.routes[0][0] if place.routes else max(fences)
        matcher = SequenceMatcher(None, old.routes, new.routes, autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            pairs = min(b - a, d - c)
            for offset in range(pairs):
                self._route(place, a + offset, new.routes[c + offset], tag == "equal")
            for start, end, _ in place.routes[a + pairs : b]:
                self.pieces.append((start, end, ""))
            at = place.routes[a + pairs - 1][1] if a + pairs else spot
            for route in new.routes[c + pairs : d]:
                self.pieces.append((at, at, self._ended(at) + routes.line_text(route, self.name_of) + "\n"))

    def _route(self, place: Place, index: int, new: Route, equal: bool) -> None:
        """One line: the titles of renamed steps, the condition, the targets, or all of it."""
        start, end, line = place.routes[index]
        if equal:
            self._titles(start, line)
        elif new.lead != line.route.lead or (new.test is None) != (line.test is None):
            self.pieces.append((start, end, routes.line_text(new, self.name_of) + _line_feed(self.source.text, end)))
        else:
            if new.test is not None and line.test and new.test != line.route.test:
                self.pieces.append((start + line.test[0], start + line.test[1], routes.code_text(new.test)))
            if new.to != line.route.to:
                written = {t.id: self.source.text[start + t.start : start + t.end] for t in line.targets}
                to = " and ".join(written.get(t) or routes.target_text(t, self.name_of) for t in new.to)
                self.pieces.append((start + line.targets[0].start, start + line.targets[-1].end, to))

    def _titles(self, start: int, line: routes.Line) -> None:
        for target in line.targets:
            old = self.old_steps.get(target.id)
            if old and old.name != self.name_of(target.id):
                title = routes.title_text(self.name_of(target.id))
                self.pieces.append((start + target.title_start, start + target.title_end, title))


def _holder(step: Step) -> Spec:
    return Spec(title="", steps=(step,))


def _common(old: list[str], new: list[str]) -> set[str]:
    """The ids that keep their order; those of the longest runs stay where they are."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {old[i] for block in blocks for i in range(block.a, block.a + block.size)}


def _line_feed(text: str, end: int) -> str:
    return "\n" if text[end - 1] == "\n" else ""


def _past_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def spliced(text: str, pieces: Iterable[Piece], start: int = 0, end: int | None = None) -> str:
    """The text from ``start`` to ``end`` with pieces replaced."""
    out, at = [], start
    for first, last, instead in pieces:
        out += [text[at:first], instead]
        at = max(at, last)
    return "".join([*out, text[at : len(text) if end is None else end]])
