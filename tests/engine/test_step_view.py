"""What is shown of one step: the settings it was given, worked out again, are those that it really had."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, run_steps
from plainwork.db.runs import Run
from plainwork.engine import execution, step_view
from plainwork.engine.kinds import Call
from plainwork.engine.outside import Outside
from plainwork.engine.step_view import StepView, look
from plainwork.engine.versions import Version
from plainwork.errors import NotFound
from plainwork.spec.flow import Node
from plainwork.spec.model import Input
from tests.engine.flows import chain, edge, loop, node, retry
from tests.engine.running import Running, add_version, eventually, in_state, working
from tests.world import Reply, Web


async def seen(database: Database, version: Version, run_id: UUID, path: str) -> StepView:
    async with database.workspace(version.workspace_id) as connection:
        begun = await run_steps.beginning(connection, run_id)
        assert begun is not None
        return await look(connection, version, run_id, begun, path)


async def finished(running: Running, version: Version, **inputs: Any) -> Run:
    return await running.finish(version, inputs)


async def test_what_a_step_was_given_is_what_it_really_had(
    database: Database, workspace_id: UUID, web: Web, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of a run with loops in loops, retries, routes and errors: its settings are noted as it is taken."""
    had: dict[str, dict[str, Any]] = {}
    make = execution.Execution._call

    def noted(self: execution.Execution, task: Any, config: dict[str, Any], key: str | None = None) -> Call:
        had[task.path] = config
        return make(self, task, config, key)

    monkeypatch.setattr(execution.Execution, "_call", noted)
    web.on("GET", "/flaky", Reply(503), Reply(json={"tags": ["a", "b"]}))
    web.on("GET", "/gone", Reply(404))
    web.on("POST", "*", Reply(json={"id": 7}))
    url = web.url
    fetch = node(
        "fetch", "http", config={"url": url + "/flaky", "query": {"q": "{{ inputs.q }}"}}, retry=retry(2, "5ms")
    )
    inner = [
        node("say", config={"text": "{{ item }}/{{ index }}/{{ inputs.q }}/{{ run.started_at }}"}),
        loop("rounds", "repeat", [node("turn", config={"n": "{{ index }}", "of": "{{ item }}"})], max=2),
        node("post", "http", config={"url": url + "/{{ say.text }}", "method": "POST", "json": "{{ rounds.count }}"}),
    ]
    each = loop("each", "foreach", inner, chain("say", "rounds", "post"), items="{{ fetch.body.tags }}", at_once=2)
    nodes = [
        fetch,
        each,
        loop("box", "group", [node("packed", config={"all": "{{ each.results }}"})]),
        node("gone", "http", config={"url": url + "/gone"}),
        node("alert", config={"why": "{{ error.message }}", "vars": "{{ vars }}"}, lane="errors"),
        node("never", config={"x": 1}),
    ]
    edges = [*chain("fetch", "each", "box", "gone", "never"), edge("gone", "alert", on="error")]
    inputs = {"q": Input(type="text")}
    version = await add_version(database, workspace_id, nodes, edges, inputs=inputs)
    async with working(database, outside) as running:
        run = await finished(running, version, q="blue sky")
    assert run.status == "succeeded"
    assert {"fetch", "each[1].rounds[1].turn", "each[0].post", "box.packed", "alert"} <= set(had)
    for path, config in had.items():
        view = await seen(database, version, run.id, path)
        assert view.input == config, path
        assert view.input_missing is None
    assert (await seen(database, version, run.id, "each")).input == {"items": ["a", "b"], "at_once": 2}
    view = await seen(database, version, run.id, "fetch")
    assert [(row.attempt, row.status) for row in view.attempts] == [(1, "failed"), (2, "succeeded")]
    assert (view.status, view.kind, view.node, view.name) == ("succeeded", "http", "fetch", "Fetch")
    assert view.took_ms == pytest.approx(sum(row.took_ms or 0 for row in view.attempts))
    skipped = await seen(database, version, run.id, "never")
    assert (skipped.status, skipped.input) == ("skipped", None)
    assert "came to this step" in (skipped.input_missing or "")
    took = (await seen(database, version, run.id, "each")).took_ms
    assert took is not None
    assert took > 0


async def test_a_step_under_way_shows_what_it_was_given(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=30))
    each = loop("each", "foreach", [node("get", "http", config={"url": web.url + "/{{ item }}"})], items=["slow"])
    version = await add_version(database, workspace_id, [node("a"), each, node("z")], chain("a", "each", "z"))
    async with working(database, outside) as running:
        started = await running.start(version)
        await eventually(lambda: web.requests)
        await in_state(database, workspace_id, started.run_id, "running")
        loop_view = await seen(database, version, started.run_id, "each")
        view = await seen(database, version, started.run_id, "each[0].get")
        later = await seen(database, version, started.run_id, "z")
    assert (loop_view.status, loop_view.input) == ("running", {"items": ["slow"]})
    assert (view.status, view.input, view.attempts) == ("running", {"url": web.url + "/slow"}, [])
    assert (later.status, later.input) == ("pending", None)
    assert "not come to this step yet" in (later.input_missing or "")


async def test_why_there_are_no_settings(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = node("large", config={"text": "x" * 300_000})
    bad = node("bad", config={"n": "{{ large.nothing }}"})
    version = await add_version(database, workspace_id, [large, bad, node("after")], chain("large", "bad", "after"))
    async with working(database) as running:
        run = await finished(running, version)
    assert run.status == "failed"
    bad_view = await seen(database, version, run.id, "bad")
    assert (bad_view.status, bad_view.input) == ("failed", None)
    assert "nothing" in (bad_view.input_missing or "")
    never = await seen(database, version, run.id, "after")
    assert "ended before" in (never.input_missing or "")
    with pytest.raises(NotFound):
        await seen(database, version, run.id, "after[0].large")
    with monkeypatch.context() as limits:
        limits.setattr(step_view, "MOST_BLOB_BYTES", 1000)
        assert "Too much" in ((await seen(database, version, run.id, "bad")).input_missing or "")
    async with database.workspace(workspace_id) as connection:
        begun = await run_steps.beginning(connection, run.id)
        assert begun is not None
        view = await look(connection, None, run.id, begun, "large")
    assert (view.kind, view.status, view.input) == (None, "succeeded", None)
    assert "cannot be read" in (view.input_missing or "")


async def test_what_code_printed(database: Database, workspace_id: UUID) -> None:
    code: Node = node("sum", "code", config={"code": 'print("adding", n)\nn + 1', "n": "{{ inputs.n }}"})
    version = await add_version(database, workspace_id, [code], inputs={"n": Input(type="integer")})
    async with working(database) as running:
        run = await finished(running, version, n=41)
    view = await seen(database, version, run.id, "sum")
    assert view.printed == "adding 41\n"
    assert view.input is not None
    assert view.input["n"] == 41
    assert "print" in view.input["code"]


async def test_a_waiting_run_shows_its_wait(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "{{ 1 }} hour"})])
    async with working(database) as running:
        started = await running.start(version)
        await in_state(database, workspace_id, started.run_id, "waiting")
        view = await seen(database, version, started.run_id, "pause")
    assert (view.status, view.input) == ("waiting", {"for": "1 hour"})
