"""One run in a worker's hands: ask the planner, take the steps, write the records, until the run ends or waits.

Pure steps are done on the spot, one after the other, without a task or a pause. The others are tasks on the event loop;
a step that acts on the outside begins once its intent, and with it all it depends on, is durable.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from plainwork import log
from plainwork.db import json
from plainwork.db.queue import Claim
from plainwork.db.runs import StepRow
from plainwork.engine import answers, outputs
from plainwork.engine.budget import Budget
from plainwork.engine.events import Event
from plainwork.engine.history import record_of, run_names
from plainwork.engine.host import Host
from plainwork.engine.journal import NOBODY, LeaseLost, RunJournal
from plainwork.engine.kinds import Call, Done, Reach, Waiting, failure_of, is_pure, perform, perform_pure
from plainwork.engine.live import Live, is_by_a_person
from plainwork.engine.plan import Failure, Plan, Progress, Record, Task
from plainwork.engine.troubles import failure_on_record
from plainwork.engine.versions import Version
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.llm import CallRecord

_log = log.get("engine")

HOLD_S = 5.0
"""A wait longer than this gives the run back; the worker holds it through shorter ones."""
STEP_TIMEOUT_S = 600.0
"""The time limit of a step that states none."""
TICK_S = 0.02
"""How long one run may keep the event loop before others get their turn."""
CRASHES = 3
_ACTS = ("keyed", "once")
_CAUSES = {"budget": "budget_exceeded", "timeout": "timed_out"}


_taken: ContextVar[str | None] = ContextVar("taken")
"""The path of the model's step that the current task takes: what is booked while it does belongs to that step."""


