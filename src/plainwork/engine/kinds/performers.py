"""Which function performs which kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from plainwork.engine.kinds import data, flow, people
from plainwork.engine.kinds.call import DEFAULT_TIMEOUT_S, Call, Result
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork import connectors

Pure = Callable[[Call], Result]
Performer = Callable[[Call], Awaitable[Result]]

_PURE: dict[str, Pure] = {
    "set": data.set_values,
    "filter": data.filter_items,
    "condition": flow.condition,
    "wait": flow.wait,
    "respond": flow.respond,
    "fail": flow.fail,
    "todo": flow.todo,
}

_WAITING: dict[str, Performer] = {
    "approval": people.approval,
    "callback.url": people.callback_url,
    "callback": people.callback,
    "agent.call": people.call_agent,
}


def is_pure(kind_id: str) -> bool:
    """Whether ``perform_pure`` performs this kind: it only reshapes data, in microseconds to milliseconds."""
    return kind_id in _PURE


def perform_pure(call: Call) -> Result:
    """Performs a pure step at once. Raises as ``perform``; ``KeyError`` for a kind that is not pure."""
    return _PURE[call.kind.id](call)


def waits_for_others(kind_id: str) -> bool:
    """Whether steps of this kind put questions to people or other programs, and need a place for that."""
    return kind_id in _WAITING


def perform(call: Call) -> Awaitable[Result]:
    """Performs one step of any kind; to be awaited for its output, ``Done`` or ``Waiting``. Raises ``PlainworkError``.

    It is no coroutine itself: each costs memory, and thousands of steps wait in here.
    """
    pure = _PURE.get(call.kind.id)
    return _outside(call.kind.id)(call) if pure is None else _at_once(pure, call)


async def _at_once(performer: Pure, call: Call) -> Result:
    return performer(call)


def _outside(kind_id: str) -> Performer:
    if kind_id == "code":
        from plainwork.engine.kinds.code import run_code

        return run_code
    if kind_id == "llm" or kind_id.startswith("llm."):
        from plainwork.engine.kinds import llm

        performers: dict[str, Performer] = {
            "llm": llm.complete,
            "llm.classify": llm.classify,
            "llm.extract": llm.extract,
        }
        return performers[kind_id]
    return _WAITING.get(kind_id) or _connect


def _connect(call: Call) -> Awaitable[Result]:
    """A connector's step."""
    from plainwork import connectors

    if call.node.account is not None:
        return _with_account(call, call.node.account)
    return connectors.perform(call.kind, call.config, _reach(call, None, None))


async def _with_account(call: Call, name: str) -> Result:
    """A connector's step, with its account opened."""
    from plainwork import connectors

    if call.reach.account is None:
        raise CallFailed(f"There is no vault here to open {name} with.", failure="auth")
    renew = partial(call.reach.account, name, call.kind, call.config)
    return await connectors.perform(call.kind, call.config, _reach(call, await renew(), renew))


def _reach(
    call: Call, account: Mapping[str, Any] | None, renew: Callable[..., Awaitable[Mapping[str, Any]]] | None
) -> connectors.Reach:
    from plainwork import connectors

    reach = call.reach
    if reach.net is None:
        raise CallFailed("This step reaches outside, and there is no network here.", failure="rejected")
    return connectors.Reach(
        net=reach.net,
        account=account,
        smtp_url=reach.smtp_url,
        idempotency_key=call.idempotency_key,
        timeout_s=call.timeout_s or DEFAULT_TIMEOUT_S,
        max_bytes=reach.max_bytes,
        renew=renew,
    )
