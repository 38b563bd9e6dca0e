"""How many requests a caller may make, and how they are told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from plainwork import db
from plainwork.api import rates
from plainwork.api.rates import Rate, Shares
from plainwork.errors import Unavailable
from plainwork.settings import Settings
from tests.api.support import API, Place, serving

SIX_A_MINUTE = 6


@pytest.fixture
async def slow(tmp_path: Path, module_database_url: str) -> AsyncIterator[Place]:
    """A workspace whose callers may make six requests a minute."""
    async with serving(tmp_path, module_database_url, works=False, requests_per_minute=SIX_A_MINUTE) as api:
        yield await api.place()


def left(answer: httpx.Response) -> tuple[int, int]:
    """How many requests are left, and in how many seconds all are there again."""
    assert re.fullmatch(r'"caller";q=\d+;w=60', answer.headers["ratelimit-policy"])
    found = re.fullmatch(r'"caller";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert found
    return int(found[1]), int(found[2])


async def test_every_answer_tells_how_many_are_left(place: Place) -> None:
    answers = [
        await place.as_owner.get(API + "/agents"),
        await place.as_owner.get(API + "/agents/nothing"),
        await place.as_owner.post(API + "/agents", content=b"{", headers={"Content-Type": "application/json"}),
        await place.api.client().get(API + "/agents"),
        await place.api.client().get(API + "/visitor"),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 400, 401, 200]
    assert all(answer.headers["ratelimit-policy"] == '"caller";q=60000;w=60' for answer in answers)
    assert all(59_000 < left(answer)[0] < 60_000 and left(answer)[1] <= 1 for answer in answers)
    assert "ratelimit" not in (await place.as_owner.get("/healthz")).headers


async def test_whoever_asks_too_often_is_told_when_to_come_back(slow: Place) -> None:
    asked = [await slow.as_owner.get(API + "/agents") for _ in range(SIX_A_MINUTE)]
    assert {answer.status_code for answer in asked} == {200}
    assert [left(answer)[0] for answer in asked] == [5, 4, 3, 2, 1, 0]
    over = await slow.as_owner.get(API + "/agents")
    assert (over.status_code, over.json()["code"]) == (429, "LimitReached")
    assert left(over)[0] == 0
    assert 8 <= int(over.headers["retry-after"]) <= 10
    assert 50 <= left(over)[1] <= 60


async def test_each_caller_has_requests_of_their_own(slow: Place) -> None:
    for _ in range(SIX_A_MINUTE + 1):
        last = await slow.as_owner.get(API + "/agents")
    assert last.status_code == 429
    key, person = await slow.program(), await slow.person()
    assert left(await key.get(API + "/agents"))[0] == 5
    assert left(await person.get(API + "/agents"))[0] == 5
    again = slow.api.client(headers=dict(person.headers), cookies=person.cookies)
    assert left(await again.get(API + "/session"))[0] == 4, "one person, wherever from"


async def test_nobody_guesses_keys_for_long(slow: Place) -> None:
    guesses = [slow.api.client(token=f"pwk_{number:032x}_{number:064x}") for number in range(SIX_A_MINUTE + 1)]
    answers = [await guess.get(API + "/agents") for guess in guesses]
    assert [answer.status_code for answer in answers] == [401] * SIX_A_MINUTE + [429]
    assert (await slow.as_owner.get(API + "/agents")).status_code == 200, "whoever has a key is let in all the same"


async def test_what_is_used_comes_back_evenly(tmp_path: Path, module_database_url: str) -> None:
    async with serving(tmp_path, module_database_url, works=False, requests_per_minute=300) as api:
        place = await api.place()
        while (await place.as_owner.get(API + "/kinds/http")).status_code == 200:
            pass
        await asyncio.sleep(0.25)
        assert (await place.as_owner.get(API + "/agents")).status_code == 200


async def test_zero_is_no_limit(tmp_path: Path, module_database_url: str) -> None:
    async with serving(tmp_path, module_database_url, works=False, requests_per_minute=0) as api:
        answer = await api.client().get(API + "/visitor")
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


# ── Several processes ────────────────────────────────────────────────────────────────────────────────────────────────
def take(rate: Rate, count: int, key: object = "somebody") -> int:
    """How many of so many are let through."""
    return sum(rate.wait_s(key) == 0 for _ in range(count))


async def test_processes_count_together(database: db.Database) -> None:
    rates = [Rate("test", 60) for _ in range(3)]
    processes = [Shares(database, [rate]) for rate in rates]
    assert [take(rate, 15) for rate in rates] == [15, 15, 15]
    await asyncio.gather(*(process.share() for process in processes))
    assert sum(take(rate, 1) for rate in rates) == 3  # and with what is told of it, each hears of all
    for process in processes:
        await process.share()
    assert rates[2].level("somebody") == pytest.approx(12, abs=1)
    assert rates[0].level("another") == 60
    assert take(Rate("another", 60), 60) == 60


async def test_what_was_too_much_together_is_waited_for(database: db.Database) -> None:
    one, two = Rate("test", 60), Rate("test", 60)
    assert take(one, 60) + take(two, 60) == 120  # within the same second
    await Shares(database, [one]).share()
    await Shares(database, [two]).share()
    assert two.wait_s("somebody") == pytest.approx(61, abs=2)
    assert take(two, 1) == 0


async def test_what_could_not_be_told_is_told_later(database: db.Database, tmp_path: Path) -> None:
    rate, other = Rate("test", 60), Rate("test", 60)
    away = await db.open(Settings(data_dir=tmp_path, database_url=database.login.url), migrate=False)
    await away.close()
    assert take(rate, 20) == 20
    with pytest.raises((Unavailable, OSError)):
        await Shares(away, [rate]).share()
    assert take(rate, 1) == 1
    await Shares(database, [rate]).share()
    take(other, 1)
    await Shares(database, [other]).share()
    assert other.level("somebody") == pytest.approx(38, abs=1)


async def test_an_outage_under_a_crowd_fills_no_memory(
    database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_KEPT", 100)
    rate = Rate("test", 60)
    away = await db.open(Settings(data_dir=tmp_path, database_url=database.login.url), migrate=False)
    await away.close()
    for crowd in range(3):
        for number in range(150):
            rate.wait_s((crowd, number))
        assert len(rate.untold) == 100
        with pytest.raises((Unavailable, OSError)):
            await Shares(away, [rate]).share()
        assert rate.untold == {(crowd, number): 1 for number in range(50, 150)}


async def test_callers_are_the_same_to_all_processes(slow: Place, tmp_path: Path, module_database_url: str) -> None:
    async with serving(tmp_path, module_database_url, works=False, requests_per_minute=SIX_A_MINUTE) as another:
        there = another.client(token=slow.as_owner.headers["Authorization"].removeprefix("Bearer "))
        for client in (slow.as_owner, there):
            for _ in range(4):
                assert (await client.get(API + "/agents")).status_code == 200
        for api in (slow.api, another):
            await api.app.state.shares.share()
        over = await there.get(API + "/agents")
        assert (over.status_code, left(over)[0]) == (429, 0)
        assert 20 < int(over.headers["retry-after"]) <= 30
