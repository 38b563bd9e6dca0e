"""The models that this workspace can ask."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastapi import Request

from plainwork.api.auth import CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import Shape

if TYPE_CHECKING:
    from plainwork.vault import Vault

routes = Routes("models")


class Model(Shape):
    """A model by its full name (``provider:model``). ``local``: it runs here, and nothing leaves the machine."""

    id: str
    title: str
    local: bool


class Models(Shape):
    """The models by provider; the last is the small one that is built in, which is too small to draft."""

    models: list[Model]


@routes.add("GET", "/models", Permission.AGENTS_READ)
async def list_models(request: Request, caller: CallerArg) -> Models:
    """The models that steps and drafts can name here: of each provider whose key the workspace or the operator has
    stored, and the built-in one. No key is opened for it."""
    from plainwork.llm import DEFAULT_MODEL, keys_from_env, providers

    vault: Vault = request.app.state.vault
    stored = {secret.name for secret in await vault.list(caller.workspace_id)}
    operators = keys_from_env(os.environ)
    found = []
    for name, provider in providers().items():
        if provider.default and (name in stored or await operators(name)):
            found.append(
                Model(id=f"{name}:{provider.default}", title=f"{provider.title} {provider.default}", local=False)
            )
    built_in = providers()[DEFAULT_MODEL.partition(":")[0]]
    return Models(models=[*found, Model(id=DEFAULT_MODEL, title=built_in.title, local=True)])
