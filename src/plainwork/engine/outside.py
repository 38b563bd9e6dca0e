"""What runs and polls may use beyond the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from plainwork.llm import CallRecord, Gateway
    from plainwork.net import Client


class Holder(Protocol):
    """On whose behalf a secret is opened: a run that was claimed, or a poll."""

    @property
    def workspace_id(self) -> UUID:
        """Whose secrets."""

    @property
    def agent_id(self) -> UUID:
        """Which agent is to use one."""


OpenAccount = Callable[..., Awaitable[Mapping[str, Any]]]
"""Opens, for a ``Holder``, the secret of this name (text) for a step, or a trigger, of this kind with this configuration: it
checks that they may use it. Given a token of it that was refused, it gets another."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What runs may use beyond the database: the guarded client, the vault, the operator's mail server, and ``gateway``,
    which makes a workspace's model gateway that books its calls with the given function. ``public_url``: where this
    installation is reached."""

    net: Client | None = None
    open_account: OpenAccount | None = None
    gateway: Callable[[UUID, Callable[[CallRecord], None]], Gateway] | None = None
    smtp_url: str | None = None
    public_url: str = "http://127.0.0.1:8700"
