"""What a performer is handed, and what it gives back."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from plainwork.engine.plan import Failure, GraphStep
from plainwork.errors import CallFailed, ConnectionExpired, PlainworkError, Unavailable

if TYPE_CHECKING:
    from plainwork.db.waits import WaitKind
    from plainwork.engine.waiting import Waits
    from plainwork.llm import Gateway
    from plainwork.net import Client
    from plainwork.spec.kinds import Kind

Account: TypeAlias = "Callable[..., Awaitable[Mapping[str, Any]]]"
"""Opens the secret of this name (text) for a step of this kind with this configuration; given a token of it that was refused,
anew."""
DEFAULT_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What the steps of a run may use outside: the guarded client, the model gateway, the vault (``account``), the
    operator's mail server, the largest answer (bytes) a step takes in, and where it can wait (``waits``)."""

    net: Client | None = None
    llm: Gateway | None = None
    account: Account | None = None
    smtp_url: str | None = None
    max_bytes: int = 10 * 1024 * 1024
    waits: Waits | None = None


class Call(msgspec.Struct, frozen=True):
    """One step to perform, the one at ``path``. ``config`` is rendered; ``scope`` are the names its expressions see;
    ``now``: epoch s.

    ``woken``: the step gave ``Waiting`` before, and this is the time it asked for. ``hear``: told what a model says as it
    says it (``llm.Gateway.complete``), when somebody wants to know.
    """

    kind: Kind
    node: GraphStep
    config: dict[str, Any]
    scope: Mapping[str, Any]
    attempt: int = 1
    idempotency_key: str | None = None
    timeout_s: float | None = None
    run: Mapping[str, Any] = msgspec.field(default_factory=dict)
    reach: Reach = Reach()
    woken: float | None = None
    hear: Callable[[str | None], None] | None = None
    now: float = msgspec.field(default_factory=time.time)
    path: str = ""

    @property
    def model(self) -> Any:
        """The model the step asks: its setting, else the step's, else the agent's; None: the gateway's choice."""
        return self.config.get("model") or self.node.model


@dataclass(frozen=True, slots=True)
class Done:
    """The output of a step that ended under a name; ``When`` routes ask for it."""

    output: Any
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step is to be taken again at this time (epoch s; None: when something outside says so). ``kind`` and ``asked``:
    what it waits for outside, said once."""

    wake_at: float | None
    kind: WaitKind | None = None
    asked: Any = None


Result: TypeAlias = Any
"""A step's output, ``Done`` or ``Waiting``."""


def failure_of(error: BaseException) -> Failure:
    """How the planner sees an error that a performer raised."""
    if isinstance(error, CallFailed):
        return Failure(error.failure, error.message, error.next_step, error.retry_after_s)
    if isinstance(error, ConnectionExpired):
        return Failure("auth", error.message, error.next_step, connection=error.connection)
    if isinstance(error, PlainworkError):
        return Failure("retry" if isinstance(error, Unavailable) else "rejected", error.message, error.next_step)
    if isinstance(error, TimeoutError):
        return Failure("timeout", "The step took longer than its time limit.", "Raise its `timeout`.")
    return Failure("rejected", f"The step stopped on an error of ours ({type(error).__name__}).", "Tell the operator.")
