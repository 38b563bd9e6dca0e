"""Why a spec that came as JSON has no text form. A spec without problems survives ``parse(render(spec))`` unchanged.

The text can hold any JSON configuration. What it cannot hold: prose that would read as structure (headings, step blocks,
routes, fences left open), names of several lines, ids that are no anchors, steps inside kinds that hold none or nested
more than four deep, and control characters outside YAML values.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Final

import msgspec

from plainwork.errors import Finding
from plainwork.spec import keys, model, routes, scan
from plainwork.spec.names import NAME_LIMIT, expression_name, is_id, is_reserved
from plainwork.spec.render import render, walk
from plainwork.spec.yaml_read import MAX_DEPTH, MAX_DIGITS, MAX_VALUES

MAX_KEY = 500
MAX_STEPS = 2_000
MAX_LEVELS = 4
MAX_VALUE_DEPTH = MAX_DEPTH - 6
"""Values stand a few levels deep in their block already (``inputs: {name: {default: …}}``)."""

_UNTESTED: Final = frozenset({"otherwise", "then", "timeout"})


def problems(spec: model.Spec) -> list[Finding]:
    """What keeps the spec from having a text form; empty when it has one. Codes are those of ``parse`` where they agree."""
    check = _Check()
    check.values(spec)
    if check.findings:
        return check.findings
    check.document(spec)
    check.ids([step.id for step in walk(spec)])
    check.lane(spec.steps)
    check.lane(spec.errors)
    check.sections(spec.sections)
    if not check.findings:
        check.size(render(spec))
    return check.findings


def prose_problem(text: str, context: str) -> str | None:
    """Why a text cannot be prose in a ``document``, ``section``, ``step``, ``example``, or right below a ``part``."""
    if text != scan.prose(text):
        return "begins or ends with blank lines or blanks"
    if scan.unreadable(text) is not None:
        return "holds control characters"
    for piece in scan.pieces(text):
        if not piece.closed:
            return f"holds a {piece.kind} that is not closed"
        if piece.kind == "heading" and piece.level <= _HEADINGS[context]:
            return "holds a heading that would end it"
        if piece.kind == "fence" and _is_structure(piece, context):
            return f"holds a block ({piece.text}) that means something"
        if piece.kind == "bullet" and context == "step" and _is_route(piece.text):
            return "holds a bullet that looks like a route"
    return None


_HEADINGS: Final = {"document": 2, "section": 2, "example": 3, "step": 6, "part": 6, "examples": 3}


def _is_structure(piece: scan.Piece, context: str) -> bool:
    words = tuple(piece.text.lower().split())
    if words == scan.STEP_BLOCK or (context == "example" and words in (scan.GIVEN, scan.EXPECT)):
        return True
    return context == "step" and scan.block_info(piece.text) is not None


def _is_route(line: str) -> bool:
    try:
        return routes.read(line) is not None
    except routes.NotARoute:
        return True


class _Check:
    """Gathers what is wrong."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, code: str, message: str, *, node: str | None = None, field: str | None = None) -> None:
        if len(self.findings) < 100:
            hint = "Change it, or leave it out: a document could not hold it."
            self.findings.append(Finding(code=code, message=message, next_step=hint, node=node, field=field))

    def values(self, spec: model.Spec) -> None:
        """Every value has to be JSON, and not too deep, too many or too large."""
        try:
            waiting: list[tuple[Any, int]] = [(msgspec.to_builtins(spec), -2)]
        except (RecursionError, TypeError, ValueError, OverflowError) as why:
            return self.add(
                "too-deep" if isinstance(why, RecursionError) else "not-json", "This is no JSON, or nested too deeply."
            )
        count = 0
        while waiting:
            value, depth = waiting.pop()
            count += 1
            if depth > MAX_VALUE_DEPTH or count > MAX_VALUES:
                return self.add(
                    "too-deep" if depth > MAX_VALUE_DEPTH else "too-large",
                    "A value is nested too deeply, or there are too many.",
                )
            self._scalar(value)
            if isinstance(value, dict):
                waiting.extend((one, depth + 1) for pair in value.items() for one in pair)
                if any(not isinstance(key, str) or len(key) > MAX_KEY for key in value):
                    self.add("bad-key", f"A key has to be a text of at most {MAX_KEY} characters.")
            elif isinstance(value, list | tuple):
                waiting.extend((one, depth + 1) for one in value)
        return None

    def _scalar(self, value: Any) -> None:
        if isinstance(value, str) and scan.is_broken(value):
            self.add("bad-character", "A text holds half a character (a lone surrogate).")
        elif isinstance(value, float) and not math.isfinite(value):
            self.add("bad-number", f"{value} is no JSON number.")
        elif isinstance(value, int) and abs(value) >= 10 ** (MAX_DIGITS - 1):
            self.add("bad-number", "A number has too many digits.")

    def size(self, text: str) -> None:
        """A document has at most so many characters, headings, blocks and bullets."""
        if len(text) > scan.MAX_TEXT or sum(1 for _ in scan.pieces(text)) > scan.MAX_PIECES:
            self.add("too-large", f"As a text this would be too large: {len(text):,} characters.")

    def document(self, spec: model.Spec) -> None:
        """Everything that stands once."""
        if spec.agentspec != 1:
            self.add("unknown-version", f"There is no format version {spec.agentspec}.", field="agentspec")
        self.name(spec.title, None, "title")
        self.prose(spec.about, "document", None, "about")
        for index, trigger in enumerate(spec.when):
            if isinstance(trigger, model.Schedule) and trigger.phrase is None and trigger.cron is None:
                self.add("unknown-trigger", "A schedule needs a phrase or a cron line.", field=f"when.{index}")
        for number, example in enumerate(spec.examples):
            self.name(example.name, None, f"examples.{number}.name")
            self.prose(example.about, "example", None, f"examples.{number}.about")

    def name(self, name: str, node: str | None, field: str) -> None:
        """A heading: one line, no blanks around it."""
        wrong = not name or name != name.strip(" \t") or len(name) > NAME_LIMIT
        if wrong or "\n" in name or scan.unreadable(name) is not None:
            message = f"A name is one line of 1 to {NAME_LIMIT} characters, without blanks around it."
            self.add("bad-name", message, node=node, field=field)

    def prose(self, text: str, context: str, node: str | None, field: str) -> None:
        """Prose that stays prose."""
        wrong = prose_problem(text, context)
        if wrong:
            self.add("bad-prose", f"This text {wrong}.", node=node, field=field)

    def ids(self, ids: list[str]) -> None:
        """Ids that headings, links and expressions can carry."""
        self.known = set(ids)
        seen: set[str] = set()
        if len(ids) > MAX_STEPS:
            self.add("too-many-steps", f"{MAX_STEPS} steps are the most.")
        for step_id in ids:
            name = expression_name(step_id)
            if name in seen:
                self.add(
                    "duplicate-id",
                    f"Two steps have the id {step_id}, or the same name in expressions.",
                    node=step_id,
                    field="id",
                )
            if not is_id(step_id) or is_reserved(step_id):
                code = "bad-id" if not is_id(step_id) else "reserved-id"
                self.add(code, f'A step cannot have the id "{step_id[:80]}".', node=step_id, field="id")
            seen.add(name)

    def lane(self, steps: tuple[model.Step, ...], level: int = 1) -> None:
        """Steps and the steps inside them."""
        for step in steps:
            self.name(step.name, step.id, "name")
            self.prose(step.about, "step", step.id, "about")
            self.blocks(step)
            for index, route in enumerate(step.routes):
                self.route(route, step.id, f"routes.{index}")
            if step.steps and (level >= MAX_LEVELS or step.uses not in keys.CONTAINERS):
                message = f"Steps stand only inside {', '.join(sorted(keys.CONTAINERS))}, at most {MAX_LEVELS} deep."
                self.add("heading-too-deep", message, node=step.id, field="steps")
            elif step.steps:
                self.lane(step.steps, level + 1)

    def blocks(self, step: model.Step) -> None:
        """Text blocks: a key and a language that fit an info line, and a text."""
        for key, language in step.blocks.items():
            text = step.with_.get(key)
            fits = (
                scan.is_block_key(key)
                and scan.is_language(language)
                and (language.lower(), key.lower()) != scan.STEP_BLOCK
            )
            if not fits or not isinstance(text, str) or scan.unreadable(text) is not None:
                message = f'The setting "{key[:80]}" cannot stand as a text block.'
                self.add("bad-block", message, node=step.id, field=f"blocks.{key}")

    def route(self, route: model.Route, node: str, field: str) -> None:
        """Routes: a condition of one line exactly where there has to be one, and targets that are there."""
        test = route.test
        if (route.lead in routes.NEEDS_TEST and test is None) or (route.lead in _UNTESTED and test is not None):
            self.add("bad-route", f"{routes.WORDS[route.lead]} and its condition do not fit.", node=node, field=field)
        if test is not None and (not test.strip() or "\n" in test or scan.unreadable(test) is not None):
            self.add("bad-route", "A condition is one line and not empty.", node=node, field=field)
        if len(routes.line_text(route, lambda step_id: "x" * NAME_LIMIT)) > routes.MAX_LINE:
            self.add("bad-route", "This route is too long for a line.", node=node, field=field)
        ends = {model.STOP, model.FAIL}.intersection(route.to)
        if not route.to or (ends and len(route.to) > 1):
            self.add("bad-route", "A route leads to steps, or to stop, or to fail.", node=node, field=field)
        for target in route.to:
            if target not in self.known and target not in ends:
                self.add("dangling-link", f'No step has the id "{target[:80]}".', node=node, field=field)

    def sections(self, sections: tuple[model.Section, ...]) -> None:
        """Prose sections in the order of the parts they stand before; the one without a title comes last of its part."""
        places = [(scan.ORDER.index(s.before), not s.title) for s in sections]
        ordered = places == sorted(places) and all(a != b or not a[1] for a, b in itertools.pairwise(places))
        if not ordered:
            self.add("bad-section", "Sections stand in the order of the parts they precede.", field="sections")
        for index, section in enumerate(sections):
            field = f"sections.{index}"
            if section.title:
                self.name(section.title, None, f"{field}.title")
                self.prose(section.text, "section", None, f"{field}.text")
            else:
                self.prose(section.text, "examples" if section.before == "examples" else "part", None, f"{field}.text")
            if section.title.casefold() in scan.PARTS or not (
                section.title or (section.text and section.before != "end")
            ):
                self.add("bad-section", "This section's title cannot be told from structure.", field=f"{field}.title")
