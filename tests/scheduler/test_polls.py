"""Polls: each new item starts one run, whatever happens to those who poll."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from plainwork.connectors import Found, Item
from plainwork.db import Database, agents, polls, triggers
from plainwork.engine.outside import Outside
from plainwork.engine.polls import MOST_STARTS, ask, settle
from plainwork.engine.versions import Version, Versions
from plainwork.queue import Queue
from plainwork.scheduler import Poller
from plainwork.scheduler.poller import EACH_AT_ONCE, LEASE_S
from plainwork.spec.flow import Flow, Node
from plainwork.spec.model import Input, Limits
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.running import add_version, ended, eventually, working
from tests.scheduler.polling import Shelf, make_due, polling, refusals, started, state
from tests.world import Reply, Web

ONE = {"title": Input()}


@pytest.fixture
def shelf(web: Web) -> Shelf:
    return Shelf(web)


@pytest.fixture
def poller(database: Database, bell: Queue, outside: Outside) -> Poller:
    return Poller(database, bell, outside)


async def publish(database: Database, version: Version, nodes: list[Node], **fields: Any) -> None:
    """Another live version of the agent."""
    flow = msgspec.to_builtins(Flow(nodes=tuple(nodes), **fields))
    async with database.workspace(version.workspace_id) as connection:
        made = await agents.publish(connection, version.agent_id, markdown=str(flow), spec={}, flow=flow)
        await agents.set_live(connection, version.agent_id, made.id)


async def test_each_new_item_starts_a_run_that_sees_it(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    version = await add_version(
        database, workspace_id, [polling(shelf.url), node("a", config={"text": "{{ inputs.title }} {{ trigger.item.id }}"})],
        inputs=ONE,
    )  # fmt: skip
    shelf.put("old", "older than now")
    assert await poller.poll_due() == 0
    assert await poller.poll_due() == 0, "the next is in five minutes"
    assert (shelf.asked, await started(database, workspace_id)) == (1, [])
    shelf.put("a", "b")
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 2
    assert await started(database, workspace_id) == ["a", "b"]
    shelf.put("c")
    for _ in range(3):
        await make_due(database, workspace_id)
        await poller.poll_due()
    assert await started(database, workspace_id) == ["a", "b", "c"]
    now = await state(database, version)
    assert [(one["found"], one["started"]) for one in now.recent] == [(0, 0), (1, 1), (2, 2), (2, 0)]
    assert (now.failures, now.failure, now.begun_at is None) == (0, None, False)
    assert now.next_at is not None
    assert now.last_at is not None
    assert 295 < (now.next_at - now.last_at).total_seconds() < 305
    async with working(database):
        async with database.workspace(workspace_id) as connection:
            run_id = await connection.fetchval("select id from runs order by id limit 1")
        run = await ended(database, workspace_id, run_id)
    assert run.output == {"text": "Thing a a"}
    assert {"kind", "id", "key", "found_at", "uses", "item"} == set(run.trigger)


async def test_what_is_there_already_starts_runs_when_that_is_said(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    await add_version(database, workspace_id, [polling(shelf.url, remember="all"), node("a")])
    shelf.put(*range(MOST_STARTS + 30))
    assert await poller.poll_due() == MOST_STARTS
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 0
    assert await started(database, workspace_id) == [*range(30, MOST_STARTS + 30)]


async def test_many_new_items_are_started_over_several_polls(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    count = 2 * MOST_STARTS + 50
    shelf.put(*range(count))
    await make_due(database, workspace_id)
    assert [await poller.poll_due() for _ in range(4)] == [MOST_STARTS, MOST_STARTS, 50, 0]
    assert await started(database, workspace_id) == [*range(count)]


async def test_many_pollers_start_each_item_once(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web
) -> None:
    shelves = [Shelf(web, f"/{n}") for n in range(6)]
    for one in shelves:
        await add_version(database, workspace_id, [polling(one.url), node("a")])
    many = [Poller(database, bell, outside) for _ in range(4)]
    await many[0].poll_due()
    for round_ in range(4):
        for one in shelves:
            one.put(f"{round_} a", f"{round_} b")
        await make_due(database, workspace_id)
        assert sum(await asyncio.gather(*(poller.poll_due() for poller in many))) == 12
    assert {one.asked for one in shelves} == {5}, "one poller at a time"
    names = await started(database, workspace_id)
    assert sorted(names) == sorted(f"{round_} {name}" for round_ in range(4) for name in "ab" for _ in shelves)


async def test_who_lost_its_lease_settles_nothing(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, shelf: Shelf
) -> None:
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await Poller(database, bell, outside).poll_due()
    shelf.put("a")
    await make_due(database, workspace_id)
    [slow] = await polls.claim_due(database, 1, 1, LEASE_S)
    late = await ask(outside, slow)
    assert await Poller(database, bell, outside).poll_due() == 0, "it is leased"
    await make_due(database, workspace_id)  # its lease ends
    assert await Poller(database, bell, outside).poll_due() == 1
    assert await settle(database, Versions(database), slow, late, 0.0) == []
    assert await started(database, workspace_id) == ["a"]


async def test_what_is_there_already_is_noted_to_its_end_before_anything_starts(
    database: Database, workspace_id: UUID, shelf: Shelf
) -> None:
    """A connector that hands out in several pages what was there before says so (``more``)."""
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])

    async def page(*names: str, cursor: int, more: bool = False) -> int:
        await make_due(database, workspace_id)
        [claimed] = await polls.claim_due(database, 1, 1, LEASE_S)
        found = Found(tuple(Item({"id": name}, name) for name in names), cursor, more)
        return len(await settle(database, Versions(database), claimed, found, 0.0))

    assert await page("a", "b", cursor=1, more=True) == 0
    now = await state(database, version)
    assert now.begun_at is None
    assert now.next_at is not None
    assert now.last_at is not None
    assert (now.next_at - now.last_at).total_seconds() < 1, "the next page is asked for at once"
    assert await page("c", cursor=2, more=True) == 0
    assert await page("d", cursor=3) == 0
    assert (await state(database, version)).begun_at is not None
    assert await page("d", "e", cursor=4) == 1
    assert await started(database, workspace_id) == ["e"]


async def test_a_first_poll_that_says_more_and_gets_nowhere_is_the_only_one(
    database: Database, workspace_id: UUID, shelf: Shelf
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    for names in (("a",), ("a", "b")):
        await make_due(database, workspace_id)
        [claimed] = await polls.claim_due(database, 1, 1, LEASE_S)
        found = Found(tuple(Item({"id": name}, name) for name in names), None, more=True)
        await settle(database, Versions(database), claimed, found, 0.0)
        now = await state(database, version)
        assert now.begun_at is not None
        assert now.next_at is not None
        assert now.last_at is not None
        assert (now.next_at - now.last_at).total_seconds() > 200, "it is not asked again and again"
    assert await started(database, workspace_id) == ["b"]


@pytest.mark.parametrize("moment", ["claimed", "asking"])
async def test_who_is_stopped_gives_back_what_it_holds(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web, moment: str
) -> None:
    version = await add_version(database, workspace_id, [polling(web.url + "/slow"), node("a")])
    web.on("GET", "/slow", Reply(json=[], delay_s=20.0))
    stopped = asyncio.create_task(Poller(database, bell, outside).run())
    await eventually(lambda: _is_held(database, version) if moment == "claimed" else web.seen("/slow"))
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    now = await state(database, version)
    assert (now.is_under_way, now.last_at, now.failures) == (False, None, 0)
    assert len(await polls.claim_due(database, 1, 1, LEASE_S)) == 1, "another one goes on at once"


async def _is_held(database: Database, version: Version) -> bool:
    return (await state(database, version)).is_under_way


async def test_a_poll_that_ends_before_its_commit_is_done_again(
    database: Database, workspace_id: UUID, poller: Poller, outside: Outside, shelf: Shelf
) -> None:
    """What the commit holds, it holds all of: runs, keys, and where to go on."""
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    shelf.put("a", "b")
    await make_due(database, workspace_id)
    [claimed] = await polls.claim_due(database, 1, 1, LEASE_S)
    await ask(outside, claimed)
    assert await started(database, workspace_id) == []
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 2
    assert await started(database, workspace_id) == ["a", "b"]


async def test_a_paused_agent_is_not_polled_and_goes_on_where_it_was(
    database: Database, workspace_id: UUID, poller: Poller, outside: Outside, shelf: Shelf
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()

    async def agent_paused(paused: bool) -> None:
        async with database.workspace(workspace_id) as connection:
            await agents.change(connection, version.agent_id, paused=paused)

    async def trigger_paused(paused: bool) -> None:
        async with database.workspace(workspace_id) as connection:
            await triggers.pause(connection, version.agent_id, "trigger-1", paused=paused)

    for pause, name in ((agent_paused, "a"), (trigger_paused, "b")):
        shelf.put(name)
        await make_due(database, workspace_id)
        [under_way] = await polls.claim_due(database, 1, 1, LEASE_S)
        found = await ask(outside, under_way)
        await pause(True)
        assert await settle(database, Versions(database), under_way, found, 0.0) == []
        await make_due(database, workspace_id)
        assert await poller.poll_due() == 0
        assert (await state(database, version)).next_at is None
        await pause(False)
        await make_due(database, workspace_id)
        assert await poller.poll_due() == 1
    assert await started(database, workspace_id) == ["a", "b"]


async def test_another_version_goes_on_where_the_one_before_was(
    database: Database, workspace_id: UUID, poller: Poller, outside: Outside, shelf: Shelf
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    shelf.put("a")
    await make_due(database, workspace_id)
    [under_way] = await polls.claim_due(database, 1, 1, LEASE_S)
    found = await ask(outside, under_way)
    other = polling("http://127.0.0.1:9/none")
    moved = polling(shelf.url, id="trigger-2", every="1 hour", map={"title": "{{ trigger.item.title }}"})
    await publish(database, version, [other, moved, node("b")], inputs=ONE)
    assert len(await settle(database, Versions(database), under_way, found, 0.0)) == 1
    async with database.workspace(workspace_id) as connection:
        run = await connection.fetchrow("select version_id, inputs, trigger from runs")
        live = await connection.fetchval("select live_version_id from agents")
    assert (run["version_id"], run["inputs"]) == (live, {"title": "Thing a"}), "it is the live version's"
    assert run["trigger"]["id"] == "trigger-2"
    shelf.put("b")
    await make_due(database, workspace_id)
    await poller.poll_due()
    assert await started(database, workspace_id) == ["a", "b"]


async def test_other_settings_begin_anew_and_no_trigger_is_no_poll(
    database: Database, workspace_id: UUID, poller: Poller, outside: Outside, shelf: Shelf
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    shelf.put("a")
    await make_due(database, workspace_id)
    [under_way] = await polls.claim_due(database, 1, 1, LEASE_S)
    found = await ask(outside, under_way)
    await publish(database, version, [polling(shelf.url, query={"all": 1}), node("a")])
    assert await settle(database, Versions(database), under_way, found, 0.0) == [], "it is not asked like this any more"
    assert await poller.poll_due() == 0, "what is there is remembered"
    shelf.put("b")
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 1
    await publish(database, version, [node("a")])
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from polls") == 0
        assert await connection.fetchval("select count(*) from poll_keys") == 0
    assert await started(database, workspace_id) == ["b"]


async def test_one_poisonous_item_stops_nothing(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    version = await add_version(
        database, workspace_id, [polling(shelf.url, map={"n": "{{ trigger.item.n }}"}), node("a")], inputs={"n": Input(type="number")},
    )  # fmt: skip
    await poller.poll_due()
    shelf.items = [{"id": 3, "n": 3}, {"id": 2, "n": "two"}, {"id": 0, "n": 1, "x": "y" * 1100000}, {"id": 1, "n": 1}]
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 2
    assert await started(database, workspace_id) == [1, 3]
    large, wrong = await refusals(database, workspace_id)
    assert "larger than 1 MiB" in large
    assert "n" in wrong
    assert (await state(database, version)).recent[0]["refused"] == 2
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 0, "it is not tried again"
    assert len(await refusals(database, workspace_id)) == 2


async def test_an_item_that_the_database_refuses_stops_nothing(
    database: Database, database_url: str, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    shelf.put("a", "bad", "c")
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        """create function refuse_bad() returns trigger language plpgsql as $$ begin
               if new.trigger->'item'->>'id' = 'bad' then raise exception 'no' using errcode = '22023'; end if;
               return new; end $$;
           create trigger refuse_bad before insert on runs for each row execute function refuse_bad()""",
    )
    await owner.close()
    for _ in range(4):
        await make_due(database, workspace_id)
        await poller.poll_due()
    assert await started(database, workspace_id) == ["a", "c"]
    assert await refusals(database, workspace_id) == ["A run of this item cannot be recorded."]


async def test_failures_are_told_and_waited_out(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf, web: Web
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    await poller.poll_due()
    shelf.put("a")
    web.on("GET", "/things", Reply(503), Reply(500), Reply(429, headers={"Retry-After": "1200"}), shelf._show)
    waits = []
    for _ in range(3):
        await make_due(database, workspace_id)
        assert await poller.poll_due() == 0
        now = await state(database, version)
        assert now.next_at is not None
        assert now.last_at is not None
        waits.append(round((now.next_at - now.last_at).total_seconds()))
    assert waits == [60, 120, 1200]
    assert now.failures == 3
    assert "429" in now.failure["message"]
    assert now.failure["kind"] == "retry"
    await publish(database, version, [polling(shelf.url), node("b")])
    assert await poller.poll_due() == 0, "another version does not ask sooner than the other side wishes"
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 1
    now = await state(database, version)
    assert (now.failures, now.failure) == (0, None)
    assert [one["failure"] is None for one in now.recent] == [True, False, False, False]


async def test_items_without_a_key_are_told_apart_by_what_is_in_them(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    shelf.items = [{"text": "same"}, {"text": "first"}]
    await poller.poll_due()
    shelf.items = [{"text": "same"}, {"text": "new"}, *shelf.items]
    for _ in range(2):
        await make_due(database, workspace_id)
        await poller.poll_due()
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select trigger from runs order by id")
    assert [row["trigger"]["item"]["text"] for row in rows] == ["new", "same"]


async def test_what_is_listed_still_is_never_forgotten(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "KEPT_KEYS", 5)
    await add_version(database, workspace_id, [polling(shelf.url), node("a")])
    shelf.put(*range(8))
    await poller.poll_due()
    everything = list(shelf.items)
    for n in range(8, 20):
        shelf.put(n)
        await make_due(database, workspace_id)
        await poller.poll_due()
    shelf.items = shelf.items[:2]
    for n in range(20, 24):
        shelf.put(n)
        await make_due(database, workspace_id)
        await poller.poll_due()
    assert await started(database, workspace_id) == [*range(8, 24)]
    async with database.workspace(workspace_id) as connection:
        kept = {row[0] for row in await connection.fetch("select key from poll_keys")}
    assert len(kept) == 6
    assert not kept & {str(one["id"]) for one in everything}


async def test_a_days_limit_keeps_the_rest_for_later(
    database: Database, workspace_id: UUID, poller: Poller, shelf: Shelf
) -> None:
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")], limits=Limits(runs_per_day=3))
    await poller.poll_due()
    shelf.put(*range(5))
    for _ in range(3):
        await make_due(database, workspace_id)
        await poller.poll_due()
    assert await started(database, workspace_id) == [0, 1, 2]
    assert "3 times a day" in (await state(database, version)).failure["message"]
    await publish(database, version, [polling(shelf.url), node("a")], limits=Limits(runs_per_day=5))
    for _ in range(2):
        await make_due(database, workspace_id)
        await poller.poll_due()
    assert await started(database, workspace_id) == [0, 1, 2, 3, 4]


async def test_of_each_workspace_only_so_many_are_polled_at_once(
    database: Database, workspace_id: UUID, shelf: Shelf
) -> None:
    for n in range(EACH_AT_ONCE + 5):
        await add_version(database, workspace_id, [polling(shelf.url, every=f"{n + 10} minutes"), node("a")])
    other = await add_workspace(database, "Other")
    await add_version(database, other, [polling(shelf.url), node("a")])
    first = await polls.claim_due(database, 100, EACH_AT_ONCE, LEASE_S)
    assert sorted(one.workspace_id == other for one in first) == [False] * EACH_AT_ONCE + [True]
    assert await polls.claim_due(database, 100, EACH_AT_ONCE, LEASE_S) == []
