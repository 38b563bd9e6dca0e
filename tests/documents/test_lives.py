"""What becomes of runs of documents whose worker dies, that are cancelled, that wait, or that cannot run at all."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import runs
from plainwork.engine import execution
from plainwork.engine.history import record_of
from plainwork.engine.plan import Progress, plan
from plainwork.engine.start import Start, cancel, start_many
from tests.documents.stage import Site, Stage, document
from tests.engine.running import Running, eventually
from tests.world import Reply, Seen

TOUR = """### Begin
```yaml step
uses: http
with: {url: WEB/begin, method: POST}
```
- Then → [Each](#each) and [Box](#box)

### Each
```yaml step
uses: foreach
with: {items: [1, 2, 3], as: number, at_once: 2, on_item_error: collect}
```
- Then → [Gather](#gather)

#### Tell
```yaml step
uses: http
with: {url: "WEB/tell-{{ number }}", method: POST}
retry: {times: 1, wait: 1ms}
```
- If `number == 2` → fail
- Otherwise → [Double](#double)

#### Double
```yaml step
uses: set
with: {twice: "{{ tell.body * 2 }}"}
```

### Box
```yaml step
uses: group
```
- Then → [Gather](#gather)

#### Until three
```yaml step
uses: repeat
with: {until: ask.body >= 3, max: 9, wait: 1ms}
```

##### Ask
```yaml step
uses: http
with: {url: WEB/ask, method: POST, json: {round: "{{ index }}"}}
```

#### Missing
```yaml step
uses: http
with: {url: WEB/missing, method: POST}
```
- On error → stop

### Gather
```yaml step
uses: code
with: {rows: "{{ each.results }}", rounds: "{{ until_three.count }}", errors: "{{ each.errors }}"}
```
```python code
{'sum': sum(r['twice'] for r in rows), 'rounds': rounds, 'failed': [e['item'] for e in errors]}
```

### End
```yaml step
uses: http
with: {url: WEB/end, method: POST, json: "{{ gather.result }}"}
```
"""
"""Every way a run can go, in one document; each request acts."""
ENDS_WITH = {"sum": 8, "rounds": 3, "failed": [2]}


def tour(site: Site) -> None:
    """What the other side answers. It knows requests by their keys, as it should: a repeated one gets the same answer."""
    asked: dict[str, int] = {}

    def count(seen: Seen) -> Reply:
        return Reply(json=asked.setdefault(seen.headers["Idempotency-Key"], len(asked) + 1))

    site.on("POST", "/begin", Reply(json="go"))
    for number in (1, 2, 3):
        site.on("POST", f"/tell-{number}", Reply(json=number, delay_s=0.02 * number))
    site.on("POST", "/ask", count)
    site.on("POST", "/missing", Reply(404))
    site.on("POST", "/end", lambda seen: Reply(json=seen.json()))


async def die_at(running: Running, site: Site, count: int) -> None:
    """Kills the worker as soon as so many requests have arrived."""
    await eventually(lambda: len(site.paths) >= count)
    await running.die()


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_die_change_nothing(own_stage: Stage, seed: int) -> None:
    stage, site = own_stage, own_stage.site()
    tour(site)
    version = await stage.publish(document(TOUR), site)
    started = await stage.start(version)
    for count in range(1 + seed, 9, 2):
        async with stage.worker() as running:
            await die_at(running, site, count)
        await stage.make_due()
    async with stage.worker():
        played = await stage.end(started.run_id, site)
    assert (played.status, played.output["body"]) == ("succeeded", ENDS_WITH)
    assert [row.seq for row in played.journal] == list(range(1, played.run.steps + 1))
    facts = [row for row in played.rows if row[2] != "started"]
    assert len(facts) == len(set(facts))
    assert len(site.paths) > 9  # some were repeated …
    keys: dict[str, set[str]] = {}
    for path in set(site.paths):
        for seen in site.seen(path):
            keys.setdefault(path + seen.body.decode(), set()).add(seen.headers["Idempotency-Key"])
    assert all(len(of_request) == 1 for of_request in keys.values())  # … and always recognisable


async def test_the_same_journal_gives_the_same_plan(own_stage: Stage) -> None:
    stage, site = own_stage, own_stage.site()
    tour(site)
    version = await stage.publish(document(TOUR), site)
    async with stage.worker():
        played = await stage.end((await stage.start(version)).run_id, site)
    assert played.output["body"] == ENDS_WITH
    records = [record_of(row) for row in played.journal if row.attempt]
    names: dict[str, Any] = {}
    given = (played.run.inputs, played.run.trigger, {"id": str(played.run.id)}, names)
    for length in range(len(records) + 1):
        first, second = (plan(version.graph, records[:length], *given) for _ in range(2))
        assert (first.tasks, first.status, first.output) == (second.tasks, second.status, second.output)
        done = {record.path for record in records[:length] if record.status == "succeeded"}
        assert not done & {task.path for task in first.tasks}
    whole = plan(version.graph, records, *given)
    assert (whole.status, whole.output, whole.tasks) == ("succeeded", played.output, ())
    told = [row for row in played.journal if not row.attempt]
    derived = Progress.resume(version.graph, records, *given).take().records
    assert [(r.path, r.status, json.dumps(r.output)) for r in derived] == [
        (row.path, row.status, json.dumps(row.output)) for row in told
    ]


ACT = """### Act
```yaml step
uses: %s
%s
```

### After
```yaml step
uses: set
with: {was: "{{ act }}"}
```
"""


@pytest.mark.parametrize(
    ("setting", "status", "arrived"),
    [
        ("", "succeeded", 2),
        ("effect: once", "waiting", 1),
        ("effect: once\non uncertain: skip", "succeeded", 1),
        ("effect: once\non uncertain: repeat", "succeeded", 2),
        ("effect: read", "succeeded", 2),
    ],
)
async def test_a_worker_dies_between_intent_and_result(
    own_stage: Stage, setting: str, status: str, arrived: int
) -> None:
    stage, site = own_stage, own_stage.site()
    site.on("POST", "/act", Reply(json="first", delay_s=30), Reply(json="second"))
    version = await stage.publish(document(ACT % ("http", f"with: {{url: WEB/act, method: POST}}\n{setting}")), site)
    async with stage.worker() as running:
        started = await stage.start(version)
        await die_at(running, site, 1)
    await stage.make_due()
    async with stage.worker():
        played = await stage.when(started.run_id, status, site)
        await asyncio.sleep(0.05)
    assert len(site.seen("/act")) == arrived
    if status == "waiting":
        assert (played.run.cause, played.run.ask, played.run.wake_at) == ("effect_uncertain", "act", None)
        assert played.rows == [("act", 1, "started")]
        async with stage.database.workspace(stage.workspace_id) as connection:
            assert [run.id for run in await runs.find(connection, runs.Filter(is_in_inbox=True))] == [started.run_id]
        assert await cancel(stage.database, stage.workspace_id, started.run_id) == "cancelled"
        return
    if "skip" in setting:
        assert played.output == {"was": None}
        assert ("act", 0, "skipped") in played.rows
    else:
        assert played.output["was"]["body"] == "second"
    keys = {seen.headers.get("Idempotency-Key") for seen in site.seen("/act")}
    assert len(keys) == 1
    assert (None in keys) == ("read" in setting)


async def test_mail_of_a_dead_worker_is_not_sent_again(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = own_stage
    gate = asyncio.Event()
    post = stage.world.post
    take = post.handle_DATA

    async def slow(*given: Any) -> str:
        answer = await take(*given)
        await gate.wait()
        return answer

    monkeypatch.setattr(post, "handle_DATA", slow)
    text = document(ACT % ("email.send", "with: {to: a@example.org, subject: S, body: B}"))
    version = await stage.publish(text)
    async with stage.worker() as running:
        started = await stage.start(version)
        await eventually(lambda: post.mails)
        await running.die()
    gate.set()
    await stage.make_due()
    async with stage.worker():
        waiting = await stage.when(started.run_id, "waiting")
    assert (waiting.run.ask, len(post.mails)) == ("act", 1)


async def test_cancel_in_the_middle_of_a_request(own_stage: Stage) -> None:
    stage, site = own_stage, own_stage.site()
    site.on("POST", "/act", Reply(json="late", delay_s=0.5))
    site.on("POST", "/next", Reply(json="never"))
    later = "### Next\n```yaml step\nuses: http\nwith: {url: WEB/next, method: POST}\n```\n"
    text = document(ACT % ("http", "with: {url: WEB/act, method: POST}") + later, front="on failure: next")
    version = await stage.publish(text, site)
    async with stage.worker() as running:
        started = await stage.start(version)
        await eventually(lambda: site.seen("/act"))
        began = time.monotonic()
        assert await cancel(stage.database, stage.workspace_id, started.run_id) == "cancelled"
        await eventually(lambda: not running.worker.active)
        assert time.monotonic() - began < 1
        at_once = await stage.end(started.run_id, site)
        await asyncio.sleep(0.7)
        later_on = await stage.end(started.run_id, site)
    assert at_once.status == later_on.status == "cancelled"
    assert at_once.rows == later_on.rows == [("act", 1, "started")]
    assert (later_on.run, site.paths) == (at_once.run, ["/act"])


async def test_cancel_before_and_between(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "HOLD_S", 0.1)
    stage, site = own_stage, own_stage.site()
    wait = "### Wait\n```yaml step\nuses: wait\nwith: {for: 300ms}\n```\n### Act\n```yaml step\nuses: http\nwith: {url: WEB/act, method: POST}\n```\n"
    version = await stage.publish(document(wait), site)
    queued = await stage.start(version)
    assert await cancel(stage.database, stage.workspace_id, queued.run_id) == "cancelled"
    async with stage.worker():
        parked = await stage.start(version)
        await stage.when(parked.run_id, "waiting")
        assert await cancel(stage.database, stage.workspace_id, parked.run_id) == "cancelled"
        await asyncio.sleep(0.5)
    ends = [await stage.end(one.run_id, site) for one in (queued, parked)]
    assert [(one.status, one.rows) for one in ends] == [("cancelled", []), ("cancelled", [("wait", 1, "waiting")])]
    assert site.paths == []


async def test_a_long_wait_is_slept_through_and_woken(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits beside each other, in a loop: the run is given back, woken for the earliest, and goes on where it was."""
    monkeypatch.setattr(execution, "HOLD_S", 0.1)
    stage = own_stage
    text = """### Each
```yaml step
uses: foreach
with: {items: [400ms, 700ms, 10ms], as: pause, at_once: 3}
```

#### Wait
```yaml step
uses: wait
with: {for: "{{ pause }}"}
```

#### Note
```yaml step
uses: set
with: {waited: "{{ pause }}"}
```
"""
    version = await stage.publish(document(text))
    async with stage.worker() as one:
        started = await stage.start(version)
        waiting = await stage.when(started.run_id, "waiting")
        assert waiting.run.wake_at is not None
        await eventually(lambda: not one.worker.active)
    async with stage.worker():
        played = await stage.end(started.run_id)
    assert [one["waited"] for one in played.output["results"]] == ["400ms", "700ms", "10ms"]
    assert Counter(played.rows)[("each[0].wait", 1, "waiting")] == 1
    assert sum(status == "waiting" for _, _, status in played.rows) == 3


async def test_a_run_that_is_woken_often_journals_each_fact_once(
    own_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "HOLD_S", 0.01)
    stage = own_stage
    text = """### Rounds
```yaml step
uses: repeat
with: {until: 1 > 2, max: 3, wait: 50ms}
```

#### Look
```yaml step
uses: condition
```
- If `1 > 2` → [Never](#never)
- Otherwise → stop

#### Never
```yaml step
uses: set
```
"""
    version = await stage.publish(document(text))
    async with stage.worker():
        started = await stage.start(version)
        await stage.when(started.run_id, "waiting")
        played = await stage.end(started.run_id)
    wanted = [(f"rounds[{i}].{step}", n, end) for i in range(3) for step, n, end in _ROUND]
    assert played.rows == [*wanted, ("rounds", 0, "succeeded")]


_ROUND = [("look", 1, "succeeded"), ("never", 0, "skipped")]


async def test_a_run_that_waits_for_a_person_ends_with_its_time(own_stage: Stage) -> None:
    stage, site = own_stage, own_stage.site()
    site.on("POST", "/act", Reply(json=1, drop=0))
    text = document(
        ACT % ("http", "with: {url: WEB/act, method: POST}\neffect: once"), front="limits: {time per run: 600ms}"
    )
    version = await stage.publish(text, site)
    async with stage.worker() as running:
        started = await stage.start(version)
        asked = await stage.when(started.run_id, "waiting", site)
        commits = running.worker.journal.commits
        played = await stage.end(started.run_id, site)
        assert running.worker.journal.commits - commits <= 2
    assert (asked.run.cause, asked.run.ask) == ("effect_uncertain", "act")
    assert (played.status, played.run.cause, played.run.ask) == ("failed", "timed_out", None)
    assert len(site.seen("/act")) == 1


async def test_the_same_key_starts_once(own_stage: Stage) -> None:
    stage, site = own_stage, own_stage.site()
    site.on("POST", "/act", Reply(json=1))
    version = await stage.publish(document(ACT % ("http", "with: {url: WEB/act, method: POST}")), site)
    async with stage.worker():
        first = await stage.start(version, key="order-1")
        await stage.end(first.run_id)
        racing = await asyncio.gather(*(stage.start(version, key=f"order-{i % 3}") for i in range(30)))
        for one in racing:
            await stage.end(one.run_id)
    assert len({one.run_id for one in racing} | {first.run_id}) == 3
    assert sum(one.is_new for one in racing) == 2
    assert len(site.seen("/act")) == 3


POISONS: dict[str, Any] = {
    "a kind that is not installed": {"nodes": [{"id": "a", "type": "no.such.kind@1"}]},
    "a version that is not installed": {"nodes": [{"id": "a", "type": "set@99"}]},
    "a circle": {
        "nodes": [{"id": "a", "type": "set@1"}, {"id": "b", "type": "set@1"}],
        "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}],
    },
    "an edge to nowhere": {"nodes": [{"id": "a", "type": "set@1"}], "edges": [{"from": "a", "to": "x"}]},
    "an unreadable expression": {"nodes": [{"id": "a", "type": "set@1", "config": {"x": "{{ 1 + }}"}}]},
    "an unreadable condition": {"nodes": [{"id": "a", "type": "set@1", "if": "1 +"}]},
    "an unreadable time limit": {"nodes": [{"id": "a", "type": "set@1"}], "limits": {"time_per_run": "soonish"}},
    "an unreadable timeout": {"nodes": [{"id": "a", "type": "set@1", "timeout": "soonish"}]},
    "an unknown field": {"nodes": [{"id": "a", "type": "set@1", "colour": "red"}]},
    "an unreadable body": {"nodes": [{"id": "a", "type": "group@1", "config": {"flow": {"nodes": "x"}}}]},
    "no object at all": [],
}


async def add_version(stage: Stage, like: UUID, flow: Any) -> UUID:
    async with stage.database.workspace(stage.workspace_id) as connection:
        made: UUID = await connection.fetchval(
            """insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
               select workspace_id, gen_random_uuid(), agent_id, 2, 'x', '', '{}', $2
               from agent_versions where id = $1 returning id""",
            like,
            flow,
        )
    return made


async def test_a_version_that_cannot_run_fails_clearly_and_harms_nobody(own_stage: Stage) -> None:
    stage = own_stage
    good = await stage.publish(document(ACT % ("set", "with: {a: 1}")))
    started: dict[str, UUID] = {}
    for name, flow in POISONS.items():
        like = await stage.publish(document(ACT % ("set", "with: {a: 1}")))
        poison = await add_version(stage, like.id, flow)
        run = await stage.start(like)
        async with stage.database.workspace(stage.workspace_id) as connection:
            await connection.execute("update runs set version_id = $1 where id = $2", poison, run.run_id)
        started[name] = run.run_id
    async with stage.worker() as running:
        for name, run_id in started.items():
            played = await stage.end(run_id)
            assert (played.status, played.run.cause) == ("failed", "undeliverable"), name
            assert played.failure["kind"] == "rejected"
            assert "error of ours" not in played.failure["message"], (name, played.failure)
            assert played.rows == []
        fine = await stage.end((await stage.start(good)).run_id)
        assert not running.task.done()
    assert fine.status == "succeeded"
    async with stage.database.workspace(stage.workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == 0


async def test_two_workers_share_three_hundred_runs(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, site = own_stage, own_stage.site()
    site.on("POST", "/act", lambda seen: Reply(json=seen.json()))
    text = ACT % ("http", 'with: {url: WEB/act, method: POST, json: "{{ inputs.n }}"}')
    version = await stage.publish(document(text, front="inputs:\n  n: integer"), site)
    had: dict[UUID, list[int]] = {}
    async with stage.worker(concurrency=40) as one, stage.worker(concurrency=40) as two:
        for number, running in enumerate((one, two)):
            begin = running.worker._execute

            def noted(claim: Any, *others: Any, number: int = number, begin: Any = begin) -> None:
                had.setdefault(claim.run_id, []).append(number)
                begin(claim, *others)

            monkeypatch.setattr(running.worker, "_execute", noted)
        started = await start_many(stage.database, version, [Start({"n": n}) for n in range(300)], bell=one.bell)
        ends = [await stage.end(run.run_id, site, 30.0) for run in started]
    assert {played.status for played in ends} == {"succeeded"}
    assert [played.output["was"]["body"] for played in ends] == list(range(300))
    assert sorted(seen.json() for seen in site.seen("/act")) == list(range(300))
    assert [len(workers) for workers in had.values()] == [1] * 300
    assert set(itertools.chain(*had.values())) == {0, 1}
    assert all([row.seq for row in played.journal] == [1, 2, 3] for played in ends)
