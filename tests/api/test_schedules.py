"""Schedules, alarms and retention over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plainwork.scheduler import AlarmWatch, Scheduler
from tests.api.support import Api, Place

EVERY_HOUR = """---
agentspec: 1
when: {schedule: every hour, overlap: queue, missed: all up to 5, jitter: 2 minutes}
---

# Clockwork

## Steps

### Sleep
```yaml step
uses: wait
with: {for: 1h}
```
"""
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


async def clockwork(place: Place) -> str:
    """The address of the schedule of a new agent that runs every hour."""
    agent = await place.as_owner.ok("POST", "/agents", 201, json={"markdown": EVERY_HOUR})
    return f"/agents/{agent['id']}/schedules/trigger-1"


async def fire(api: Api) -> None:
    scheduler = Scheduler(api.database, api.bell)
    await scheduler.fire_due()
    await scheduler.release()


def hours_ago(count: int) -> str:
    return (HOUR - timedelta(hours=count)).isoformat()


async def test_schedules_are_listed_with_their_next_times(place: Place) -> None:
    path = await clockwork(place)
    asked_at = datetime.now(UTC)
    [found] = (await place.as_owner.ok("GET", path.rpartition("/")[0]))["schedules"]
    said = {key: found[key] for key in ("trigger_id", "phrase", "cron", "timezone", "missed", "overlap", "jitter")}
    assert said == {
        **{"trigger_id": "trigger-1", "phrase": "every hour", "cron": "0 * * * *", "timezone": "UTC"},
        **{"missed": "all up to 5", "overlap": "queue", "jitter": "2 minutes"},
    }
    times = [datetime.fromisoformat(at) for at in found["next"]]
    assert times == [times[0] + timedelta(hours=n) for n in range(10)]
    assert times[0].minute == times[0].second == 0
    assert timedelta(0) < times[0] - asked_at <= timedelta(hours=1, seconds=10)
    assert (found["paused"], found["paused_at"], found["waiting"]) == (False, None, 0)


async def test_one_schedule_is_paused_and_goes_on(place: Place) -> None:
    path = await clockwork(place)
    paused = await place.as_owner.ok("PATCH", path, json={"paused": True})
    assert paused["paused"] is True
    assert paused["paused_at"] is not None
    assert paused["next"] == []
    await place.as_owner.ok("PATCH", path, json={"paused": True})
    assert (await place.as_owner.ok("PATCH", path, json={"paused": False}))["paused"] is False
    done = [entry.action for entry in await place.audited() if entry.action.startswith("schedule.")]
    assert done == ["schedule.paused", "schedule.resumed"]


async def test_what_passed_is_filled_in_once(api: Api, place: Place) -> None:
    path = await clockwork(place)
    asked: dict[str, Any] = {"from": hours_ago(6), "to": hours_ago(1), "limit": 4}
    preview = await place.as_owner.ok("POST", f"{path}/backfill", json=asked | {"preview": True})
    assert [datetime.fromisoformat(at) for at in preview["times"]] == [HOUR - timedelta(hours=n) for n in (6, 5, 4, 3)]
    assert (preview["started"], preview["more"]) == (0, True)
    assert (await place.as_owner.ok("GET", f"{path}/ticks"))["ticks"] == []
    filled = await place.as_owner.ok("POST", f"{path}/backfill", json=asked)
    assert (filled["times"], filled["started"]) == (preview["times"], 4)
    rest = await place.as_owner.ok("POST", f"{path}/backfill", json=asked | {"limit": 1000})
    assert (len(rest["times"]), rest["started"], rest["more"]) == (2, 2, False)
    again = await place.as_owner.ok("POST", f"{path}/backfill", json=asked | {"limit": 1000})
    assert (again["times"], again["started"]) == ([], 0)
    await fire(api)
    page = await place.as_owner.ok("GET", f"{path}/ticks", params={"limit": 5})
    assert [tick["state"] for tick in page["ticks"]] == ["waiting"] * 5
    last = await place.as_owner.ok("GET", f"{path}/ticks", params={"before": page["next"]})
    [first] = last["ticks"]
    assert (first["state"], first["is_backfill"], last["next"]) == ("fired", True, None)
    assert first["status"] in {"queued", "running", "waiting"}
    assert first["late_s"] > 6 * 3600
    run = await place.as_owner.ok("GET", f"/runs/{first['run_id']}")
    assert run["trigger"]["kind"] == "schedule"
    assert datetime.fromisoformat(run["trigger"]["due_at"]) == datetime.fromisoformat(first["due_at"])
    assert await place.as_owner.ok("DELETE", f"{path}/backfill") == {"called_off": 5}
    assert await place.as_owner.ok("DELETE", f"{path}/backfill") == {"called_off": 0}
    done = [entry.action for entry in await place.audited() if entry.action.startswith("schedule.")]
    assert done == ["schedule.backfilled", "schedule.backfilled", "schedule.called_off"]


async def test_what_is_filled_in_at_once_waits_for_nobody(api: Api, place: Place) -> None:
    path = await clockwork(place)
    asked = {"from": hours_ago(3), "to": hours_ago(0), "pace": "at once"}
    assert (await place.as_owner.ok("POST", f"{path}/backfill", json=asked))["started"] == 4
    await fire(api)
    ticks = (await place.as_owner.ok("GET", f"{path}/ticks"))["ticks"]
    assert [tick["state"] for tick in ticks] == ["fired"] * 4


@pytest.mark.parametrize(
    ("since", "until", "limit", "status"),
    [(1, 6, 10, 422), (24 * 91, 1, 10, 422), (6, 1, 1001, 422), (6, 1, 0, 422)],
)
async def test_ranges_that_cannot_be_filled_in(place: Place, since: int, until: int, limit: int, status: int) -> None:
    path = await clockwork(place)
    asked = {"from": hours_ago(since), "to": hours_ago(until), "limit": limit}
    await place.as_owner.refused("POST", f"{path}/backfill", status, json=asked)


async def test_so_many_times_wait_and_no_more(place: Place) -> None:
    path = await clockwork(place)
    asked = {"from": hours_ago(24 * 60), "to": hours_ago(0), "limit": 1000}
    assert (await place.as_owner.ok("POST", f"{path}/backfill", json=asked))["started"] == 1000
    await place.as_owner.refused("POST", f"{path}/backfill", 409, json=asked)


async def test_a_trigger_that_is_no_schedule_is_not_there(place: Place) -> None:
    path = await clockwork(place)
    other = path.replace("trigger-1", "trigger-2")
    await place.as_owner.refused("PATCH", other, 404, json={"paused": True})
    await place.as_owner.refused("GET", f"{other}/ticks", 404)


async def test_alarms_are_listed_while_they_last(api: Api, place: Place, other: Place) -> None:
    path = await clockwork(place)
    later = AlarmWatch(api.database, now=lambda: datetime.now(UTC) + timedelta(hours=2))
    await later.look()
    [alarm] = (await place.as_owner.ok("GET", "/alarms"))["alarms"]
    assert (alarm["kind"], alarm["trigger_id"], alarm["cleared_at"]) == ("did_not_fire", "trigger-1", None)
    assert (await other.as_owner.ok("GET", "/alarms"))["alarms"] == []
    await place.as_owner.ok("PATCH", path, json={"paused": True})
    await later.look()
    assert (await place.as_owner.ok("GET", "/alarms"))["alarms"] == []
    [over] = (await place.as_owner.ok("GET", "/alarms", params={"every": "true"}))["alarms"]
    assert over["cleared_at"] is not None


async def test_owners_say_how_long_runs_are_kept(place: Place) -> None:
    assert await place.as_owner.ok("GET", "/retention") == {"days": None}
    assert await place.as_owner.ok("PUT", "/retention", json={"days": 90}) == {"days": 90}
    assert await place.as_owner.ok("GET", "/retention") == {"days": 90}
    await place.as_owner.ok("PUT", "/retention", json={"days": 90})
    await place.as_owner.refused("PUT", "/retention", 422, json={"days": 0})
    await (await place.person("admin")).refused("PUT", "/retention", 403, json={"days": 1})
    assert await place.as_owner.ok("PUT", "/retention", json={"days": None}) == {"days": None}
    details = [entry.detail for entry in await place.audited() if entry.action == "retention.changed"]
    assert details == [{"before": None, "after": 90}, {"before": 90, "after": None}]
