"""Step kinds and the JSON Schemas of specs and flows."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request

from plainwork.api.auth import Permission, Routes
from plainwork.errors import NotFound

routes = Routes(tags=["kinds"])


@routes.add("GET", "/kinds", Permission.AGENTS_READ)
async def list_kinds(request: Request) -> dict[str, Any]:
    """Every installed step kind with its schemas, effect and example."""
    return {"kinds": [msgspec.to_builtins(k) for k in request.app.state.catalogue.values()]}


@routes.add("GET", "/kinds/{kind_id}", Permission.AGENTS_READ)
async def get_kind(request: Request, kind_id: str) -> dict[str, Any]:
    """One step kind."""
    catalogue = request.app.state.catalogue
    if kind_id not in catalogue:
        near = catalogue.nearest(kind_id)
        raise NotFound(f"There is no step kind {kind_id}.", next_step=f"Did you mean {near}?" if near else None)
    found: dict[str, Any] = msgspec.to_builtins(catalogue[kind_id])
    return found


@routes.add("GET", "/schemas/{name}.json", Permission.PUBLIC)
async def get_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a ``spec`` or a ``flow``."""
    from plainwork.spec.schemas import flow_schema, spec_schema

    known = {"spec": spec_schema, "flow": flow_schema}
    if name not in known:
        raise NotFound(f"There is no schema {name}.", next_step="Ask for spec.json or flow.json.")
    return known[name]()
