"""Steps that wait for people, other systems and other agents: ``approval``, ``callback``, ``agent.call``.

Each says what it waits for when it is first taken, and is taken again when something has come or its time has passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plainwork.db import json
from plainwork.engine.kinds.call import Call, Done, Waiting
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.engine.waiting import Waits


async def approval(call: Call) -> Done | Waiting:
    """Waits for a decision; then ``{decision, by, at, comment}`` with the decision as outcome."""
    if call.woken is not None:
        return await _what_came(call)
    config = call.config
    asked = {
        "title": str(config["title"]),
        "show": _shown(call),
        "who": _deciders(config.get("who", "editor")),
        "not_author": config.get("not_author") is True,
    }
    if len(json.encode(asked)) > MOST_SHOWN:
        raise CallFailed(
            f"What is shown is larger than {MOST_SHOWN // 1024} KiB: nobody could look through it.",
            failure="rejected",
            next_step="Show what the decision is about, or a summary.",
        )
    return Waiting(_until(call), "approval", asked)


def _shown(call: Call) -> Any:
    """What ``show`` says; with ``before``, the settings of that step as it will use them: nothing they name changes any
    more, which the document was checked for."""
    about, target = call.config.get("show"), call.node.before
    if target is None:
        return about
    effect = {"step": target.title, "uses": target.kind.id, "with": target.config.render(call.scope)}
    effect |= {"account": target.account} if target.account else {}
    return effect if about is None else {"about": about} | effect


def _deciders(who: Any) -> str | list[str]:
    if isinstance(who, str) and who in ROLES:
        return who
    people = [who] if isinstance(who, str) else who
    if not isinstance(people, (list, tuple)) or not people or not all(isinstance(one, str) for one in people):
        raise CallFailed(
            f"who: {str(who)[:60]!r} is neither a role nor a list of e-mail addresses.",
            failure="rejected",
            next_step=f"The roles are {', '.join(ROLES)}.",
        )
    return [one.strip().lower() for one in people]


MOST_SHOWN = 128 * 1024
ROLES = ("owner", "admin", "editor", "runner", "viewer")
"""The highest first: who names one means those above it too."""


async def callback_url(call: Call) -> dict[str, Any]:
    """``{url}``: a secret address that takes one answer."""
    return {"url": await _waits(call).new_address(call.path)}


async def callback(call: Call) -> Done | Waiting:
    """Waits for what is sent to an answer address; then ``{body, query, headers, at}``."""
    if call.woken is not None:
        return await _what_came(call)
    found = await _waits(call).callback(str(call.config["for"]))
    if found.is_used:
        return Done(found.content)
    return Waiting(_until(call), "callback", {"callback": str(found.id)})


async def call_agent(call: Call) -> Done | Waiting:
    """Starts a run of another agent and waits for it; then what that run gave."""
    if call.woken is not None:
        return await _what_came(call)
    config = call.config
    inputs = config.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise CallFailed("inputs: an object of names and values is needed.", failure="rejected")
    place = (call.path, call.attempt)
    until = await _waits(call).call(*place, str(config["agent"]), config.get("version", "live"), inputs, call.timeout_s)
    return Waiting(until, "agent", {"agent": str(config["agent"])})


async def _what_came(call: Call) -> Done | Waiting:
    wait = await _waits(call).look(call.path, call.attempt)
    if wait is not None and wait.closed_at is None:
        return Waiting(None if wait.until is None else wait.until.timestamp())
    if wait is None or wait.status is None:
        raise CallFailed(
            _TOO_LATE[call.kind.id], failure="timeout", next_step="Raise its `timeout`, or add On timeout."
        )
    if wait.status == "failed":
        why = wait.failure or {}
        raise CallFailed(
            why.get("message", "It failed."), failure=why.get("kind", "rejected"), next_step=why.get("next_step")
        )
    if wait.child_run_id is not None:
        return Done(await _waits(call).output_of(wait.child_run_id))
    return Done(wait.output, wait.outcome)


_TOO_LATE = {
    "approval": "Nobody has decided in time.",
    "callback": "No answer has come in time.",
    "agent.call": "The other agent's run was not over in time; it was cancelled.",
}


def _until(call: Call) -> float | None:
    return None if call.timeout_s is None else call.now + call.timeout_s


def _waits(call: Call) -> Waits:
    if call.reach.waits is None:
        raise CallFailed("There is no database here to wait with.", failure="rejected")
    return call.reach.waits
