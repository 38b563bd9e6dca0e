"""Performs one action: the configuration is checked, the account opened, then the HTTP engine or a code module acts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from plainwork.connectors.declared import Action
from plainwork.connectors.opened import open_account
from plainwork.connectors.rest import call_rest, hosts
from plainwork.connectors.shapes import problem_in, with_defaults
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.connectors import Reach


def hosts_of(action: Action, config: Mapping[str, Any], given: Mapping[str, Any]) -> set[str]:
    """The hosts that an account is sent to when the action is performed like this. Raises CallFailed for an account that
    is not filled in correctly."""
    account = open_account(action.connector, given)
    if action.connector.code:
        found: set[str] = _module(action.connector.code).hosts(config, account)
        return found
    return hosts(action.connector, account)


async def perform_action(action: Action, config: dict[str, Any], reach: Reach) -> Any:
    """The action's output. Raises CallFailed; its words never hold the account's secrets."""
    problem = problem_in(action.kind.input, config, "with")
    if problem:
        raise CallFailed(
            f"{action.kind.title} cannot be done like this: {problem}.",
            failure="rejected",
            next_step="Check what the step's expressions give.",
        )
    account = open_account(action.connector, reach.account)
    full = with_defaults(action.kind.input, config)
    try:
        if action.connector.code:
            return await _module(action.connector.code).perform(action, full, account, reach)
        return await call_rest(action, full, account, reach)
    except CallFailed as failure:
        failure.message = account.hide_text(failure.message)
        failure.args = (failure.message,)
        raise


def _module(code: str) -> Any:
    return import_module(f"plainwork.connectors.code.{code}")
