"""What the engine promises (its contract: docs/engine), watched while a simulation goes on and checked at its end.

The watch is told of every lease, every flush that the database took and every act in the web, as they happen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from plainwork.db import json
from plainwork.db.runs import ENDED
from plainwork.engine.execution import CRASHES
from plainwork.engine.plan import Failure, Graph, Record, plan
from tests.simulation.machine import Machine, Process
from tests.simulation.rows import Entry, RunRow, Step
from tests.simulation.store import FOREVER, Store
from tests.simulation.web import Act

if TYPE_CHECKING:
    from plainwork.engine.versions import Version

_RESULTS = ("succeeded", "failed", "waiting")


@dataclass
class Watch:
    """Sees everything that becomes true outside the engine. ``broken``: the promises that were broken, in words."""

    machine: Machine
    broken: list[str] = field(default_factory=list)
    acts: dict[tuple[UUID, str], list[Act]] = field(default_factory=lambda: defaultdict(list))
    versions: dict[UUID, Version] = field(default_factory=dict)
    store: Store | None = None
    _epochs: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    _holders: dict[UUID, str] = field(default_factory=dict)
    claims: dict[UUID, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    _over: set[UUID] = field(default_factory=set)
    _keys: dict[str, tuple[UUID, str]] = field(default_factory=dict)

    def breaks(self, promise: str, run: UUID | str, more: str) -> None:
        """A promise was broken."""
        if self.machine.is_over:
            return
        words = f"{promise}: run {str(run)[-4:]}, {more}"
        self.machine.note(f"BROKEN {words}")
        self.broken.append(words)

    def claimed(self, entry: Entry, who: str) -> None:
        run_id = entry.run_id
        self._epochs[run_id] += 1
        self._holders[run_id] = who
        self.claims[run_id].append((entry.claims, who))
        self.machine.note(f"{who} claims {str(run_id)[-4:]} (epoch {entry.epoch}, claims {entry.claims})")

    def wrote(self, run: RunRow, epoch: int, rows: Sequence[Step], who: str) -> None:
        said = ", ".join(f"{row.seq} {row.path}#{row.attempt} {row.status}" for row in rows)
        self.machine.note(f"{who} writes {str(run.id)[-4:]} (epoch {epoch}): {run.status}; {said}")
        if epoch != self._epochs[run.id]:
            self.breaks(
                "no write under a stale epoch", run.id, f"{who} wrote under epoch {epoch} of {self._epochs[run.id]}"
            )
        if run.id in self._over:
            self.breaks("no write after the end", run.id, f"{who} wrote {said or 'its state'}")
        if run.status in ENDED:
            self._over.add(run.id)

    def decided(self, entry: Entry, run: RunRow) -> None:
        """A person's word is an epoch of its own."""
        self._epochs[run.id] = entry.epoch
        self.machine.note(
            f"{str(run.id)[-4:]} goes on by what a person has said (epoch {entry.epoch}, {run.steps} rows)"
        )

    def sends(self, run: str, step: str, sent_by: Process) -> None:
        """A step's request leaves the process that takes the step."""
        run_id = UUID(run)
        is_holder = self._holders.get(run_id) == sent_by.name
        if is_holder and not sent_by.stumbles and any(_has_ended(row, step) for row in self._rows(run_id)):
            self.breaks("no journaled step runs again", run_id, f"{step} had succeeded")

    def acted(self, act: Act) -> None:
        """A request of a step was acted on."""
        run_id = UUID(act.run)
        self.machine.note(f"{act.sent_by.name} acts {act.run[-4:]} {act.step} ({act.method}, act {act.number})")
        before = self.acts[run_id, act.step]
        before.append(act)
        rows = self._rows(run_id)
        if act.method == "GET":
            return
        self._check_intent(run_id, act, rows)
        for name, number in act.given.items():
            if number is not None and number not in [_number(row) for row in rows if _has_ended(row, name)]:
                self.breaks("steps come after their inputs", run_id, f"{act.step} saw {name} give {number}")

    def _check_intent(self, run_id: UUID, act: Act, rows: Sequence[Step]) -> None:
        intents = [row for row in rows if row.path == act.step and row.status == "started"]
        if act.key is None or act.key not in [row.key for row in intents]:
            self.breaks("intents come before acts", run_id, f"{act.step} had no intent with the key it sent")
        first = self._keys.setdefault(act.key or "", (run_id, act.step))
        if first != (run_id, act.step) or len({one.key for one in self.acts[run_id, act.step]}) > 1:
            self.breaks("a step acts under one key of its own", run_id, act.step)

    def losses(self, run_id: UUID) -> int:
        """How often workers that have had the run were paused, cut off or killed, or waited long for the database: one
        that is slower than leases cannot always be told from a dead worker in time."""
        who = {name for _, name in self.claims[run_id]}
        return sum(one.stumbles + one.late_answers for one in self.machine.everyone if one.name in who)

    def _rows(self, run_id: UUID) -> list[Step]:
        assert self.store is not None
        return list(self.store.steps.get(run_id, {}).values())


