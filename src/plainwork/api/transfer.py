"""A workspace as files: exported, and imported by plan."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import MOST_CHARACTERS, Body, Findings, Shape, json_of
from plainwork.errors import Forbidden
from plainwork.releases import files, transfer

routes = Routes("workspaces")
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Action = Literal["new", "changed", "same"]


class Files(Shape):
    """The files of a workspace, path → text, in the order of their paths. The same workspace always gives the same bytes."""

    files: dict[str, str]


class FilesToImport(Body):
    """Files as ``GET /workspace/export`` gives them; some may be left out. ``apply`` false: only say what would be done."""

    files: dict[str, Text] = Field(max_length=files.MOST_AGENTS + 3)
    apply: bool = False


class ImportedAgent(Shape):
    """What becomes of an agent. ``changes``: of its document, in sentences; ``goes_live``: the document will be what runs;
    ``unmet``: what keeps it from that, where it is to."""

    slug: str
    action: Action
    changes: list[str]
    goes_live: bool
    unmet: Findings


class ImportedVariable(Shape):
    """What becomes of a variable."""

    name: str
    action: Action


class Imported(Shape):
    """What an import does, or has done (``applied``). ``missing_secrets``: the files name them, and the workspace has none such;
    ``left_alone``: agents that the files do not speak of."""

    applied: bool
    agents: list[ImportedAgent]
    variables: list[ImportedVariable]
    missing_secrets: list[str]
    left_alone: list[str]


@routes.add("GET", "/workspace/export", Permission.WORKSPACE_MANAGE, errors=(429,))
async def export_workspace(tenant: Tenant, caller: CallerArg) -> Files:
    """The workspace's agents with their documents, what of them is paused, its variables, and the names and bindings of its
    secrets; no secret's value. Also takes ``agents:read`` and ``secrets:read``."""
    _require(caller, Permission.AGENTS_READ, Permission.SECRETS_READ)
    return Files(files=files.write(await transfer.export(tenant)))


@routes.add("POST", "/workspace/import", Permission.WORKSPACE_MANAGE, errors=(409, 429))
async def import_workspace(request: Request, caller: CallerArg, body: FilesToImport) -> Imported:
    """Says what files would change, or with ``apply`` changes it, all or nothing: versions where a text differs, variables,
    what is paused. Nothing is taken away. A version that is not ready does not go live. Also takes ``agents:write``."""
    _require(caller, Permission.AGENTS_WRITE)
    state, bundle = request.app.state, files.read(body.files)
    place = (state.database, caller.workspace_id, bundle, state.catalogue)
    if body.apply:
        done = await transfer.apply(*place, caller.actor, caller.user_id)
    else:
        done = await transfer.plan(*place)
    return Imported(applied=body.apply, **json_of(done))


def _require(caller: Caller, *permissions: Permission) -> None:
    for permission in permissions:
        if not caller.may(permission):
            raise Forbidden(f"This also needs the permission {permission.value}.", next_step="Use another API key.")
