"""The operator's figures: who may read them, that Prometheus can, and that they tell of no workspace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainwork.meters import Count, Durations, line
from tests.api.support import Api, Place, serving

SAMPLE = re.compile(r'^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$')


async def read(api: Api, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(api.app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://plainwork.test", trust_env=False) as client:
        return await client.get("/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()})


async def test_it_is_read_as_prometheus_reads(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.run(agent["id"], name="you")
    answer = await read(api)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    samples = [one for one in lines if not one.startswith("#")]
    assert [one for one in samples if not SAMPLE.match(one)] == []
    found = dict(one.rsplit(" ", 1) for one in samples)
    assert float(found['plainwork_http_requests_total{resource="agents",status="201"}']) >= 1
    assert float(found["plainwork_claimed_runs_total"]) >= 1
    assert float(found["plainwork_flush_seconds_count"]) >= 1
    assert found["plainwork_flush_seconds_count"] == found['plainwork_flush_seconds_bucket{le="+Inf"}']
    assert float(found["plainwork_workers"]) >= 1
    assert float(found["plainwork_uncounted_runs"]) >= 1
    assert {"plainwork_due_runs", "plainwork_queue_lag_seconds", "plainwork_open_alarms"} <= set(found)
    for told in (str(place.id), agent["id"], agent["name"], agent["slug"]):
        assert told not in answer.text


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "::2", "unix"])
async def test_nobody_elsewhere_reads_it(api: Api, address: str) -> None:
    answer = await read(api, address)
    assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden")


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "x_real_ip"])
async def test_what_a_proxy_hands_on_is_not_from_here(api: Api, header: str) -> None:
    assert (await read(api, **{header: "127.0.0.1"})).status_code == 403


async def test_with_a_token_it_is_the_token_that_counts(tmp_path: Path, database_url: str) -> None:
    settings: dict[str, Any] = {"metrics_token": "a long word"}
    async with serving(tmp_path, database_url, works=False, settings=settings) as api:
        assert (await read(api, "203.0.113.9", authorization="Bearer a long word")).status_code == 200
        for other in ({}, {"authorization": "Bearer another"}):
            assert (await read(api, **other)).status_code == 403
        assert "a long word" not in repr(api.app.state.settings)


def test_labels_are_escaped() -> None:
    assert line("n", 2, [("l", 'a"b\\c\nd')]) == 'n{l="a\\"b\\\\c\\nd"} 2'


def test_durations_add_up() -> None:
    took = Durations("took", "How long.")
    for took_s in (0.0005, 0.001, 0.3, 99.0):
        took.add(took_s)
    lines = list(took.lines())
    assert 'took_bucket{le="0.001"} 2' in lines
    assert 'took_bucket{le="0.5"} 3' in lines
    assert lines[-2:] == ["took_sum 99.3015", "took_count 4"]


def test_counts_are_apart_by_label() -> None:
    seen = Count("seen", "How often.", "what")
    seen.add("b")
    seen.add("a", times=3)
    assert list(seen.lines())[2:] == ['seen{what="a"} 3', 'seen{what="b"} 1']
