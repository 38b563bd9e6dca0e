"""What a draft needs from outside, step by step, and what it is likely to cost."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from plainwork.drafting.result import Estimate, Need
from plainwork.drafting.schedule import cron_of
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Email, Poll, Schedule, Spec, Step
from plainwork.spec.poll_policy import MAILBOX
from plainwork.spec.schedule_text import ScheduleError, next_times

_MODEL_KINDS = ("llm", "llm.classify", "llm.extract", "agent")
_SENT = {
    "to": "recipients",
    "subject": "subject",
    "body": "message",
    "json": "data",
    "text": "text",
    "prompt": "prompt",
    "params": "values",
}
_MONTH = timedelta(days=30)
_ITEMS = 10
"""How many items a loop is taken to have."""


def needs_of(spec: Spec, catalogue: Catalogue) -> tuple[Need, ...]:
    """One entry for each trigger that is asked and each step that reaches outside or needs an account, in document order."""
    found = [*_asked(spec, catalogue)]
    for step in _every(spec.steps + spec.errors):
        kind = catalogue.get(step.uses)
        if kind is None:
            continue
        hosts = tuple(dict.fromkeys((*kind.hosts, *_hosts(step.with_, spec))))
        model = step.uses in _MODEL_KINDS
        if not (kind.account or hosts or step.account or model):
            continue
        sends = tuple(_SENT[key] for key in step.with_ if key in _SENT)
        found.append(
            Need(
                step=step.id,
                title=step.name,
                effect=kind.effect_of(step.with_),
                account=step.account,
                account_kind=kind.account if step.account or kind.account_required else None,
                hosts=hosts,
                sends=sends,
            )
        )
    return tuple(found)


def _asked(spec: Spec, catalogue: Catalogue) -> Iterator[Need]:
    for number, trigger in enumerate(spec.when, 1):
        if not isinstance(trigger, Poll | Email):
            continue
        kind = catalogue.triggers.get(trigger.uses if isinstance(trigger, Poll) else MAILBOX)
        if kind is not None:
            yield Need(
                step=f"trigger-{number}",
                title=kind.title,
                effect="read",
                account=trigger.account,
                account_kind=kind.account if trigger.account else None,
                hosts=tuple(dict.fromkeys((*kind.hosts, *_hosts(trigger.with_, spec)))),
            )


def _every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(step.steps)


def _hosts(config: dict[str, Any], spec: Spec) -> Iterator[str]:
    url = config.get("url")
    if not isinstance(url, str):
        return
    if url.startswith("{{ inputs."):
        default = spec.inputs.get(url[len("{{ inputs.") :].removesuffix(" }}"))
        url = default.default if default is not None and isinstance(default.default, str) else ""
    try:
        host = urllib.parse.urlsplit(url).hostname
    except ValueError:
        host = None
    if host and "{" not in host:
        yield host


def estimate_of(spec: Spec, price_per_call_usd: float | None) -> Estimate:
    """What a run costs. ``price_per_call_usd``: of one call of the model that will be used; None when nobody knows."""
    calls = _calls(spec.steps)
    runs = runs_per_month(spec)
    per_run = 0.0 if calls == 0 else None if price_per_call_usd is None else round(calls * price_per_call_usd, 6)
    return Estimate(
        model_calls_per_run=calls,
        cost_per_run_usd=per_run,
        runs_per_month=runs,
        cost_per_month_usd=None if per_run is None or runs is None else round(per_run * runs, 4),
        about=_about(calls, has_loops=any(step.steps for step in spec.steps)),
    )


def _about(calls: int, *, has_loops: bool) -> str:
    if not calls:
        return "No model is called."
    loops = f", loops counted with {_ITEMS} items" if has_loops else ""
    return f"{calls} model call{'s' if calls > 1 else ''} a run{loops}."


def _calls(steps: tuple[Step, ...]) -> int:
    total = 0
    for step in steps:
        inner = _calls(step.steps)
        total += (step.uses in _MODEL_KINDS) + inner * (_ITEMS if step.uses in ("foreach", "repeat") else 1)
    return total


def runs_per_month(spec: Spec) -> int | None:
    """How often the agent's schedules fire in thirty days; None when it is not started by the clock alone."""
    schedules = [trigger for trigger in spec.when if isinstance(trigger, Schedule)]
    if not schedules or len(schedules) != len(spec.when):
        return None
    total = 0
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for trigger in schedules:
        cron, zone = cron_of(trigger, "UTC")
        if cron is None:
            return None
        total += _fires(cron, zone or "UTC", start)
    return total


def _fires(cron: str, zone: str, start: datetime) -> int:
    """Counted exactly over a day, and over the month for what fires at most hourly."""
    try:
        day = sum(moment < start + timedelta(days=1) for moment in next_times(cron, zone, start, 50))
        if day >= 50:
            second, *_ = next_times(cron, zone, start, 1)
            following, *_ = next_times(cron, zone, second, 1)
            return int(_MONTH / (following - second))
        return sum(moment < start + _MONTH for moment in next_times(cron, zone, start, 800))
    except ScheduleError:
        return 0