def check(watch: Watch, store: Store, accepted: Sequence[UUID], until: float = FOREVER) -> None:
    """What holds when all is over: every run that was accepted is there, has ended if it was made by ``until``, and its journal
    is in order."""
    for run_id in accepted:
        if run_id not in store.runs:
            watch.breaks("what was accepted is kept", run_id, "it is gone")
    for run in store.runs.values():
        if run.created_at <= until:
            _check_end(watch, store, run)
        if not _is_asking(run):
            _check_acts(watch, run, list(store.steps.get(run.id, {}).values()))
        _check_journal(watch, run, [store.steps[run.id][seq] for seq in sorted(store.steps.get(run.id, ()))])
    for (schedule, due), run_id in store.ticks.items():
        if run_id not in store.runs:
            watch.breaks("a tick that fires starts its run", run_id, f"schedule {schedule} at {due}")


def is_settled(run: RunRow) -> bool:
    """Whether nothing will happen in a run any more unless a person decides it."""
    return run.status in ENDED or _is_asking(run)


def _is_asking(run: RunRow) -> bool:
    return run.status == "waiting" and run.ask is not None and run.cause == "effect_uncertain"


def _check_end(watch: Watch, store: Store, run: RunRow) -> None:
    if not is_settled(run):
        watch.breaks("every run ends", run.id, f"it is still {run.status}")
    elif (run.id in store.queue) == (run.status in ENDED):
        watch.breaks("what has ended is not queued, what has not is", run.id, run.status)
    if run.cause == "crash_loop" and watch.losses(run.id) < CRASHES:
        watch.breaks("a run is given up after three lost workers", run.id, f"it had {watch.claims[run.id]}")
    if run.cause == "undeliverable":
        watch.breaks("every run can begin", run.id, str(run.failure))
    if run.failure is not None and "error of ours" in run.failure["message"]:
        watch.breaks("no error of ours", run.id, str(run.failure))


def _check_journal(watch: Watch, run: RunRow, rows: Sequence[Step]) -> None:
    if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
        watch.breaks("a journal has no holes", run.id, str([row.seq for row in rows]))
    seen: set[tuple[str, int, str]] = set()
    ended: set[str] = set()
    for row in rows:
        which = (row.path, row.attempt, row.status)
        is_result = row.attempt and row.source == "taken" and row.status != "waiting"
        if (is_result and which in seen) or row.path in ended:
            watch.breaks("each result is written once", run.id, f"{row.seq} {which}")
        seen.add(which)
        if row.attempt and row.status == "succeeded":
            ended.add(row.path)
    version = watch.versions[run.version_id]
    _check_order(watch, run, rows, version.graph)
    for row in rows:
        if row.source == "carried" and watch.acts.get((run.id, row.path)):
            watch.breaks("what is carried over is not done again", run.id, row.path)
    if run.status in ("succeeded", "failed") and run.cause in (None, "step_failed"):
        _check_plan(watch, run, rows, version)


