"""A run on record taken again in memory by another flow: pure steps are really carried out, all others are answered from the
record. Nothing is written and nobody outside is asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec

from plainwork.db import json
from plainwork.engine import outputs
from plainwork.engine.dry import DryRun
from plainwork.engine.kinds import Done, Waiting, is_pure
from plainwork.engine.plan import Plan, Progress, Record, Recorded, Task

What = Literal["added", "gone", "request", "made_up", "output", "ending"]


class Difference(msgspec.Struct, frozen=True):
    """One step that is not as it was. ``what``: it is taken now and was not (``added``), or the other way round (``gone``);
    it asks for something else (``request``); nothing on record answers it, so its answer is made up (``made_up``); it gives
    something else (``output``) or ends in another way (``ending``). ``before`` and ``after``: what differs; ``note``: in words.
    """

    path: str
    what: What
    before: Any
    after: Any
    note: str


class Rerun(DryRun):
    """One run, taken again by the flow of ``progress``. ``recorded``: what it did; ``brought``: the paths of steps that it did
    not take itself, as they were carried over or given by a person; ``now``: when it began, epoch seconds.

    ``differences``: of what is asked and answered, as they come up; ``ended``: by path, how each step has ended;
    ``asked``: the paths of steps that were answered from the record.
    """

    def __init__(
        self, progress: Progress, recorded: Recorded, brought: Collection[str], now: float, longest_s: float
    ) -> None:
        super().__init__(progress, now, longest_s)
        self.differences: list[Difference] = []
        self.ended: dict[str, Record] = {}
        self.asked: set[str] = set()
        self._recorded = recorded
        self._brought = brought
        self._left = {path: deque(results) for path, results in recorded.results.items()}
        self._position = 0
        self._attempts: dict[str, int] = {}

    def answer(self, task: Task, config: dict[str, Any]) -> Any:
        """What the record says that the step gave at this attempt."""
        known = self._recorded.steps.get(task.path)
        is_same_kind = known is not None and known.kind.id == task.node.kind.id
        self._attempts[task.path] = task.attempt
        is_inside = is_pure(task.node.kind.id) or task.node.kind.id == "code"
        record = self._next(task.path) if is_same_kind and task.woken is None else None
        if record is None or (is_inside and not self._stands(task, config)):
            if not is_inside:
                self._note(task.path, "made_up", None, config, _MADE_UP if known is None else _OTHERWISE)
            return _fit_for_a_journal(self.perform(task, config))
        if not is_inside and task.path not in self.asked:
            self.asked.add(task.path)
            self._compare_request(task, config)
        return msgspec.structs.replace(record, attempt=task.attempt)

    def hear(self, plan: Plan) -> Record | None:
        """What a person said then about the step that the run asks about."""
        record = self._next(plan.ask) if plan.ask else None
        return None if record is None else msgspec.structs.replace(record, attempt=self._attempts.get(record.path, 1))

    def turn(self, task: Task) -> float:
        """Steps end in the order in which they did; what is not on record comes in between."""
        left = self._left.get(task.path)
        return left[0][0] if left else self._position

    def noted(self, record: Record) -> None:
        """Keeps how steps ended."""
        if record.status in ("succeeded", "failed"):
            self.ended[record.path] = msgspec.structs.replace(record, output=plain(record.output))
        elif record.status == "skipped":
            self.ended.pop(record.path, None)

    def _stands(self, task: Task, config: dict[str, Any]) -> bool:
        """Whether what a step gave then stands, though it could be taken here: it was brought from elsewhere, or is a wait for
        the same as then."""
        if task.path in self._brought:
            return True
        return task.node.kind.id == "wait" and bool(plain(config) == plain(self._recorded.settings[task.path]))

    def _next(self, path: str) -> Record | None:
        """The next result on record of a step; the clock goes on to when that came."""
        left = self._left.get(path)
        if not left:
            return None
        position, record = left.popleft()
        self._position = max(self._position, position)
        self.now = max(self.now, record.at)
        return record

    def _compare_request(self, task: Task, config: dict[str, Any]) -> None:
        known = self._recorded.steps[task.path]
        before, after = dict(self._recorded.settings[task.path] or {}), dict(config)
        if known.account != task.node.account:
            before["account"], after["account"] = known.account, task.node.account
        is_model = task.node.kind.id.startswith("llm")
        if is_model and known.model != task.node.model:
            before.setdefault("model", known.model)
            after.setdefault("model", task.node.model)
        before, after = plain(before), plain(after)
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        if changed:
            then, now = ({key: side[key] for key in changed if key in side} for side in (before, after))
            self._note(task.path, "request", then, now, _ASKS_ANEW if is_model else _REQUESTS_ANEW)

    def _note(self, path: str, what: What, before: Any, after: Any, note: str) -> None:
        self.differences.append(Difference(path, what, before, after, note))


def compare_steps(before: Mapping[str, Record], after: Mapping[str, Record]) -> Iterable[Difference]:
    """Which steps ended in one of two runs alone, in another way, or with something else."""
    for path in {**before, **after}:
        then, now = before.get(path), after.get(path)
        if then is None and now is not None:
            yield Difference(path, "added", None, _end_of(now), "This step was not taken.")
        elif now is None and then is not None:
            yield Difference(path, "gone", _end_of(then), None, "This step is not taken any more.")
        elif then is not None and now is not None and then.status != now.status:
            yield Difference(path, "ending", _end_of(then), _end_of(now), f"It {then.status}, and now it {now.status}.")
        elif then is not None and now is not None and (_end_of(then), then.outcome) != (_end_of(now), now.outcome):
            yield Difference(path, "output", _end_of(then), _end_of(now), "It gives something else.")


def ends(history: Iterable[Record]) -> dict[str, Record]:
    """By path, how the steps of a history have ended; those passed over and skipped are not among them."""
    last = {record.path: record for record in history if record.status in ("succeeded", "failed", "skipped")}
    return {path: record for path, record in last.items() if record.status != "skipped"}


def plain(value: Any) -> Any:
    """A value as a journal would give it back."""
    return json.decode(json.encode(value))


def _fit_for_a_journal(result: Any) -> Any:
    """The result; raises CallFailed, as in life, when it could not be kept."""
    if not isinstance(result, Waiting):
        outputs.encode(result.output if isinstance(result, Done) else result)
    return result


def _end_of(record: Record) -> Any:
    return record.output if record.failure is None else {"error": record.failure.message}


_MADE_UP = "This step is not on record: what it gives was made up."
_OTHERWISE = "The record has no answer to this: what the step gives was made up."
_ASKS_ANEW = "The model would be asked anew; its answer on record was used."
_REQUESTS_ANEW = "The request differs; the answer on record was used."
