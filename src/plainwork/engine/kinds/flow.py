"""Steps that direct a run: ``condition``, ``wait``, ``respond``, ``fail`` and ``todo``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

from plainwork.engine.kinds.call import Call, Waiting
from plainwork.errors import CallFailed
from plainwork.spec.durations import parse_duration

LONGEST_WAIT_S = 400 * 86400.0


def condition(call: Call) -> dict[str, Any]:
    """Nothing: the routes decide."""
    return {}


def wait(call: Call) -> Waiting | dict[str, Any]:
    """``Waiting`` until ``for`` has passed or ``until`` has come; then ``{waited_until}`` (ISO 8601, UTC)."""
    wake_at = call.woken if call.woken is not None else _wake_at(call)
    if call.woken is None and wake_at > call.now:
        return Waiting(wake_at)
    return {"waited_until": datetime.fromtimestamp(wake_at, UTC).isoformat().replace("+00:00", "Z")}


def _wake_at(call: Call) -> float:
    config = call.config
    if (config.get("for") is None) == (config.get("until") is None):
        raise CallFailed("Either `for` or `until` says how long to wait.", failure="rejected")
    try:
        wake_at = call.now + _seconds(config["for"]) if config.get("for") is not None else _moment(config["until"])
    except ValueError as error:
        raise CallFailed(str(error), failure="rejected") from error
    if wake_at - call.now > LONGEST_WAIT_S:
        raise CallFailed("A step waits 400 days at most.", failure="rejected")
    return wake_at


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return parse_duration(str(value))


def _moment(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"until: {str(value)[:60]!r} is not a moment like 2026-03-01T08:30:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def respond(call: Call) -> dict[str, Any]:
    """``{status, body}``, with ``headers`` when given."""
    config = call.config
    answer = {"status": config.get("status", 200), "body": config.get("body")}
    return answer | {"headers": config["headers"]} if config.get("headers") else answer


def fail(call: Call) -> NoReturn:
    """Always fails, with the step's message."""
    raise CallFailed(str(call.config.get("message", "The run was ended as failed.")), failure="rejected")


def todo(call: Call) -> NoReturn:
    """Always fails: somebody has to decide first."""
    text = str(call.config.get("text") or call.node.title)
    raise CallFailed(
        f"This step is not decided yet: {text}", failure="rejected", next_step="Replace the todo step by a real one."
    )
