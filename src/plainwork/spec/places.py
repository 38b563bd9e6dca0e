"""On which lines of a document each step stands, for editors and canvases that point at them."""

from __future__ import annotations

from typing import Literal

from plainwork.spec.model import Part, Spec
from plainwork.spec.source import Place, SourceMap
from plainwork.spec.tree import levels


class RouteLine(Part, frozen=True, kw_only=True):
    """The line of a step's route, and the route's index."""

    line: int
    index: int


class StepPlace(Part, frozen=True, kw_only=True):
    """The lines of one step, 1-based and inclusive, counted by LF alone. ``end_line``: the last of its own;
    ``tree_end_line``: of its inner steps too; ``name_line``: its heading; ``holder``: the step it stands in."""

    line: int
    end_line: int
    tree_end_line: int
    name_line: int
    lane: Literal["main", "errors"]
    holder: str | None
    routes: tuple[RouteLine, ...]


def places_of(spec: Spec, source: SourceMap) -> dict[str, StepPlace]:
    """Every step's place by its id, in the order of the document."""
    holders = {step.id: holder for holder, steps in levels(spec).items() for step in steps}
    return {
        step_id: _shown(source, place, holders.get(step_id, ""))
        for step_id, place in source.places.items()
        if step_id in holders
    }


def _shown(source: SourceMap, place: Place, holder: str) -> StepPlace:
    return StepPlace(
        line=source.position(place.start)[0],
        end_line=_last_line(source, place.start, place.end),
        tree_end_line=_last_line(source, place.start, place.tree_end),
        name_line=source.position(place.name[0])[0],
        lane="errors" if place.lane == "errors" else "main",
        holder=None if holder.startswith("#") else holder,
        routes=tuple(
            RouteLine(line=source.position(start)[0], index=index) for index, (start, _, _) in enumerate(place.routes)
        ),
    )


def _last_line(source: SourceMap, start: int, end: int) -> int:
    """The line of the last character that is not blank."""
    shown = len(source.text[start:end].rstrip())
    return source.position(start + max(shown - 1, 0))[0]
