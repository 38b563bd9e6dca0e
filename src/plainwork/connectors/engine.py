"""Performs one action, or polls one trigger: the configuration is checked, the account opened, then the HTTP engine or a
code module acts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from plainwork.connectors.declared import Action, Trigger
from plainwork.connectors.opened import Opened, open_account
from plainwork.connectors.polled import Found
from plainwork.connectors.rest import call_rest, hosts, poll_rest
from plainwork.connectors.shapes import problem_in, with_defaults
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.connectors import Reach


def hosts_of(declared: Action | Trigger, config: Mapping[str, Any], given: Mapping[str, Any]) -> set[str]:
    """The hosts that an account is sent to when this is done. Raises CallFailed for an account that is not filled in
    correctly."""
    account = open_account(declared.connector, given)
    if declared.connector.code:
        found: set[str] = _module(declared.connector.code).hosts(config, account)
        return found
    return hosts(declared.connector, account)


async def perform_action(action: Action, config: dict[str, Any], reach: Reach) -> Any:
    """The action's output. Raises CallFailed; its words never hold the account's secrets."""
    full, account = _opened(action, config, reach, "Check what the step's expressions give.")
    try:
        if action.connector.code:
            return await _module(action.connector.code).perform(action, full, account, reach)
        return await call_rest(action, full, account, reach)
    except CallFailed as failure:
        _hide(failure, account)
        raise


async def poll_trigger(trigger: Trigger, config: dict[str, Any], cursor: Any, reach: Reach) -> Found:
    """What the trigger finds. Raises CallFailed likewise."""
    full, account = _opened(trigger, config, reach, "Correct the trigger's settings.")
    try:
        if trigger.connector.code:
            found: Found = await _module(trigger.connector.code).poll(trigger, full, account, cursor, reach)
            return found
        return await poll_rest(trigger, full, account, cursor, reach)
    except CallFailed as failure:
        _hide(failure, account)
        raise


def _opened(
    declared: Action | Trigger, config: dict[str, Any], reach: Reach, next_step: str
) -> tuple[dict[str, Any], Opened]:
    """The configuration with its defaults, and the account."""
    problem = problem_in(declared.kind.input, config, "with")
    if problem:
        message = f"{declared.kind.title} cannot be done like this: {problem}."
        raise CallFailed(message, failure="rejected", next_step=next_step)
    return with_defaults(declared.kind.input, config), open_account(declared.connector, reach.account)


def _hide(failure: CallFailed, account: Opened) -> None:
    """Takes the account's secrets out of what is told of a failure."""
    failure.message = account.hide_text(failure.message)
    failure.args = (failure.message,)


def _module(code: str) -> Any:
    return import_module(f"plainwork.connectors.code.{code}")
