"""Documents without storing them: parse (and check and compile), edit, diff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from plainwork import spec
from plainwork.api.auth import Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import (
    MOST_CHARACTERS,
    Body,
    DiffJson,
    Findings,
    FlowOrNull,
    Places,
    Shape,
    Spans,
    SpecOrNull,
    json_of,
)
from plainwork.errors import Invalid
from plainwork.spec.flow import Flow
from plainwork.spec.kinds import Catalogue

routes = Routes("specs")
NEXT_TIMES = 5
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class Markdown(Body):
    """A document."""

    markdown: Text


class Edit(Markdown):
    """A document and one change of the canvas, such as ``{"op": "rename", "node": …, "name": …}``."""

    change: dict[str, Any]


class Pair(Body):
    """Two documents."""

    before: Text
    after: Text


class TriggerTimes(Shape):
    """What a trigger is, in words, and when it starts the next runs (a schedule: five times at most; others: none)."""

    node: str
    text: str
    next: list[datetime]


class Parsed(Shape):
    """What a document says. ``spec`` and ``flow`` are null where it cannot be read; ``valid``: no finding is an error.
    ``places``: the lines of each step, by its id."""

    valid: bool
    spec: SpecOrNull
    flow: FlowOrNull
    findings: Findings
    places: Places
    triggers: list[TriggerTimes]


class Edited(Shape):
    """The new text, the spans in it that changed, and what it says now. ``node``: the step that the change was about
    (for a new one its id); null: the document, or a step that is gone."""

    markdown: str
    changed: Spans
    node: str | None
    parsed: Parsed


@routes.add("POST", "/specs/parse", Permission.AGENTS_READ)
def parse_spec(request: Request, body: Markdown) -> Parsed:
    """Parses, checks and compiles. A document with errors is no error here: they are in ``findings``."""
    return _parsed(body.markdown, request.app.state.catalogue)


def _parsed(markdown: str, catalogue: Catalogue) -> Parsed:
    from plainwork.spec.places import places_of

    loaded = spec.load(markdown, catalogue)
    places = places_of(loaded.spec, loaded.source) if loaded.spec and loaded.source else {}
    return Parsed(
        valid=loaded.is_valid,
        spec=json_of(loaded.spec),
        flow=json_of(loaded.flow),
        findings=json_of(loaded.findings),
        places=json_of(places),
        triggers=_triggers(loaded.flow) if loaded.flow else [],
    )


def _triggers(flow: Flow) -> list[TriggerTimes]:
    from plainwork.spec.starts import start_of, triggers_of

    now = datetime.now(UTC)
    return [
        TriggerTimes(node=node.id, text=start_of(node.type, node.config), next=_next_times(node.config, now))
        for node in triggers_of(flow)
    ]


def _next_times(config: Mapping[str, Any], now: datetime) -> list[datetime]:
    """The next times of a schedule; none for what has no cron, or one that is a finding already."""
    from plainwork.spec.cron import ScheduleError, next_times

    try:
        return next_times(config["cron"], config.get("timezone"), now, NEXT_TIMES) if config.get("cron") else []
    except ScheduleError:
        return []


@routes.add("POST", "/specs/edit", Permission.AGENTS_READ)
def edit_spec(request: Request, body: Edit) -> Edited:
    """Writes one change of the canvas into the text; only the lines concerned change. 422 when it does not fit."""
    from plainwork.spec.edit import edit

    edited = edit(body.markdown, body.change)
    parsed = _parsed(edited.markdown, request.app.state.catalogue)
    return Edited(markdown=edited.markdown, changed=json_of(edited.changed), node=edited.node, parsed=parsed)


@routes.add("POST", "/specs/diff", Permission.AGENTS_READ)
def diff_specs(request: Request, body: Pair) -> DiffJson:
    """What changed between two documents, in terms of the agent. 422 when one of them cannot be read."""
    from plainwork.spec.diff import diff

    catalogue = request.app.state.catalogue
    before, after = spec.load(body.before, catalogue), spec.load(body.after, catalogue)
    for name, loaded in (("before", before), ("after", after)):
        if loaded.spec is None:
            raise Invalid(f"The document {name} cannot be read.", findings=tuple(loaded.findings))
    found: DiffJson = json_of(diff(before.spec, after.spec, catalogue))  # type: ignore[arg-type]
    return found
