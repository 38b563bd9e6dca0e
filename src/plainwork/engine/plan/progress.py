"""One run, as far as its history tells: which steps are due, settled or waiting, and how the run ends.

``Progress`` takes records in one at a time, in constant time each, and hands out tasks; folding a whole history into a
fresh one (``resume``) gives the same answer, so starting, carrying on and recovering after a crash are one function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from plainwork.engine.plan.desk import Desk
from plainwork.engine.plan.frames import Frame, State, Status, response_order, terminals
from plainwork.engine.plan.graph import Graph, GraphStep, Scope
from plainwork.engine.plan.loops import Ended, Next, Turn, loop_of
from plainwork.engine.plan.records import REPEAT, Failure, Plan, PlanStatus, Record, Task
from plainwork.engine.plan.retries import retry_at
from plainwork.engine.plan.routing import error_names, led_to_fail, taken_edges
from plainwork.errors import PlainworkError

PASSED_OVER = "passed over"


class Progress:
    """The state of one run. ``inputs``, ``trigger``, ``run`` (``id``, ``started_at``, ``agent``, ``version``, ``date``)
    and ``vars`` are the names that every expression of the run sees."""

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        trigger: Any = None,
        run: Mapping[str, Any] | None = None,
        vars: Mapping[str, Any] | None = None,
    ) -> None:
        self.graph = graph
        self.run = run or {}
        names = {"inputs": inputs, "trigger": trigger, "run": self.run, "vars": vars or {}}
        self._seed = str(self.run.get("id", ""))
        self._live: dict[str, State] = {}
        self._early: dict[str, list[Record]] = {}
        self._desk = Desk()
        self._derived: list[Record] = []
        self._agenda: list[State | Frame] = []
        self._response: tuple[tuple[int, ...], Any] | None = None
        self._status: PlanStatus = "running"
        self._output: Any = None
        self._failure: Failure | None = None
        self._now = 0.0
        self._root = Frame(graph.level, "", names)
        self._begin(self._root)
        self._advance()

    @classmethod
    def resume(
        cls,
        graph: Graph,
        history: Iterable[Record],
        inputs: Mapping[str, Any],
        trigger: Any = None,
        run: Mapping[str, Any] | None = None,
        vars: Mapping[str, Any] | None = None,
    ) -> Progress:
        """The progress of a run whose process is gone: the fold of its history, with interrupted steps dealt with."""
        progress = cls(graph, inputs, trigger, run, vars)
        for record in history:
            progress.apply(record)
        progress.recover()
        return progress

    def apply(self, record: Record) -> None:
        """Take in one fact. The planner's own facts (attempt 0), stale attempts and repetitions change nothing."""
        if record.attempt == 0 or self._status in ("succeeded", "failed"):
            return
        state = self._live.get(record.path)
        if state is None:
            self._early.setdefault(record.path, []).append(record)
            return
        self._take_in(state, record)
        if self._agenda:
            self._advance()

    def take(self) -> Plan:
        """What is to be done now. Tasks and derived records are handed out once."""
        desk = self._desk
        tasks, records = desk.take(), tuple(self._derived)
        if records:
            self._derived = []
        if self._status != "running":
            return Plan(tasks, records, self._status, self._output, self._failure)
        if not desk.all_parked:
            return Plan(tasks, records)
        return Plan(tasks, records, "waiting", None, None, desk.next_alarm(), *next(iter(desk.asks.items()), ()))

    def recover(self) -> None:
        """Deal with attempts that were started and have no result: steps that act once by their ``on_uncertain``; the
        others are taken again as they were, those with a key under the same key; and those whose account had expired."""
        for path in self._desk.expired():
            self._again(self._live[path], None)
        handled: set[str] = set()
        while interrupted := [s for s in self._live.values() if s.started and s.path not in handled]:
            for state in interrupted:
                handled.add(state.path)
                self._recover(state)
            self._advance()

    def scope(self, task: Task) -> Mapping[str, Any]:
        """The names a task's expressions see. Raises ``KeyError`` when the task is no longer due."""
        return self._scope(self._live[task.path])

    def config(self, task: Task) -> dict[str, Any]:
        """The task's configuration, rendered. Raises ``Invalid`` (message begins with the field) when it cannot be:
        the step has then failed as ``rejected``."""
        return task.node.config.render(self._scope(self._live[task.path]))

    def forget(self) -> None:
        """The run is done with: undoes the circles between frames and states, so that their memory is free at once."""
        self._root.states.clear()
        self._live.clear()

    def wake(self, path: str, at: float) -> bool:
        """Offers a step again that waits for something outside, which may have come at this time; False: none waits."""
        state = self._live.get(path)
        if state is None or not state.step.kind.waits or not self._desk.is_parked(path):
            return False
        self._desk.offer(state, woken=at)
        return True

    def is_due(self, path: str) -> bool:
        """Whether the step is taken or about to be: False once it is settled, or the loop it was in is over."""
        return path in self._live

    def _recover(self, state: State) -> None:
        step = state.step
        if step.effect == "keyed" or (step.effect == "once" and step.on_uncertain == "repeat"):
            self._desk.offer(state, repeats=True)
        elif step.effect == "once":
            self._uncertain(state)
        else:
            self._desk.offer(state)

    # taking records in

    def _take_in(self, state: State, record: Record) -> None:
        if record.attempt < state.attempt:
            return
        state.attempt = record.attempt
        self._note_time(state.frame, record.at)
        status = record.status
        if status == "started":
            state.started = True
            self._desk.unpark(state.path)
        elif status == "waiting":
            self._wait(state, record.wake_at)
        elif state.step.body is not None:
            self._override_loop(state, record)
        elif status == "succeeded":
            self._settle(state, Status.SUCCEEDED, record.output, record.outcome)
        elif status == "skipped":
            self._settle(state, Status.PASSED, record.output)
        else:
            self._take_in_failure(state, record)

    def _note_time(self, frame: Frame, at: float) -> None:
        if at > frame.at:
            frame.at = at
        if at > self._now:
            self._now = at
        above: Frame | None = frame
        while above is not None and above.not_before is not None:
            above.not_before = None
            above = above.parent.frame if above.parent else None

    def _take_in_failure(self, state: State, record: Record) -> None:
        failure = record.failure or Failure("rejected", "The step failed without saying why.")
        step = state.step
        if failure.kind == REPEAT:
            self._again(state, None)
            return
        seed = f"{self._seed}/{state.path}"
        if step.effect == "once" and failure.kind == "timeout" and step.on_uncertain != "repeat":
            self._take_in_doubt(state, failure)
            return
        if failure.connection is not None and not step.routes.of_failure(failure.kind):
            self._desk.park(state.path, ask="connection_expired")
            return
        due = retry_at(step.retry, failure, record.attempt, record.at, seed)
        if due is None:
            self._fail(state, failure)
        else:
            self._again(state, due if due > record.at else None)

    def _take_in_doubt(self, state: State, failure: Failure) -> None:
        """An act that may have happened is not repeated. A route of the document for it goes before asking a person."""
        if state.step.on_uncertain == "ask" and state.step.routes.of_failure("timeout"):
            self._fail(state, failure)
        else:
            self._uncertain(state)

    def _again(self, state: State, not_before: float | None) -> None:
        state.attempt += 1
        state.started = False
        self._desk.offer(state, not_before)

    def _wait(self, state: State, wake_at: float | None) -> None:
        state.started = False
        if wake_at is None:
            self._desk.park(state.path)
        else:
            self._desk.offer(state, wake_at, woken=wake_at)

    def _uncertain(self, state: State) -> None:
        if state.step.on_uncertain == "skip":
            self._derive(state, "skipped", outcome=PASSED_OVER)
            self._settle(state, Status.PASSED, None)
            return
        self._desk.park(state.path, ask="effect_uncertain")

    def _override_loop(self, state: State, record: Record) -> None:
        if not _ends_loop(record, state.step):
            return
        self._abandon(state)
        if record.status == "failed":
            self._fail(state, record.failure or Failure("rejected", "The loop failed without saying why."))
        else:
            status = Status.SUCCEEDED if record.status == "succeeded" else Status.PASSED
            self._settle(state, status, record.output)

    def _abandon(self, loop: State) -> None:
        inside = (f"{loop.path}[", f"{loop.path}.")
        for path in [path for path in self._live if path.startswith(inside)]:
            if self._live.pop(path).step.body is None:
                self._desk.remove(path)

    # settling

    def _settle(self, state: State, status: Status, output: Any, outcome: str | None = None) -> None:
        path = state.path
        if self._live.pop(path, None) is not None and state.step.body is None:
            self._desk.remove(path)
        state.status = status
        state.output = output
        state.outcome = outcome
        state.loop = None
        self._agenda.append(state)

    def _fail(self, state: State, failure: Failure) -> None:
        state.failure = failure.settled(state.path)
        self._settle(state, Status.FAILED, None)

    def _derive(self, state: State, status: Any, output: Any = None, **more: Any) -> None:
        self._derived.append(Record(state.path, 0, status, output, at=self._now, **more))

    def _advance(self) -> None:
        for item in self._agenda:  # which grows meanwhile
            if isinstance(item, State):
                self._leave(item)
            else:
                self._close(item)
        self._agenda.clear()

    def _leave(self, state: State) -> None:
        """Follow the edges of a settled step, and close its frame when nothing is left in it."""
        frame, step = state.frame, state.step
        frame.names[step.name] = state.output
        if step.holds == "group" and state.status is not Status.SUCCEEDED:
            _name_inside(step, frame.names)
        routes = step.routes
        if state.status is Status.SUCCEEDED and routes.simple:
            if step.kind.id == "respond":
                self._note_response(state)
            self._deliver(state, routes.plain)
        else:
            self._choose(state)
        frame.active -= 1
        if not frame.active:
            self._agenda.append(frame)

    def _choose(self, state: State) -> None:
        frame, step = state.frame, state.step
        if state.status is Status.SUCCEEDED and step.kind.id == "respond":
            self._note_response(state)
        taken, trouble = taken_edges(state, self._scope(state))
        if trouble is not None:
            self._derive(state, "failed", failure=trouble)
            state.status, state.failure = Status.FAILED, trouble
        if taken is None or step.routes.fails.intersection(taken):
            frame.fail(step.index, led_to_fail(state))
        self._deliver(state, taken or ())

    def _deliver(self, state: State, taken: Iterable[int]) -> None:
        frame, source = state.frame, state.step.index
        error = state.error if state.failure is None else error_names(state.failure)
        for i, target in enumerate(state.step.routes.targets):
            if target is None:
                continue
            reached = frame.state(target)
            reached.pending -= 1
            if i in taken:
                reached.sources.append(source)
                if error is not None and reached.status is Status.IDLE:
                    reached.note_error(source, error)
            if reached.status is not Status.IDLE:
                continue
            if reached.sources and (not reached.pending or reached.step.join_any):
                self._reach(reached)
            elif not reached.pending:
                self._skip(reached)

    def _skip(self, state: State) -> None:
        state.status = Status.SKIPPED
        state.frame.active += 1
        self._derive(state, "skipped")
        self._agenda.append(state)

    def _reach(self, state: State) -> None:
        """A step whose turn has come: pass over it, open it, or offer it."""
        step = state.step
        state.frame.active += 1
        state.status = Status.DUE
        if step.if_ is not None and not self._is_wanted(state):
            return
        path = state.path
        self._live[path] = state
        early = self._early.pop(path, None) if self._early else None
        if step.body is None:
            self._desk.outstanding += 1
            self._desk.offer(state, state.frame.not_before)
        elif not early or not any(_ends_loop(record, step) for record in early):
            self._open(state)
        if early:
            self._take_in_early(state, early)

    def _take_in_early(self, state: State, early: Iterable[Record]) -> None:
        for record in sorted(early, key=_by_attempt):
            if self._live.get(state.path) is state:
                self._take_in(state, record)

    def _is_wanted(self, state: State) -> bool:
        """Whether the step's ``if`` holds; settles the step when it does not, or cannot be worked out."""
        expression = state.step.if_
        assert expression is not None
        try:
            if expression.evaluate(self._scope(state)):
                return True
        except PlainworkError as error:
            message = f"The condition “if” of “{state.step.title}” cannot be worked out: {error.message}"
            failure = Failure("rejected", message, error.next_step, path=state.path)
            self._derive(state, "failed", failure=failure)
            self._fail(state, failure)
            return False
        self._derive(state, "skipped", outcome=PASSED_OVER)
        self._settle(state, Status.PASSED, None)
        return False

    def _scope(self, state: State) -> Mapping[str, Any]:
        names = state.frame.names
        return names if state.error is None else Scope({"error": state.error}, names)

    def _note_response(self, state: State) -> None:
        order = response_order(state)
        if self._response is None or order >= self._response[0]:
            self._response = (order, state.output)

    @property
    def response(self) -> Any:
        """What the last `respond` step gave (``status``, ``body`` …); None when there was none."""
        return None if self._response is None else self._response[1]

    # loops

    def _open(self, state: State) -> None:
        try:
            state.loop = loop_of(state.step, self._scope(state))
        except PlainworkError as error:
            failure = Failure("rejected", error.message, error.next_step, path=state.path)
            self._end_loop(state, Next(is_over=True, failure=failure))
            return
        self._follow(state, state.loop.begin())

    def _follow(self, state: State, following: Next) -> None:
        if following.is_over:
            self._end_loop(state, following)
        for turn in following.turns:
            self._begin(self._frame(state, turn))

    def _frame(self, state: State, turn: Turn) -> Frame:
        body = state.step.body
        assert body is not None
        around = self._scope(state)
        if turn.names is None:
            frame = Frame(body, f"{state.path}.", state.frame.names, state)
        else:
            frame = Frame(body, f"{state.path}[{turn.index}].", Scope(turn.names, around), state, turn.index)
        frame.not_before = turn.not_before or state.frame.not_before
        frame.at = state.frame.at
        return frame

    def _begin(self, frame: Frame) -> None:
        for step in frame.level.starts:
            self._reach(frame.state(step.index))
        if not frame.level.starts:
            self._agenda.append(frame)

    def _end_loop(self, state: State, end: Next) -> None:
        if end.failure is not None:
            self._derive(state, "failed", failure=end.failure)
            self._fail(state, end.failure)
        else:
            self._derive(state, "succeeded", end.output)
            self._settle(state, Status.SUCCEEDED, end.output)

    def _close(self, frame: Frame) -> None:
        state = frame.parent
        if state is None:
            self._close_run(frame)
        elif state.loop is not None:
            self._note_time(state.frame, frame.at)
            done = [] if frame.failure else terminals(frame)
            output = done[-1].output if done else None
            ended = Ended(frame.index, output, frame.failure, frame.at, frame.names)
            self._follow(state, state.loop.ended(ended))

    # the end

    def _close_run(self, root: Frame) -> None:
        if self._failure is None and root.failure is not None:
            self._failure = root.failure
            if self.graph.on_failure is not None and self._handle_failure(self.graph.on_failure, root.failure):
                return
        if self._failure is None:
            self._output, self._failure = self._outputs()
        self._status = "failed" if self._failure else "succeeded"

    def _handle_failure(self, first: GraphStep, failure: Failure) -> bool:
        """Begin the steps for a failed run, unless the first of them has run already."""
        state = self._root.state(first.index)
        if state.status not in (Status.IDLE, Status.SKIPPED):
            return False
        self._root.revive(first)
        state = self._root.state(first.index)
        state.note_error(-1, error_names(failure))
        self._reach(state)
        return True

    def _outputs(self) -> tuple[Any, Failure | None]:
        if self.graph.outputs:
            return self._declared_outputs()
        if self._response is not None:
            response = self.response
            return response.get("body") if isinstance(response, Mapping) else response, None
        done = terminals(self._root)
        if len(done) == 1:
            return done[0].output, None
        return ({state.step.name: state.output for state in done} or None), None

    def _declared_outputs(self) -> tuple[Any, Failure | None]:
        values: dict[str, Any] = {}
        for name, template in self.graph.outputs.items():
            try:
                values[name] = template.render(self._root.names)
            except PlainworkError as error:
                if not self._root.lacks(path[0] for path in template.references):
                    message = f"The output “{name}” cannot be worked out: {error.message}"
                    return None, Failure("rejected", message, error.next_step)
                values[name] = None
        return values, None


_RANKS = {"started": 0, "waiting": 1, "skipped": 2, "failed": 3, "succeeded": 4}


def _ends_loop(record: Record, step: GraphStep) -> bool:
    """Whether a record from outside ends a loop. A group's result alone cannot: later steps may name inner ones."""
    return record.status in ("failed", "skipped") or (record.status == "succeeded" and step.holds != "group")


def _name_inside(group: GraphStep, names: MutableMapping[str, Any]) -> None:
    """Steps in a group are seen from outside: what those that did not run would have given is null, as everywhere."""
    for step in group.body.steps if group.body else ():
        names.setdefault(step.name, None)
        if step.holds == "group":
            _name_inside(step, names)


def _by_attempt(record: Record) -> tuple[int, int]:
    return record.attempt, _RANKS[record.status]


def plan(
    graph: Graph,
    history: Iterable[Record],
    inputs: Mapping[str, Any],
    trigger: Any = None,
    run: Mapping[str, Any] | None = None,
    vars: Mapping[str, Any] | None = None,
) -> Plan:
    """What is to be done in a run with this history: the fold of its records. Pure; the same history, the same plan."""
    return Progress.resume(graph, history, inputs, trigger, run, vars).take()
