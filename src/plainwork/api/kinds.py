"""Step kinds, the accounts they sign with, and the JSON Schemas of specs and flows."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request

from plainwork.api.auth import Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import KindJson, Kinds, Shape, json_of
from plainwork.connectors import account_kinds, account_takers
from plainwork.errors import NotFound
from plainwork.spec.kinds import Catalogue

routes = Routes("kinds")


class KindList(Shape):
    """Every installed step kind, and every trigger that can be polled: its ``input`` are its settings, its ``output`` is one
    item."""

    kinds: Kinds
    triggers: Kinds


class AccountKind(Shape):
    """One kind of credential. ``fields``: JSON Schema of the secret's value (``x-secret`` marks what is never shown);
    ``main``: the field that a bare text fills, if there is one; ``connectors``: those that take it, one of which a secret can
    be bound to."""

    kind: str
    about: str
    main: str | None
    fields: dict[str, Any]
    connectors: list[str]


class AccountKinds(Shape):
    """Every kind of credential that some step kind takes."""

    accounts: list[AccountKind]


@routes.add("GET", "/kinds", Permission.AGENTS_READ)
async def list_kinds(request: Request) -> KindList:
    """Every installed step kind with its schemas, effect and example; every trigger that can be polled, likewise."""
    catalogue: Catalogue = request.app.state.catalogue
    return KindList(kinds=json_of(list(catalogue.values())), triggers=json_of(list(catalogue.triggers.values())))


@routes.add("GET", "/kinds/{kind_id}", Permission.AGENTS_READ)
async def get_kind(request: Request, kind_id: str) -> KindJson:
    """One step kind, by its id (``http``) or its type (``http@1``)."""
    catalogue: Catalogue = request.app.state.catalogue
    if kind_id not in catalogue:
        near = catalogue.nearest(kind_id[:100])
        hint = f"Did you mean {near}?" if near else "GET /api/v1/kinds lists them."
        raise NotFound(f"There is no step kind {kind_id[:100]}.", next_step=hint)
    found: KindJson = json_of(catalogue[kind_id])
    return found


@routes.add("GET", "/accounts", Permission.AGENTS_READ)
async def list_account_kinds() -> AccountKinds:
    """What a secret has to hold to be an account of a kind, as a kind's ``account`` names it."""
    takers = account_takers()
    return AccountKinds(
        accounts=[
            AccountKind(kind=kind, about=one.about, main=one.main, fields=one.fields, connectors=takers[kind])
            for kind, one in account_kinds().items()
        ]
    )


@routes.add("GET", "/schemas/{name}.json", Permission.PUBLIC)
async def get_schema(name: Literal["spec", "flow"]) -> dict[str, Any]:
    """The JSON Schema of a ``spec`` or a ``flow``."""
    from plainwork.spec.schemas import flow_schema, spec_schema

    return spec_schema() if name == "spec" else flow_schema()
