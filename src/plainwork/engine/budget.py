"""What a run may spend: the money and tokens of the run, of single steps and of the agent's day, and how many steps."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from plainwork.db import new_id
from plainwork.db.runs import StepRow
from plainwork.engine.journal import RunJournal
from plainwork.engine.plan import Failure, Task
from plainwork.engine.versions import Version
from plainwork.spec.model import Limits

if TYPE_CHECKING:
    from plainwork.llm import CallRecord

_TURN = re.compile(r"\[\d+\]")


class Stopped(Exception):
    """A step may not be taken; carries the failure."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.failure = Failure("budget", message, f"Raise `{limit}`.")


class Budget:
    """The budget of one run. ``records`` keeps the run's own sums; ``history`` is its journal so far, of which what was
    carried over from another run costs this one nothing."""

    __slots__ = ("_limits", "_of_steps", "_records", "_spent", "_taken")

    def __init__(self, version: Version, records: RunJournal, history: Sequence[StepRow]) -> None:
        self._limits = _with_what_is_left(version.limits, records.claim.trigger)
        self._of_steps = version.graph.limits
        self._records = records
        own = [row for row in history if row.attempt and row.source == "taken"]
        self._taken = sum(1 for row in own if row.status in ("succeeded", "failed"))
        self._spent: dict[str, tuple[float, int]] = {}
        if self._of_steps:
            for row in own:
                self._add(row.path, *_cost(row.output))

    @property
    def left_usd(self) -> float | None:
        """What the run may still spend; None: no limit says."""
        most = self._limits.cost_per_run_usd
        return None if most is None else max(0.0, most - self._records.cost_usd)

    def take_step(self) -> Failure | None:
        """One more attempt of a step is to be made; the failure when that is one too many."""
        self._taken += 1
        most = self._limits.steps_per_run
        if most is None or self._taken <= most:
            return None
        return Failure("budget", f"The run needs more than {most} steps.", "Raise `steps per run`.")

    async def check(self, task: Task, spent_today: Callable[[], Awaitable[float]]) -> None:
        """Raises ``Stopped`` before a model call that would begin above a limit. ``spent_today``: what the agent's calls
        came to since midnight (UTC), asked only where a day has a limit."""
        if not task.node.kind.id.startswith("llm"):
            return
        limits, records = self._limits, self._records
        _compare("The run has", limits, records.cost_usd, records.tokens)
        if self._of_steps:
            for step in _steps(task.path):
                _compare(f"The step {step} has", self._of_steps.get(step), *self._spent.get(step, (0.0, 0)))
        if limits.cost_per_day_usd is not None:
            spent = await spent_today() + sum(call["cost_usd"] or 0.0 for call in records.calls)
            if spent >= limits.cost_per_day_usd:
                amounts = f"{spent:.4f} of {limits.cost_per_day_usd:.4f} USD"
                raise Stopped(f"The agent has used up what it may spend in a day ({amounts}).", "cost per day")

    def book(self, call: CallRecord, path: str | None, at: float) -> None:
        """Books one call of a model, made at this time: a row of the ledger with the next commit, and the sums."""
        records, claim = self._records, self._records.claim
        records.tokens += call.usage.total
        records.cost_usd += call.cost_usd or 0.0
        records.touch = True
        if self._of_steps and path is not None:
            self._add(path, call.cost_usd or 0.0, call.usage.total)
        records.calls.append(
            {
                "id": str(new_id()),
                "at": at,
                "path": path,
                "agent_id": str(claim.agent_id),
                "version_id": str(claim.version_id),
                "provider": call.provider,
                "model": call.model,
                "failure": call.failure,
                "input": call.usage.input,
                "output": call.usage.output,
                "cached": call.usage.cached,
                "reasoning": call.usage.reasoning,
                "cost_usd": call.cost_usd,
                "latency_ms": round(call.latency_s * 1000),
                "first_token_ms": None if call.first_token_s is None else round(call.first_token_s * 1000),
            }
        )

    def _add(self, path: str, cost_usd: float, tokens: int) -> None:
        for step in _steps(path):
            if step in self._of_steps:
                before = self._spent.get(step, (0.0, 0))
                self._spent[step] = (before[0] + cost_usd, before[1] + tokens)


def _with_what_is_left(limits: Limits, trigger: Any) -> Limits:
    """A run that another one has started spends no more than that one had left."""
    left = trigger.get("cost_left_usd") if isinstance(trigger, Mapping) and trigger.get("kind") == "call" else None
    own = limits.cost_per_run_usd
    if left is None or (own is not None and own <= left):
        return limits
    return msgspec.structs.replace(limits, cost_per_run_usd=left)


def _steps(path: str) -> list[str]:
    """The ids of a step and of the loops and groups around it: ``each[3].ask`` is part of ``each`` and of ``ask``."""
    return _TURN.sub("", path).split(".")


def _compare(who: str, limits: Limits | None, cost_usd: float, tokens: int) -> None:
    if limits is None:
        return
    if limits.cost_per_run_usd is not None and cost_usd >= limits.cost_per_run_usd:
        spent = f"{cost_usd:.4f} of {limits.cost_per_run_usd:.4f} USD"
        raise Stopped(f"{who} used up its budget ({spent}).", "cost per run")
    if limits.tokens_per_run is not None and tokens >= limits.tokens_per_run:
        raise Stopped(f"{who} used up its tokens ({tokens} of {limits.tokens_per_run}).", "tokens per run")


def _cost(output: Any) -> tuple[float, int]:
    """What a model's step cost, by what it gave; nothing for any other."""
    if not isinstance(output, Mapping) or not isinstance(usage := output.get("usage"), Mapping):
        return 0.0, 0
    return float(output.get("cost_usd") or 0.0), int(usage.get("input") or 0) + int(usage.get("output") or 0)