class Execution:
    """One claimed run. ``history``: its journal so far, in order; ``advance`` begins it."""

    __slots__ = (
        *("_acting", "_deadline", "_found", "_is_announced", "_is_winding_down", "_keys", "_told", "budget", "claim"),
        *("host", "is_over", "live", "progress", "records", "redactor", "run", "tasks", "timers", "version"),
    )

    def __init__(self, host: Host, claim: Claim, version: Version, history: Sequence[StepRow] = ()) -> None:
        self.host = host
        self.claim = claim
        self.version = version
        self.records = RunJournal(claim, self)
        if history:
            self.records.seq = history[-1].seq
        self._found = self.records.seq
        self.run = run_names(claim.run_id, claim.started_at or claim.claimed_at, version)
        given = (claim.inputs, claim.trigger, self.run, claim.vars)
        past = [record_of(row) for row in history if row.attempt]
        # A planner that takes in the history finds the same facts again.
        self._told = dict.fromkeys((row.path, row.status) for row in history if not row.attempt)
        self.progress = Progress.resume(version.graph, past, *given) if past else Progress(version.graph, *given)
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self.budget = Budget(version, self.records, history)
        self.redactor = log.Redactor()
        self.live = Live(self)
        self.is_over = False
        self._acting: dict[str, None] = {}
        self._keys: dict[str, bytes] = {}
        self._is_winding_down = False
        self._is_announced = False
        self._deadline = self._set_deadline()

    @property
    def seq(self) -> int:
        """How many rows the run's journal has, with those on their way."""
        return self.records.seq

    @property
    def has_progressed(self) -> bool:
        """Whether this worker has added to the run's journal."""
        return self.records.seq > self._found

    # moving on

    def advance(self) -> None:
        """Take every step that can be taken now; then wait, park the run, or end it. A bug of ours ends the run."""
        self._guarded(self._advance)

    def _guarded(self, act: Callable[..., None], *arguments: Any) -> None:
        try:
            act(*arguments)
        except Exception as error:
            _log.bug(error, run=str(self.claim.run_id))
            message = f"The run stopped on an error of ours ({type(error).__name__})."
            self.stop("step_failed", Failure("rejected", message, "Tell the operator."))

    def _advance(self) -> None:
        if self.is_over or self._winds_down():
            return
        if self.claim.deadline_at is not None and self.claim.deadline_at <= self.claim.claimed_at:
            self._pass_deadline()  # not by its timer: a run that waits would be given back, and claimed, over and over
            return
        until = time.perf_counter() + TICK_S
        while True:
            plan = self.progress.take()
            if plan.records and not self._journal_derived(plan):
                return
            if plan.status in ("succeeded", "failed"):
                self._finish(plan)
                return
            again = self._take_tasks(plan)
            if again is None:
                return
            if not again:
                break
            if time.perf_counter() > until:
                self._later("", 0.0, self._advance)
                break
        if plan.status != "waiting" or not self._park(plan):
            self._submit()

    def _take_tasks(self, plan: Plan) -> bool | None:
        """Takes pure steps at once and starts the others; True when a pure one was taken, so that more may follow; None
        when the run was ended, because it may take no more."""
        again = False
        for task in plan.tasks:
            if task.not_before is not None and (delay := task.not_before - self.host.now()) > 0:
                self._later(task.path, delay, self._take_delayed, task)
            elif (passed := self._begin(task)) is not None:
                self.stop("budget_exceeded", passed)
                return None
            elif is_pure(task.node.kind.id):
                again = True
        return again

    def look_again(self, path: str) -> None:
        """Something may have come that the step at ``path`` waits for."""
        if self.is_over or path in self.tasks or not self.progress.wake(path, self.host.now()):
            return
        self._later(path, 0.0, self._advance)

    def _take_delayed(self, task: Task) -> None:
        if self.is_over or self._winds_down() or not self.progress.is_due(task.path):
            return
        if (passed := self._begin(task)) is not None:
            self.stop("budget_exceeded", passed)
        self._advance()

    def _begin(self, task: Task) -> Failure | None:
        """Takes a pure step on the spot, starts any other; a failure instead when the run may take no more steps."""
        if task.woken is None and (passed := self.budget.take_step()) is not None:
            return passed
        if is_pure(task.node.kind.id):
            self._take_pure(task)
        else:
            self._start(task)
        return None

    def _later(self, name: str, delay: float, act: Callable[..., None], *arguments: Any) -> None:
        def due() -> None:
            self.timers.pop(name, None)
            self._guarded(act, *arguments)

        if known := self.timers.pop(name, None):
            known.cancel()
        self.timers[name] = asyncio.get_running_loop().call_later(delay, due)

    # one step

    def _take_pure(self, task: Task) -> None:
        began = time.perf_counter()
        if self.host.is_watched(self):
            self.live.tell_begun(task, self.host.now())
        try:
            config = self.progress.config(task)
            result = perform_pure(self._call(task, config))
        except Exception as error:
            self._failed(task, error, began)
        else:
            self._succeeded(task, result, began)

    def _start(self, task: Task) -> None:
        self.tasks[task.path] = asyncio.get_running_loop().create_task(self._take(task))
        self.live.begin(task, self.host.now())

    async def _take(self, task: Task) -> None:
        began = time.perf_counter()
        if task.node.kind.id.startswith("llm"):
            _taken.set(task.path)
        try:
            config = self.progress.config(task)
            if (known := self._remembered(task, config)) is not None:
                self._guarded(self._end, task, began, known, None)
                return
            async with self.host.slots.slot(self.claim, task) as busy:
                result = busy or await self._perform(task, config)
        except LeaseLost:
            return
        except Exception as error:
            self._guarded(self._end, task, began, None, error)
        else:
            self._guarded(self._end, task, began, result, None)

    async def _perform(self, task: Task, config: dict[str, Any]) -> Any:
        """Takes the step, once its intent is durable when it acts on the outside."""
        key = None
        if task.node.effect in _ACTS and not (task.woken is not None and task.node.kind.waits):
            self._acting[task.path] = None
            key = await self._intend(task, config)
        await self.budget.check(task, partial(self.host.spent_today, self))
        limit_s = (None if task.node.kind.waits else task.node.timeout_s) or STEP_TIMEOUT_S
        with log.bound(redactor=self.redactor, run=self.run["id"], step=task.path):
            async with asyncio.timeout(limit_s):
                return await perform(self._call(task, config, key))

    def _remembered(self, task: Task, config: dict[str, Any]) -> Done | None:
        """What an equal call gave a while ago, when the step says that this will do."""
        if task.node.cache_s is None:
            return None
        key = self._keys[task.path] = answers.key_of(self.claim.workspace_id, self.claim.agent_id, task.node, config)
        known = self.host.answers.find(key)
        if known is None:
            return None
        del self._keys[task.path]
        return Done(json.decode(known.content), known.outcome)

    def _end(self, task: Task, began: float, result: Any, error: Exception | None) -> None:
        self.tasks.pop(task.path, None)
        self.live.end(task.path)
        self._acting.pop(task.path, None)
        if self.is_over:
            return
        if error is not None:
            self._failed(task, error, began)
        else:
            self._succeeded(task, result, began)
        self._advance()

    def _call(self, task: Task, config: dict[str, Any], key: str | None = None) -> Call:
        node = task.node
        return Call(
            node.kind,
            node,
            config,
            self.progress.scope(task),
            task.attempt,
            key,
            node.timeout_s,
            self.run,
            self.host.reach(self, node) if key is not None or not is_pure(node.kind.id) else _NOWHERE,
            task.woken,
            self.live.listener(task) if node.kind.id.startswith("llm") else None,
            self.host.now(),
            task.path,
        )

    async def _intend(self, task: Task, config: dict[str, Any]) -> str:
        """Makes sure that the intent is durable, and with it everything that came before; returns the idempotency key,
        which is the same for every attempt of the step."""
        key = hashlib.blake2b(f"{self.claim.run_id}/{task.path}".encode(), digest_size=16).hexdigest()
        if not task.repeat_of_uncertain:
            at = self.host.now()
            digest = hashlib.blake2b(json.encode(config), digest_size=16).hexdigest()
            self.records.add(task.path, task.attempt, "started", at, key=key, request_hash=digest)
            self.progress.apply(Record(task.path, task.attempt, "started", at=at))
        self._submit(force=True)
        await self.host.journal.durable(self.records)
        return key

    def _succeeded(self, task: Task, result: Any, began: float) -> None:
        outcome: str | None = None
        if isinstance(result, Done):
            result, outcome = result.output, result.outcome and json.clean_text(result.outcome)
        elif isinstance(result, Waiting):
            self._waits(task, result)
            return
        result = self.redactor.scrub_json(result)
        try:
            content = outputs.encode(result)
            output, blob = self.records.apart(content)
        except CallFailed as error:
            self._failed(task, error, began)
            return
        if (key := self._keys.pop(task.path, None)) is not None and task.node.cache_s is not None:
            self.host.answers.keep(key, content, outcome, task.node.cache_s)
        if not is_pure(task.node.kind.id):
            # What comes from outside may hold what JSON does not: from here on the run sees what its journal will say.
            result = json.decode(content)
        at, path, attempt = self.host.now(), task.path, task.attempt
        took_ms = (time.perf_counter() - began) * 1000
        self.records.add(path, attempt, "succeeded", at, output, blob, outcome, took_ms=took_ms)
        self.progress.apply(Record(path, attempt, "succeeded", result, outcome, at=at))

    def _waits(self, task: Task, result: Waiting) -> None:
        at = self.host.now()
        asked = None if result.kind is None else outputs.encode(result.asked, self.redactor)
        self.records.add(task.path, task.attempt, "waiting", at, asked, None, result.kind, wake_at=result.wake_at)
        self.progress.apply(Record(task.path, task.attempt, "waiting", wake_at=result.wake_at, at=at))

    def _failed(self, task: Task, error: Exception, began: float) -> None:
        failure = failure_on_record(error, task, self.redactor, self.claim.run_id)
        at = self.host.now()
        took_ms = (time.perf_counter() - began) * 1000
        encoded = msgspec.json.encode(failure)
        self.records.add(task.path, task.attempt, "failed", at, failure=encoded, took_ms=took_ms)
        self.progress.apply(Record(task.path, task.attempt, "failed", failure=failure, at=at))

    # limits

    def _set_deadline(self) -> asyncio.TimerHandle | None:
        if self.claim.deadline_at is None:
            return None
        left_s = (self.claim.deadline_at - self.claim.claimed_at).total_seconds()
        return asyncio.get_running_loop().call_later(max(0.0, left_s), self._pass_deadline)

    def _pass_deadline(self) -> None:
        took = f"{self.version.time_s:g} s" if self.version.time_s else "its time"
        self.stop("timed_out", Failure("timeout", f"The run passed its time limit ({took}).", "Raise `time per run`."))

    def is_crash_loop(self) -> bool:
        """Ends the run, and says so, when the workers that had it before were all lost without writing anything."""
        if self.claim.claims <= CRASHES:
            return False
        message = f"{self.claim.claims - 1} workers were lost one after the other while they had this run."
        self.stop("crash_loop", Failure("rejected", message, "Look at the step that comes next before you retry it."))
        return True

    # told to those who watch

    def is_watched(self) -> bool:
        """Whether anybody here watches the run."""
        return self.host.is_watched(self)

    def is_listened_to(self) -> bool:
        """Whether anybody does, or is about to: who starts a run by hand looks at it a moment later."""
        return is_by_a_person(self.claim.trigger) or self.is_watched()

    def tell(self, event: Event) -> None:
        """Passes something on to those who do."""
        self.host.tell(self, event)

    def note_model_call(self, call: CallRecord) -> None:
        """Books one call of a model: a row of the ledger with the next commit, and the run's own sums."""
        self.budget.book(call, _taken.get(call.node), self.host.now())

    # the journal

    def _journal_derived(self, plan: Plan) -> bool:
        """Journals what the planner found; False when that ended the run, because a loop's results are too large."""
        for record in plan.records:
            if self._told and (record.path, record.status) in self._told:
                continue
            try:
                content = None if record.output is None else outputs.encode(record.output)
            except CallFailed as error:
                self.stop("step_failed", msgspec.structs.replace(failure_of(error), path=record.path))
                return False
            output, blob = (None, None) if content is None else self.records.apart(content)
            failure = None if record.failure is None else msgspec.json.encode(record.failure)
            at = record.at or self.host.now()
            place = (record.path, record.attempt, record.status)
            self.records.add(*place, at, output, blob, record.outcome, failure=failure)
        return True

    def _submit(self, *, force: bool = False) -> None:
        if not self._is_announced:
            self._is_announced = self.records.touch = True
        if force or self.records.rows or self.records.touch:
            self.host.journal.submit(self.records)

    def _park(self, plan: Plan) -> bool:
        """Gives the run back until its time comes; False when that is so soon that the worker keeps it."""
        self._drop_abandoned()
        if self.tasks or "" in self.timers:
            return False
        wait_s = plan.wake_at - self.host.now() if plan.wake_at is not None and plan.ask is None else None
        if wait_s is not None and (wait_s <= HOLD_S or self.host.keeps_waiting):
            return False
        records = self.records
        records.state, records.due, records.touch = "waiting", plan.wake_at, True
        records.ask, records.cause = plan.ask, plan.cause
        self._leave()
        self.host.journal.submit(records)
        return True

    def _finish(self, plan: Plan) -> None:
        records, failure, state = self.records, plan.failure, plan.status
        if plan.output is not None:
            try:
                records.output, records.output_blob = records.apart(outputs.encode(plan.output))
            except CallFailed as error:
                state, failure = "failed", failure_of(error)
        cause = None if failure is None else _CAUSES.get(failure.kind, "step_failed")
        self._leave()
        self.host.journal.submit(records.end(state, cause, failure))

    def stop(self, cause: str, failure: Failure) -> None:
        """Ends the run as failed, whatever it is doing."""
        if self.is_over:
            return
        self._leave()
        self.host.journal.submit(self.records.end("failed", cause, failure))

    def wind_down(self) -> None:
        """Takes no more steps and gives the run back; steps that are acting on the outside come to their end first, so
        that nobody has to wonder whether they did."""
        self._is_winding_down = True
        self._winds_down()

    def _winds_down(self) -> bool:
        if self._is_winding_down and not self.is_over and not self._acting:
            self.release()
        return self._is_winding_down

    def release(self) -> None:
        """Gives the run back so that any worker may take it at once; what is under way is abandoned."""
        if self.is_over:
            return
        self.records.state, self.records.touch = "released", True
        self._leave()
        self.host.journal.submit(self.records)

    def _drop_abandoned(self) -> None:
        for path, task in list(self.tasks.items()):
            if not self.progress.is_due(path):
                del self.tasks[path]
                self.live.end(path)
                task.cancel()

    def _leave(self) -> None:
        self.is_over = True
        self.live.close()
        if self._deadline is not None:
            self._deadline.cancel()
        if self.timers:
            for timer in self.timers.values():
                timer.cancel()
            self.timers.clear()
        if self.tasks:
            current = asyncio.current_task()
            for task in self.tasks.values():
                if task is not current:
                    task.cancel()
            self.tasks.clear()

    # told by the journal

    def lost(self) -> None:
        """The lease is gone: nothing is done for the run any more here."""
        self._leave()
        self._part()
        self.host.tell(self)

    def committed(self) -> None:
        """What was submitted is durable."""
        if self.is_over:
            self._part()
        self.host.tell(self)

    def _part(self) -> None:
        """Leaves the worker, and nothing behind that only the collector could free: there are thousands a second."""
        self.host.left(self)
        self.progress.forget()
        self.records.owner = NOBODY


_NOWHERE = Reach()
