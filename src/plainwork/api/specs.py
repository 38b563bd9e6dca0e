"""Documents without storing them: parse (and check and compile), edit, diff."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field

from plainwork import spec
from plainwork.api.auth import Permission, Routes
from plainwork.errors import Invalid
from plainwork.spec.diff import diff as compare
from plainwork.spec.edit import edit as apply_edit

routes = Routes(tags=["specs"])
MOST_CHARACTERS = 1_048_576


class Markdown(BaseModel):
    """A document."""

    markdown: str = Field(max_length=MOST_CHARACTERS)


class Edit(Markdown):
    """A document and one change of the canvas."""

    change: dict[str, Any]


class Pair(BaseModel):
    """Two documents."""

    before: str = Field(max_length=MOST_CHARACTERS)
    after: str = Field(max_length=MOST_CHARACTERS)


@routes.add("POST", "/specs/parse", Permission.AGENTS_READ)
def parse(request: Request, body: Markdown) -> dict[str, Any]:
    """Parses, checks and compiles: ``{spec, flow, findings, valid}``; spec and flow are null where there is none."""
    loaded = spec.load(body.markdown, request.app.state.catalogue)
    return {
        "valid": all(f.severity != "error" for f in loaded.findings),
        "spec": msgspec.to_builtins(loaded.spec),
        "flow": msgspec.to_builtins(loaded.flow),
        "findings": msgspec.to_builtins(loaded.findings),
    }


@routes.add("POST", "/specs/edit", Permission.AGENTS_READ)
def edit(body: Edit) -> dict[str, Any]:
    """Writes one change of the canvas into the text: ``{markdown, changed}``, the changed spans in the new text."""
    edited = apply_edit(body.markdown, body.change)
    return {"markdown": edited.markdown, "changed": msgspec.to_builtins(edited.changed)}


@routes.add("POST", "/specs/diff", Permission.AGENTS_READ)
def diff(request: Request, body: Pair) -> dict[str, Any]:
    """What changed between two documents, in terms of the agent."""
    catalogue = request.app.state.catalogue
    before, after = spec.load(body.before, catalogue), spec.load(body.after, catalogue)
    for name, loaded in (("before", before), ("after", after)):
        if loaded.spec is None:
            raise Invalid(f"The document {name} has errors.", findings=tuple(loaded.findings))
    found: dict[str, Any] = msgspec.to_builtins(compare(before.spec, after.spec, catalogue))
    return found
