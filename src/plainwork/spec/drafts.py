"""What the reader has gathered, turned into the spec; and the checks that need all steps: ids, and where routes lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from plainwork.spec import scan
from plainwork.spec.model import FAIL, STOP, Example, Section, Spec, Step
from plainwork.spec.names import expression_name, is_id, is_reserved, nearest
from plainwork.spec.source import Place

Ranges = list[tuple[int, int]]
MANY = 20
"""How many dangling links get a "did you mean": comparing names costs time."""


class Add(Protocol):
    """How findings are noted: by code, offset, message, next step."""

    def __call__(
        self,
        code: str,
        at: int,
        message: str,
        next_step: str | None = None,
        *,
        node: str | None = None,
        field: str | None = None,
    ) -> None:
        """Notes one."""


@dataclass(slots=True)
class Draft:
    """A step while it is read."""

    place: Place
    name: str
    id: str
    fields: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    inner: list[Draft] = field(default_factory=list)


@dataclass(slots=True)
class ExampleDraft:
    """An Example while it is read."""

    start: int
    name: str
    prose: Ranges = field(default_factory=list)
    given: dict[str, Any] | None = None
    expect: dict[str, Any] | None = None


@dataclass(slots=True)
class SectionDraft:
    """A prose section while it is read; without a title, the prose below the heading of the part ``before``."""

    title: str
    prose: Ranges = field(default_factory=list)
    before: str = "end"


def check_ids(drafts: Iterable[Draft], add: Add) -> None:
    """Every step needs an id of its own that links, expressions and Examples can use."""
    seen: dict[str, Draft] = {}
    for draft in drafts:
        start = draft.place.start
        if not draft.id:
            add("missing-id", start, f'"{draft.name}" gives no id.', "Add id: with a short name to its block.")
            continue
        if not is_id(draft.id):
            hint = "Use letters, digits, - and _, at most 200."
            add("bad-id", start, f'"{draft.id[:80]}" cannot be an id.', hint, node=draft.id, field="id")
        elif is_reserved(draft.id):
            hint = "Choose another heading, or add id: with another name to its block."
            add("reserved-id", start, f'A step cannot be called "{draft.id}".', hint, node=draft.id, field="id")
        first = seen.setdefault(expression_name(draft.id), draft)
        if first is not draft:
            other = f'The steps "{first.name}" and "{draft.name}" have the same id, {draft.id}.'
            if first.id != draft.id:
                other = f"The ids {first.id} and {draft.id} are the same name in expressions."
            hint = "Change a heading, or add id: with another name to one of the blocks."
            add("duplicate-id", start, other, hint, node=draft.id, field="id")


def check_routes(drafts: list[Draft], add: Add) -> None:
    """Every route has to lead to a step, to stop or to fail."""
    known = {draft.id for draft in drafts}
    dangling = 0
    for draft in drafts:
        for index, (start, _, line) in enumerate(draft.place.routes):
            for target in line.targets:
                if target.id in known or target.id in (STOP, FAIL):
                    continue
                dangling += 1
                close = nearest(target.id, known) if dangling <= MANY else None
                hint = f"Did you mean #{close}?" if close else "Link to a step's heading."
                message = f'No step has the id "{target.id[:80]}".'
                add("dangling-link", start + target.start, message, hint, node=draft.id, field=f"routes.{index}")


def assemble(
    text: str,
    front: Mapping[str, Any],
    prose: Ranges,
    tops: Mapping[str, list[Draft]],
    examples: Iterable[ExampleDraft],
    sections: Iterable[SectionDraft],
) -> Spec:
    """The spec. Sections come in the order of the parts they stand before, as ``render`` writes them."""

    def told(ranges: Ranges) -> str:
        return scan.prose(*(text[start:end] for start, end in ranges))

    def made(section: SectionDraft) -> Section:
        return Section(title=section.title, text=told(section.prose), before=section.before)  # type: ignore[arg-type]

    def step(draft: Draft) -> Step:
        place = draft.place
        place.step = Step(
            **{"uses": "", **draft.fields, "id": draft.id},
            name=draft.name,
            about=told(place.prose),
            blocks={key: fence.language for key, fence in place.blocks.items()},
            routes=tuple(line.route for _, _, line in place.routes),
            steps=tuple(step(inner) for inner in draft.inner),
        )
        place.step.with_.update(draft.blocks)
        return place.step

    kept = (made(s) for s in sections if s.title or s.prose)
    return Spec(
        **{"agentspec": 1, **front},
        about=told(prose),
        steps=tuple(step(draft) for draft in tops["steps"]),
        errors=tuple(step(draft) for draft in tops["errors"]),
        examples=tuple(
            Example(name=e.name, about=told(e.prose), given=e.given or {}, expect=e.expect or {}) for e in examples
        ),
        sections=tuple(sorted(kept, key=lambda s: scan.ORDER.index(s.before))),
    )