def _check_order(watch: Watch, run: RunRow, rows: Sequence[Step], graph: Graph) -> None:
    """No step is begun before one of the steps before it has a result; with all of them settled, unless it joins any."""
    settled: set[str] = set()
    before = dict(_sources(graph))
    for row in rows:
        name = row.path.partition("[")[0].partition(".")[0]
        if row.attempt and row.source == "taken" and not before.get(name, set()) <= settled:
            watch.breaks("steps come after their inputs", run.id, f"{row.path} before {before[name] - settled}")
        if row.path == name and row.status not in ("started", "waiting"):
            settled.add(name)


def _sources(graph: Graph) -> Iterator[tuple[str, set[str]]]:
    for node in graph.flow.nodes:
        yield node.id, {one.from_ for one in graph.flow.edges if one.to == node.id}


def _check_plan(watch: Watch, run: RunRow, rows: Sequence[Step], version: Version) -> None:
    """The journal alone, folded again, says how the run has ended."""
    history = [_record(row) for row in rows if row.attempt]
    names = {"id": str(run.id), "started_at": "", "date": "", "agent": version.agent, "version": version.number}
    again = plan(version.graph, history, run.inputs, run.trigger, names)
    if again.status != run.status or json.encode(again.output) != json.encode(run.output):
        watch.breaks("the same journal gives the same plan", run.id, f"{run.status} was planned as {again.status}")


def _check_acts(watch: Watch, run: RunRow, rows: Sequence[Step]) -> None:
    """Acts that may happen once did, and what the journal says was done was done: for this run, or for the one that it has
    carried it over from."""
    for row in rows:
        number = None if row.source == "given" else _number(row)
        if row.status == "succeeded" and number is not None and number not in _numbers(watch, run, row):
            watch.breaks("what the journal says was done was done", run.id, row.path)
    for (run_id, step), acts in watch.acts.items():
        if run_id == run.id and len(acts) > 1 and _is_once(watch.versions[run.version_id].graph, step):
            watch.breaks("what may happen once happens once", run.id, f"{step} was done {len(acts)} times")


def _numbers(watch: Watch, run: RunRow, row: Step) -> list[int]:
    """Those of the acts that a row may be of. What is carried over may have been given to the run before by a person."""
    assert watch.store is not None
    numbers: list[Any] = [act.number for act in watch.acts.get((run.id, row.path), ())]
    children = [one for one in watch.store.runs.values() if (one.parent_run_id, one.parent_path) == (run.id, row.path)]
    numbers += [_number_in(child.output) for child in children]
    origin = watch.store.runs.get(run.origin_run_id) if run.origin_run_id else None
    if row.source == "carried" and origin is not None:
        for before in watch.store.steps.get(origin.id, {}).values():
            numbers += [_number(before)] if before.path == row.path and before.source == "given" else []
        numbers += _numbers(watch, origin, row)
    return numbers


def _is_once(graph: Graph, path: str) -> bool:
    """Whether a step acts once for good: nobody has said that it is to be repeated in doubt."""
    level = graph.level
    for part in path.split("."):
        step = next(one for one in level.steps if one.name == part.partition("[")[0])
        if step.body is None:
            return step.effect == "once" and step.on_uncertain != "repeat"
        level = step.body
    return False


def _has_ended(row: Step, path: str) -> bool:
    return row.path == path and row.status == "succeeded" and row.attempt > 0


def _number(row: Step) -> Any:
    """The number that the web gave this act, or one that the run of another agent ended with."""
    return _number_in(row.output)


def _number_in(output: Any) -> Any:
    return output["body"].get("n") if isinstance(output, dict) and isinstance(output.get("body"), dict) else None


def _record(row: Step) -> Record:
    failure = None
    if row.failure is not None:
        failure = Failure(**row.failure)
    status: Any = row.status
    return Record(row.path, row.attempt, status, row.output, row.outcome, failure, row.wake_at, row.at)
