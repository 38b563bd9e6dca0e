"""Compares what an example expects with what was seen, and says in plain words what differs."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from plainwork.spec.names import expression_name

if TYPE_CHECKING:
    from plainwork.engine.examples import Seen

_LONGEST = 160
_COST = re.compile(r"\s*\$?\s*([0-9]*\.?[0-9]+)\s*(USD|usd|\$)?\s*")


def problems(expect: Mapping[str, Any], seen: Seen, steps: set[str]) -> list[str]:
    """One line for each expectation that was not met; none when all were. A run that is not said to fail must not."""
    found: list[str] = []
    wanted = {"status": "succeeded"} | dict(expect)
    for key, value in wanted.items():
        check = _CHECKS.get(key)
        if check is None:
            found.append(f"expect does not know {key}; it knows {', '.join(_CHECKS)}.")
        elif key in ("ran", "not_ran"):
            found += _unknown(value, steps) or check(value, seen)
        else:
            found += check(value, seen)
    return found


def _names(value: Any) -> list[str]:
    return [expression_name(str(one)) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _unknown(value: Any, steps: set[str]) -> list[str]:
    unknown = []
    for name in _names(value):
        if name not in steps:
            close = difflib.get_close_matches(name, steps, n=1)
            unknown.append(f"There is no step {name}." + (f" Did you mean {close[0]}?" if close else ""))
    return unknown


def _check_ran(value: Any, seen: Seen) -> list[str]:
    ran = f"It ran: {', '.join(seen.ran) or 'nothing'}."
    return [f"{name} did not run. {ran}" for name in _names(value) if name not in seen.ran]


def _check_not_ran(value: Any, seen: Seen) -> list[str]:
    return [f"{name} ran, and should not have." for name in _names(value) if name in seen.ran]


def _check_status(value: Any, seen: Seen) -> list[str]:
    if value == seen.status:
        return []
    because = f": {seen.failure.message}" if seen.failure else ""
    place = f" (step {seen.failure.path})" if seen.failure and seen.failure.path else ""
    return [
        f"The run {_ended(seen.status)}{place}{because}"
        if value == "succeeded"
        else f"status is {seen.status}{because}"
    ]


def _ended(status: str) -> str:
    return {"failed": "failed", "waiting": "waits for something outside"}.get(status, status)


def _check_output(value: Any, seen: Seen) -> list[str]:
    return differences(value, seen.output, "outputs")


def _check_sent(value: Any, seen: Seen) -> list[str]:
    """Every expected message has one of its own among those sent, and none is left."""
    wanted = value if isinstance(value, (list, tuple)) else [value]
    left = list(seen.sent)
    found: list[str] = []
    for i, one in enumerate(wanted):
        best = min(left, key=lambda sent: len(differences(one, sent, "")), default=None)
        if best is None:
            found.append(f"sent[{i}]: {_shown(one)} was expected, and nothing more was sent.")
            continue
        differs = differences(one, best, f"sent[{i}]")
        found += differs
        left.remove(best)
    return found + [f"{sent['step']} sent {_shown(_without_step(sent))}, which was not expected." for sent in left]


def _without_step(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in sent.items() if key != "step"}


def _check_cost(value: Any, seen: Seen) -> list[str]:
    match = _COST.fullmatch(str(value))
    if match is None:
        return [f"cost_at_most: {value!r} is not an amount like 0.05 USD."]
    most = float(match.group(1))
    return [] if seen.cost_usd <= most else [f"It would cost {seen.cost_usd:g} USD, more than {most:g} USD."]


_CHECKS: dict[str, Callable[[Any, Seen], list[str]]] = {
    "status": _check_status,
    "ran": _check_ran,
    "not_ran": _check_not_ran,
    "outputs": _check_output,
    "output": _check_output,
    "sent": _check_sent,
    "cost_at_most": _check_cost,
}


def differences(wanted: Any, seen: Any, place: str) -> list[str]:
    """Where ``seen`` lacks what is wanted: mappings may have more keys, lists have the same length, the rest is equal."""
    if isinstance(wanted, Mapping):
        if not isinstance(seen, Mapping):
            return [_differs(place, wanted, seen)]
        found: list[str] = []
        for key, part in wanted.items():
            inner = f"{place}.{key}" if place else str(key)
            found += differences(part, seen[key], inner) if key in seen else [f"{inner} is not there."]
        return found
    if isinstance(wanted, (list, tuple)):
        if not isinstance(seen, (list, tuple)) or len(seen) != len(wanted):
            return [_differs(place, wanted, seen)]
        pairs = enumerate(zip(wanted, seen, strict=True))
        return [line for i, (one, other) in pairs for line in differences(one, other, f"{place}[{i}]")]
    same = wanted == seen and isinstance(wanted, bool) == isinstance(seen, bool)
    return [] if same else [_differs(place, wanted, seen)]


def _differs(place: str, wanted: Any, seen: Any) -> str:
    return f"{place} is {_shown(seen)}, expected {_shown(wanted)}."


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
