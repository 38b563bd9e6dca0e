"""What is seen of a run while it goes on: steps begin, models speak, and who joins in the middle has missed nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database
from plainwork.engine import live
from plainwork.engine.events import Event, Events, _Watcher
from plainwork.engine.outside import Outside
from plainwork.engine.plan import Task
from plainwork.llm import CallRecord, Credential, Gateway
from plainwork.log import Redactor
from plainwork.net import Client
from plainwork.spec.flow import Node
from tests.engine.flows import chain, graph, loop, node, retry
from tests.engine.running import Running, add_version, ended, eventually, journal_of, working
from tests.world import Reply, World

MODEL = "openai:gpt-4o-mini"
BY_A_PERSON = {"kind": "manual", "by": "user:somebody"}
STORY = "Once upon a time there was a small test that watched a model speak."


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


@pytest.fixture
async def outside(world: World) -> AsyncIterator[Outside]:
    async def keys(_: str) -> Credential:
        return Credential(key=world.models.key, base_url=world.models.openai_url)

    async with Client(world.allow_hosts) as client:

        def gateway(_: UUID, record: Callable[[CallRecord], None]) -> Gateway:
            return Gateway(client, keys, record, base_urls={})

        yield Outside(net=client, gateway=gateway)


def ask(id: str = "ask", **fields: Any) -> Node:
    return node(id, "llm", **{"config": {"prompt": "Tell a story."}, "model": MODEL} | fields)


async def watched(running: Running, workspace_id: UUID, run_id: UUID) -> list[Event]:
    async with aclosing(running.worker.events.watch(workspace_id, run_id)) as stream:
        return [event async for event in stream]


def spoken(events: list[Event], path: str = "ask") -> list[str]:
    """The pieces of the answer that counts: those after the step was last told to begin."""
    pieces: list[str] = []
    for event in events:
        if event.path == path and event.seq == 0:
            pieces = [*pieces, event.delta] if event.delta is not None else []
    return pieces


async def test_a_models_answer_is_heard_as_it_is_said(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    world.models.say(STORY, pause_s=0.02)
    version = await add_version(database, workspace_id, [ask()])
    async with working(database, outside) as running:
        started = await running.start(version, trigger=BY_A_PERSON)
        events = await watched(running, workspace_id, started.run_id)
    pieces = spoken(events)
    assert "".join(pieces) == STORY
    assert 1 < len(pieces) < len(STORY.split()), "pieces come together, twenty times a second at most"
    assert [event.output["text"] for event in events if event.status == "succeeded" and event.path] == [STORY]


async def test_what_comes_of_a_step_is_the_same_whether_anybody_listens(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    asked = ask(config={"prompt": "Count.", "schema": schema})
    world.models.say('{"n": "many"}', '{"n": 3}', '{"n": "many"}', '{"n": 3}', tokens_in=100, tokens_out=7, cached=20)
    version = await add_version(database, workspace_id, [asked])
    async with working(database, outside) as running:
        alone = await running.finish(version)
        started = await running.start(version, trigger=BY_A_PERSON)
        await watched(running, workspace_id, started.run_id)
        heard = await ended(database, workspace_id, started.run_id)
    assert [bool(request.get("stream")) for request in world.models.asked] == [False, False, True, False]
    assert heard.output == alone.output
    assert heard.output["data"] == {"n": 3}
    assert (heard.tokens, heard.cost_usd) == (alone.tokens, alone.cost_usd)
    assert alone.cost_usd > 0


async def test_an_answer_that_breaks_off_is_begun_anew(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    """The first model of a chain stops in the middle: the next one answers, as it would have unheard."""
    half = b'data: {"choices": [{"index": 0, "delta": {"content": "Once up"}, "finish_reason": null}]}\n\n'
    world.models.answer(Reply(chunks=[half], headers={"Content-Type": "text/event-stream"}, pause_s=0.1))
    world.models.say(STORY)
    version = await add_version(database, workspace_id, [ask(model=(MODEL, "openai:gpt-4o"))])
    async with working(database, outside) as running:
        started = await running.start(version, trigger=BY_A_PERSON)
        events = await watched(running, workspace_id, started.run_id)
        run = await ended(database, workspace_id, started.run_id)
    assert "Once up" in [event.delta for event in events]
    assert "".join(spoken(events)) == STORY
    assert run.output["text"] == STORY


async def test_who_joins_in_the_middle_hears_all_of_it(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    world.models.say(STORY, pause_s=0.05)
    each = loop("each", "foreach", [node("before"), ask()], chain("before", "ask"), items="{{ range(1) }}")
    version = await add_version(database, workspace_id, [each])
    async with working(database, outside) as running:
        started = await running.start(version, trigger=BY_A_PERSON)
        first = asyncio.create_task(watched(running, workspace_id, started.run_id))
        await eventually(lambda: world.models.asked)
        await asyncio.sleep(0.3)
        late = await watched(running, workspace_id, started.run_id)
        early = await first
    assert "".join(spoken(early, "each[0].ask")) == STORY
    assert "".join(spoken(late, "each[0].ask")) == STORY
    assert [e.path for e in late if e.status == "running" and e.type == "step"][:2] == ["each", "each[0].ask"]
    assert late[-1].status == "succeeded"


async def test_every_step_is_told_to_begin_and_none_after_its_end(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    world.web.on("GET", "/slow", Reply(json=1, delay_s=0.05))
    world.web.on("GET", "/late", Reply(json=1, delay_s=0.3))
    get = node("get", "http", config={"url": world.web.url + "/slow"})
    each = loop("each", "foreach", [get, node("note")], chain("get", "note"), items="{{ range(3) }}", at_once=2)
    box = loop("box", "group", [node("inner", "http", config={"url": world.web.url + "/slow"})])
    first = node("first", "http", config={"url": world.web.url + "/late"})
    version = await add_version(database, workspace_id, [first, each, box], chain("first", "each", "box"))
    async with working(database, outside) as running:
        started = await running.start(version)
        events = await watched(running, workspace_id, started.run_id)
        rows = await journal_of(database, version, started.run_id)
    begun = {event.path for event in events if event.type == "step" and event.status == "running"}
    assert begun == {row.path for row in rows}
    assert all(datetime.fromisoformat(event.at or "") for event in events if event.status == "running" and event.path)
    over: set[str | None] = set()
    for event in events:
        assert event.seq or event.path not in over, f"{event.path} was told of after its end"
        if event.status == "succeeded" and event.type == "step":
            over.add(event.path)


async def test_each_attempt_is_told_to_begin(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    world.web.on("GET", "/a", Reply(503, delay_s=0.2), Reply(json=1, delay_s=0.2))
    get = node("get", "http", config={"url": world.web.url + "/a"}, retry=retry(1, "10ms"))
    version = await add_version(database, workspace_id, [get])
    async with working(database, outside) as running:
        started = await running.start(version)
        events = await watched(running, workspace_id, started.run_id)
    told = [(event.status, event.attempt) for event in events if event.type == "step"]
    assert told == [("running", 1), ("failed", 1), ("running", 2), ("succeeded", 2)]


async def test_waiting_for_the_end_is_not_listening(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    events = Events(database)
    version = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "300ms"})])
    async with working(database, outside, events=events) as running:
        started = await running.start(version)
        async with aclosing(events.watch(workspace_id, started.run_id, is_live=False)) as stream:
            seen = []
            async for event in stream:
                assert not events.is_watched(started.run_id)
                seen.append(event)
    assert [event.path for event in seen if event.type == "step"] == ["pause", "pause"]


def test_a_slow_watcher_misses_nothing_that_is_said() -> None:
    watcher = _Watcher(is_live=True)
    for n in range(5000):
        watcher.take_in(Event("step", "running", path=f"each[{n % 4}].ask", attempt=1, delta=f"{n} "), 0)
    kept = {event.path: event.delta for event in watcher.take_live(0)}
    assert kept["each[1].ask"] == "".join(f"{n} " for n in range(1, 5000, 4))
    assert len(kept) == 4


class Stage:
    """A run whose events are collected."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self.redactor = redactor
        self.events: list[Event] = []
        self.seq = 0

    def is_watched(self) -> bool:
        return True

    is_listened_to = is_watched

    def tell(self, event: Event) -> None:
        self.events.append(event)


async def test_a_secret_that_arrives_in_pieces_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PIECE_EVERY_S", 0.0)
    stage = Stage(Redactor(["s3cr3t-of-the-house"]))
    told = live.Live(stage)
    task = Task("ask", graph([ask()]).level.steps[0])
    told.begin(task, 0.0)
    hear = told.listener(task)
    assert hear is not None
    for letter in "It is s3cr3t-of-the-house, " + "and so on " * 20:
        hear(letter)
        await asyncio.sleep(0)
    said = "".join(event.delta or "" for event in stage.events)
    assert said.startswith("It is ")
    assert "s3cr3t" not in said
    assert "and so on" in said
