"""Documents without storing them: parse (and check and compile), edit, diff."""

from __future__ import annotations

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
    Shape,
    Spans,
    SpecOrNull,
    json_of,
)
from plainwork.errors import Invalid

routes = Routes("specs")
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


class Parsed(Shape):
    """What a document says. ``spec`` and ``flow`` are null where it cannot be read; ``valid``: no finding is an error."""

    valid: bool
    spec: SpecOrNull
    flow: FlowOrNull
    findings: Findings


class Edited(Shape):
    """The new text, and the spans in it that changed."""

    markdown: str
    changed: Spans


@routes.add("POST", "/specs/parse", Permission.AGENTS_READ)
def parse_spec(request: Request, body: Markdown) -> Parsed:
    """Parses, checks and compiles. A document with errors is no error here: they are in ``findings``."""
    loaded = spec.load(body.markdown, request.app.state.catalogue)
    return Parsed(
        valid=loaded.is_valid,
        spec=json_of(loaded.spec),
        flow=json_of(loaded.flow),
        findings=json_of(loaded.findings),
    )


@routes.add("POST", "/specs/edit", Permission.AGENTS_READ)
def edit_spec(body: Edit) -> Edited:
    """Writes one change of the canvas into the text; only the lines concerned change. 422 when it does not fit."""
    from plainwork.spec.edit import edit

    edited = edit(body.markdown, body.change)
    return Edited(markdown=edited.markdown, changed=json_of(edited.changed))


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
