"""Connectors: what steps can reach outside. Declared in ``catalog/*.yaml``, performed by one HTTP engine or by
``code/*.py``.

Credentials are handed in opened; nothing here reads a database or a vault. Every failure is a ``CallFailed`` that says
whether trying again may help.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plainwork.connectors.declared import Account, Action, Trigger, actions, takers, triggers
from plainwork.connectors.declared import accounts as declared_accounts
from plainwork.connectors.polled import Found, Item
from plainwork.spec.kinds import Kind

if TYPE_CHECKING:
    from plainwork.net import Client

__all__ = [
    "Account",
    "Found",
    "Item",
    "Reach",
    "account_kinds",
    "account_takers",
    "catalogue_kinds",
    "connector_of",
    "hosts_of",
    "perform",
    "poll",
    "trigger_kinds",
]


@dataclass(frozen=True, slots=True)
class Reach:
    """What one step may use outside: the guarded client, its opened account (None: none was given), the operator's mail
    server, the key that makes a repeated call recognisable, the step's time limit and the largest answer it takes.
    ``renew``: of an account that is a connection, its fields anew, once the token it held was refused."""

    net: Client
    account: Mapping[str, Any] | None = None
    smtp_url: str | None = None
    idempotency_key: str | None = None
    timeout_s: float = 30.0
    max_bytes: int = 10 * 1024 * 1024
    renew: Callable[[str], Awaitable[Mapping[str, Any]]] | None = None


def catalogue_kinds() -> list[Kind]:
    """Every step kind that connectors declare."""
    return [action.kind for action in actions().values()]


def trigger_kinds() -> list[Kind]:
    """Every trigger that connectors declare, each as a kind: ``input`` are its settings, ``output`` is one item."""
    return [trigger.kind for trigger in triggers().values()]


def account_kinds() -> dict[str, Account]:
    """The kinds of credential connectors take, by name, each with the JSON Schema of its fields."""
    return declared_accounts()


def account_takers() -> dict[str, list[str]]:
    """The ids of the connectors that take each kind of credential."""
    return {kind: [connector.id for connector in found] for kind, found in takers().items()}


def connector_of(kind: Kind) -> str:
    """The id of the connector that a kind belongs to, of a step or a trigger."""
    return _declared(kind).connector.id


def hosts_of(kind: Kind, config: Mapping[str, Any], account: Mapping[str, Any]) -> set[str]:
    """The hosts that an opened account is sent to when this kind, of a step or a trigger, is configured like this.

    Raises CallFailed (auth) for an account that is not filled in correctly.
    """
    from plainwork.connectors.engine import hosts_of

    return hosts_of(_declared(kind), config, account)


def _declared(kind: Kind) -> Action | Trigger:
    action = actions().get(kind.id)
    return triggers()[kind.id] if action is None or action.kind is not kind else action


def perform(kind: Kind, config: dict[str, Any], reach: Reach) -> Awaitable[Any]:
    """Does one step of a connector's kind with its rendered configuration; to be awaited for the step's output.

    Raises CallFailed, classified ``retry | auth | rejected | timeout``.
    """
    from plainwork.connectors.engine import perform_action

    return perform_action(actions()[kind.id], config, reach)


def poll(kind: Kind, config: dict[str, Any], cursor: Any, reach: Reach) -> Awaitable[Found]:
    """Asks once what a trigger of a connector finds. ``cursor``: as the poll before gave it, None in the first one.

    Raises CallFailed, classified likewise.
    """
    from plainwork.connectors.engine import poll_trigger

    return poll_trigger(triggers()[kind.id], config, cursor, reach)
