"""Canaries: the share of runs that falls to a candidate, however they start, and how it ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from plainwork.db import canaries
from plainwork.releases import canary as releases
from plainwork.scheduler.loop import Scheduler
from tests.api.sending import Sender, sending, step
from tests.api.support import GREETER, Client, Place, titled
from tests.api.test_live import WRONG, codes
from tests.scheduler.clockwork import Clock

LIVE = sending("Answers", step("Answer", "respond", '{body: {by: "live"}}'))
CANDIDATE = LIVE.replace('by: "live"', 'by: "candidate"')
FAILING = sending("Answers", step("Break", "fail", "{message: It broke}"))
HOURLY = GREETER.replace("agentspec: 1\n", "agentspec: 1\nwhen: every minute\n").replace(
    "Who is greeted}", "Who is greeted, default: you}"
)


class Canary:
    """An agent whose version 1 is live, with version 2 as its candidate."""

    def __init__(self, place: Place, agent: dict[str, Any]) -> None:
        self.place, self.client, self.agent = place, place.as_owner, agent
        self.path = f"/agents/{agent['id']}"

    async def begin(self, **more: Any) -> dict[str, Any]:
        body = {"version": 2, "share": 50} | more
        return dict(await self.client.ok("POST", f"{self.path}/canary", 201, json=body))

    async def now(self) -> dict[str, Any]:
        return dict(await self.client.ok("GET", f"{self.path}/canary"))

    async def run(self, key: str | None = None, **more: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        path, params = f"{self.path}/runs", {"wait": 20}
        return dict(await self.client.ok("POST", path, 200, params=params, headers=headers, json=more))

    async def audited(self) -> list[str]:
        return [entry.action for entry in await self.place.audited() if entry.action.startswith("canary.")]


def ends(fared: dict[str, Any]) -> tuple[int, int]:
    """How many runs have ended, and how many of them failed."""
    return fared["ended"], fared["failed"]


async def of(place: Place, live: str, candidate: str) -> Canary:
    made = Canary(place, await place.as_owner.agent(live))
    await place.as_owner.ok("POST", f"{made.path}/versions", 201, json={"markdown": candidate})
    return made


@pytest.fixture
async def canary(place: Place) -> Canary:
    return await of(place, LIVE, CANDIDATE)


# ── Which runs ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_share_of_the_runs_falls_to_the_candidate_and_says_so(canary: Canary) -> None:
    begun = await canary.begin()
    assert (begun["version"], begun["live_version"], begun["share"], begun["outcome"]) == (2, 1, 50, None)
    ran = [await canary.run(key=f"order {number}") for number in range(40)]
    assert {(run["version"], run["canary"]) for run in ran} == {(1, False), (2, True)}
    assert 8 <= sum(run["canary"] for run in ran) <= 32
    told = await canary.now()
    assert ends(told["runs"]) == (sum(run["canary"] for run in ran), 0)
    assert ends(told["live_runs"]) == (40 - told["runs"]["ended"], 0)
    took = [run["took_ms"] for run in ran if run["canary"]]
    assert min(took) <= told["runs"]["p95_ms"] <= max(took)
    assert told["runs"]["cost_usd"] == 0
    listed = (await canary.client.ok("GET", f"{canary.path}/runs"))["runs"]
    assert {run["id"]: run["canary"] for run in listed} == {run["id"]: run["canary"] for run in ran}


async def test_a_key_always_falls_the_same_way(canary: Canary) -> None:
    await canary.begin()
    async with canary.place.api.database.workspace(canary.place.id) as connection:
        live = UUID((await canary.client.ok("GET", f"{canary.path}"))["live_version_id"])
        words = [f"customer {number}" for number in range(2000)]

        async def fallen() -> list[bool]:
            found = [await canaries.choose(connection, UUID(canary.agent["id"]), live, word) for word in words]
            return [one is not None for one in found]

        half = await fallen()
        assert half == await fallen()
        assert 900 < sum(half) < 1100
        await canaries.set_share(connection, UUID(canary.agent["id"]), 5)
        few = await fallen()
        assert 60 < sum(few) < 140
        assert all(was for was, still in zip(half, few, strict=True) if still)


async def test_webhooks_fall_to_the_candidate_too(canary: Canary) -> None:
    sender = Sender(canary.place, canary.agent)
    await canary.begin()
    said = [(await sender.post("/go", json={})).json()["by"] for _ in range(40)]
    runs = (await canary.client.ok("GET", f"{canary.path}/runs", params={"limit": 100}))["runs"]
    assert set(said) == {"live", "candidate"}
    assert said.count("candidate") == sum(run["canary"] for run in runs)
    await canary.client.ok("POST", f"{canary.path}/canary/stop")
    assert {(await sender.post("/go", json={})).json()["by"] for _ in range(10)} == {"live"}


async def test_schedules_fall_to_the_candidate_too(place: Place) -> None:
    scheduled = await of(place, HOURLY, HOURLY.replace("Hello", "Good day"))
    await scheduled.begin()
    clock = Clock()
    scheduler = Scheduler(place.api.database, place.api.bell, now=clock)
    await scheduler.fire_due()
    for _ in range(24):
        clock.pass_(minutes=1)
        await scheduler.fire_due()
    runs = (await scheduled.client.ok("GET", f"{scheduled.path}/runs", params={"limit": 100}))["runs"]
    assert {(run["version"], run["canary"]) for run in runs} == {(1, False), (2, True)}
    assert {run["trigger"]["kind"] for run in runs} == {"schedule"}


async def test_all_that_one_run_calls_falls_the_same_way(canary: Canary) -> None:
    slug = canary.agent["slug"]
    calls = "".join(step(f"Call {name}", "agent.call", f"{{agent: {slug}}}") for name in ("one", "two"))
    caller = Canary(canary.place, await canary.client.agent(sending("Caller", calls)))
    await canary.begin()
    fell = set()
    for _ in range(16):
        ran = await canary.client.ok("GET", f"/runs/{(await caller.run())['id']}")
        children = [await canary.client.ok("GET", f"/runs/{child['id']}") for child in ran["children"]]
        assert len(children) == 2
        [falls] = {(child["version"], child["canary"]) for child in children}
        fell.add(falls)
    assert fell == {(1, False), (2, True)}


async def test_a_version_that_is_named_is_what_runs(canary: Canary) -> None:
    await canary.begin()
    hashes = {
        one["number"]: one["content_hash"]
        for one in (await canary.client.ok("GET", f"{canary.path}/versions"))["versions"]
    }
    for number in (1, 2):
        for named in (number, hashes[number]):
            ran = [await canary.run(version=named) for _ in range(3)]
            assert {(run["version"], run["canary"]) for run in ran} == {(number, False)}
    runs = f"{canary.path}/runs"
    await canary.client.refused("POST", runs, 404, json={"version": "0" * 64})
    await canary.client.refused("POST", runs, 422, json={"version": "latest"})


# ── How it ends ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_candidate_that_fails_is_rolled_back_by_itself(place: Place) -> None:
    broken = await of(place, LIVE, FAILING)
    await broken.begin(least_runs=5, margin=0.2)
    scheduler = Scheduler(place.api.database, place.api.bell)
    while (await broken.now())["runs"]["ended"] < 4:
        await broken.run()
    assert await scheduler.judge_canaries() == 0
    while (await broken.now())["runs"]["ended"] < 5:
        await broken.run()
    assert await scheduler.judge_canaries() == 1
    assert await scheduler.judge_canaries() == 0
    told = await broken.now()
    assert (told["outcome"], told["ended_at"] is None) == ("rolled_back", False)
    assert "5 of 5 runs" in told["reason"]
    assert {(await broken.run())["version"] for _ in range(10)} == {1}
    assert await broken.audited() == ["canary.started", "canary.rolled_back"]
    [entry] = [one for one in await place.audited() if one.action == "canary.rolled_back"]
    assert (entry.actor.kind, entry.detail["number"]) == ("system", 2)
    assert (await broken.client.ok("GET", broken.path))["live_version"] == 1


async def test_a_candidate_that_does_no_worse_stays(place: Place) -> None:
    both = await of(place, FAILING, FAILING.replace("It broke", "It broke again"))
    await both.begin(least_runs=3)
    while (await both.now())["runs"]["ended"] < 3 or (await both.now())["live_runs"]["ended"] < 3:
        await both.run()
    assert await Scheduler(place.api.database, place.api.bell).judge_canaries() == 0
    assert (await both.now())["outcome"] is None


async def test_a_canary_is_promoted(canary: Canary) -> None:
    await canary.begin(share=1)
    promoted = await canary.client.ok("POST", f"{canary.path}/canary/promote", json={"reason": "It does well"})
    assert promoted["live_version"] == 2
    told = await canary.now()
    assert (told["outcome"], told["reason"]) == ("promoted", "It does well")
    newest = (await canary.client.ok("GET", f"{canary.path}/live/history"))["changes"][0]
    assert (newest["how"], newest["version"], newest["reason"]) == ("canary", 2, "It does well")
    assert {(run["version"], run["canary"]) for run in [await canary.run() for _ in range(5)]} == {(2, False)}
    assert (await canary.client.ok("POST", f"{canary.path}/rollback"))["live_version"] == 1
    assert await canary.audited() == ["canary.started", "canary.promoted"]


async def test_what_was_overridden_for_a_share_is_not_for_all(place: Place) -> None:
    red = await of(place, GREETER, WRONG)
    await red.begin(override=True, reason="We want to see")
    promote = f"{red.path}/canary/promote"
    editor = await place.person("editor")
    refused = await editor.refused("POST", promote, 409)
    assert (refused["code"], codes(refused["findings"])) == ("NotReady", ["example-failed"])
    await editor.refused("POST", promote, 403, json={"override": True, "reason": "It did well"})
    await place.as_owner.refused("POST", promote, 422, json={"override": True})
    assert (await red.now())["outcome"] is None
    promoted = await place.as_owner.ok("POST", promote, json={"override": True, "reason": "It did well"})
    assert promoted["live_version"] == 2
    newest = (await place.as_owner.ok("GET", f"{red.path}/live/history"))["changes"][0]
    assert (newest["how"], codes(newest["unmet"]), newest["reason"]) == ("canary", ["example-failed"], "It did well")
    [entry] = [one for one in await place.audited() if one.action == "canary.promoted"]
    assert "A name" in entry.detail["overridden"][0]


async def test_terms_by_which_it_would_never_be_judged_are_refused(canary: Canary) -> None:
    """Of the newest ten thousand runs, a share of one in a hundred is a hundred."""
    body = {"version": 2, "share": 1, "least_runs": 51}
    refused = await canary.client.refused("POST", f"{canary.path}/canary", 422, json=body)
    assert "by 50 runs at most" in refused["detail"]
    await canary.begin(share=2, least_runs=51)
    await canary.client.refused("PATCH", f"{canary.path}/canary", 422, json={"share": 1})
    assert (await canary.now())["share"] == 2


async def test_the_verdict_on_one_canary_does_not_end_the_next(place: Place) -> None:
    broken = await of(place, LIVE, FAILING)
    await broken.begin(least_runs=1)
    while (await broken.now())["runs"]["ended"] < 1:
        await broken.run()
    [judged] = [one for one in await canaries.to_judge(place.api.database) if one[0] == place.id]
    await broken.client.ok("POST", f"{broken.path}/canary/stop")
    await broken.begin(least_runs=1)
    assert not await releases.roll_back(place.api.database, *judged[:2])
    assert (await broken.now())["outcome"] is None


async def test_it_is_changed_and_stopped(canary: Canary) -> None:
    await canary.begin()
    assert (await canary.client.ok("PATCH", f"{canary.path}/canary", json={"share": 7}))["share"] == 7
    stopped = await canary.client.ok("POST", f"{canary.path}/canary/stop", json={"reason": "Enough"})
    assert (stopped["outcome"], stopped["reason"]) == ("stopped", "Enough")
    for method, path, body in (("PATCH", "", {"share": 7}), ("POST", "/stop", {}), ("POST", "/promote", {})):
        await canary.client.refused(method, f"{canary.path}/canary{path}", 404, json=body)
    assert await canary.audited() == ["canary.started", "canary.changed", "canary.stopped"]
    await canary.begin()


async def test_those_that_were_are_listed_newest_first(canary: Canary) -> None:
    path = f"{canary.path}/canaries"
    assert await canary.client.ok("GET", path) == {"canaries": [], "next": None}
    for share in (1, 2, 3):
        await canary.begin(share=share)
        await canary.client.ok("POST", f"{canary.path}/canary/stop", json={"reason": f"Of {share}"})
    first = await canary.client.ok("GET", path, params={"limit": 2})
    assert [(one["share"], one["reason"]) for one in first["canaries"]] == [(3, "Of 3"), (2, "Of 2")]
    rest = await canary.client.ok("GET", path, params={"limit": 2, "before": first["next"]})
    assert ([one["share"] for one in rest["canaries"]], rest["next"]) == ([1], None)
    assert rest["canaries"][0]["runs"] == {"ended": 0, "failed": 0, "p95_ms": None, "cost_usd": None}
    await canary.client.refused("GET", path, 422, params={"limit": 21})


async def test_another_live_version_ends_it(canary: Canary) -> None:
    await canary.begin()
    await canary.client.ok("PUT", f"{canary.path}/live", json={"version": 1})
    assert (await canary.now())["outcome"] is None
    await canary.client.ok("PUT", f"{canary.path}/live", json={"version": 2})
    told = await canary.now()
    assert (told["outcome"], "Another version" in told["reason"]) == ("stopped", True)


# ── What it takes ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_candidate_has_to_be_ready_and_to_fit(place: Place, canary: Canary) -> None:
    client = canary.client

    async def refused(path: str, **body: Any) -> dict[str, Any]:
        return await client.refused("POST", f"{path}/canary", 409, json={"version": 2} | body)

    assert "is live" in (await refused(canary.path, version=1))["detail"]
    await canary.begin()
    assert "already" in (await refused(canary.path))["detail"]
    red = await of(place, GREETER, WRONG)
    assert codes((await refused(red.path))["findings"]) == ["example-failed"]
    await red.begin(override=True, reason="We want to see")
    other_inputs = await of(
        place, GREETER, titled("Other").replace("name:", "whom:").replace("inputs.name", "inputs.whom")
    )
    assert "other inputs" in (await refused(other_inputs.path))["detail"]
    asleep = Canary(place, await client.agent(GREETER, live=False))
    assert "no live version" in (await refused(asleep.path, version=1))["detail"]
    for body in ({"version": 2, "share": 51}, {"version": 2, "share": 0}, {"version": 2, "margin": 2}, {}):
        await client.refused("POST", f"{canary.path}/canary", 422, json=body)
    await client.refused("POST", f"{canary.path}/canary", 404, json={"version": 9})


async def test_it_is_the_workspaces_own(canary: Canary, other: Place) -> None:
    await canary.begin(least_runs=1)
    stranger: Client = other.as_owner
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"version": 2}),
        ("PATCH", "", {"share": 7}),
        ("POST", "/stop", {}),
        ("POST", "/promote", {}),
    ):
        await stranger.refused(method, f"{canary.path}/canary{path}", 404, json=body)
    await stranger.refused("GET", f"{canary.path}/canaries", 404)
    async with other.api.database.workspace(other.id) as connection:
        assert await canaries.newest(connection, UUID(canary.agent["id"])) is None
        assert not await canaries.end(connection, UUID((await canary.now())["id"]), "stopped", "")
    assert await releases.judge(other.api.database) == 0
    assert (await canary.now())["outcome"] is None
