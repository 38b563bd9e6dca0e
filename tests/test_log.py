"""Logs: their form, what is bound, and that no secret gets through, however it is dressed up."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork import log

SECRET = "h\"unter2/☃+secret<&'>"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    log.configure("info", as_json=True, stream=stream)
    yield stream
    log.configure()


def _events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(lines: io.StringIO) -> None:
    log.get("engine").info("run started\nreally", inputs=3, path=None)
    (event,) = _events(lines)
    assert event.pop("at").endswith("Z")
    assert event == {"logger": "engine", "level": "info", "event": "run started\nreally", "inputs": 3, "path": None}


def test_levels_below_the_set_one_are_left_out(lines: io.StringIO) -> None:
    log.get("x").debug("a")
    log.configure("error", as_json=True, stream=lines)
    log.get("x").warning("b")
    log.get("x").error("c")
    assert [e["event"] for e in _events(lines)] == ["c"]
    with pytest.raises(ValueError, match="not a log level"):
        log.configure("loud")


async def test_what_is_bound_stays_with_its_task(lines: io.StringIO) -> None:
    async def step(run: str, name: str) -> None:
        with log.bound(run=run), log.bound(step=name):
            await asyncio.sleep(0)
            log.get("engine").info("done")
        log.get("engine").info("out")

    await asyncio.gather(step("r1", "a"), step("r2", "b"))
    seen = {(e.get("run"), e.get("step")) for e in _events(lines) if e["event"] == "done"}
    assert seen == {("r1", "a"), ("r2", "b")}
    assert all("run" not in e for e in _events(lines) if e["event"] == "out")


def test_a_bug_is_written_with_its_traceback_and_an_id(lines: io.StringIO) -> None:
    try:
        raise RuntimeError(f"failed with {SECRET}")
    except RuntimeError as error:
        with log.bound(redactor=log.Redactor([SECRET])):
            key = log.get("api").bug(error, route="/x")
    (event,) = _events(lines)
    assert (event["error_id"], event["error"], event["route"]) == (key, "RuntimeError", "/x")
    assert "test_log.py" in event["traceback"]
    assert "unter2" not in lines.getvalue()


def test_fields_that_are_named_like_secrets_are_masked(lines: io.StringIO) -> None:
    log.get("x").info(
        "call", api_key="k1", headers={"Authorization": "Bearer k2", "X-Api-Key": "k3", "Accept": "json"},
        items=[{"password": "k4"}], input_tokens=7, set_cookie=None,
    )  # fmt: skip
    (event,) = _events(lines)
    assert event["headers"] == {"Authorization": log.MASK, "X-Api-Key": log.MASK, "Accept": "json"}
    assert (event["api_key"], event["items"], event["input_tokens"]) == (log.MASK, [{"password": log.MASK}], 7)
    assert not any(f"k{i}" in lines.getvalue() for i in range(1, 5))


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"before {SECRET} after",
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        SECRET.encode().hex(),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        json.dumps(json.dumps({"a": SECRET})),
        json.dumps({"a": SECRET}).replace("/", "\\/"),
        json.dumps({"a": SECRET}).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        html.escape(SECRET),
        html.escape(SECRET).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        *(base64.b64encode(b"bobby"[:n] + b":" + SECRET.encode() + b"!" * n).decode() for n in range(4)),
        *(base64.urlsafe_b64encode(b"bobby"[:n] + b":" + SECRET.encode()).decode() for n in range(4)),
    ],
)
def test_a_secret_is_found_however_it_is_written(text: str) -> None:
    scrubbed = log.Redactor([SECRET]).scrub(text)
    assert log.MASK in scrubbed
    assert "unter2" not in scrubbed
    assert SECRET.encode()[2:-2].hex() not in scrubbed
    inner = base64.b64encode(SECRET.encode()[3:15]).decode().rstrip("=")
    assert inner[2:-2] not in scrubbed


def test_json_is_scrubbed_in_keys_and_values() -> None:
    redactor = log.Redactor.of({"user": "somebody", "password": SECRET, "host": "api.example.org", "port": 587})
    value = {"echo": [SECRET, 5, None, True, {SECRET: f"{SECRET}!"}], "at": "api.example.org"}
    assert redactor.scrub_json(value) == {
        "echo": [log.MASK, 5, None, True, {log.MASK: f"{log.MASK}!"}],
        "at": "api.example.org",
    }
    assert redactor.scrub("somebody") == log.MASK


def test_a_secret_is_found_as_a_number() -> None:
    redactor = log.Redactor.of({"account": 84719203847, "pin": "482910", "port": 443_443, "sort": "000007"})
    value = [84719203847, 84719203847.0, 482910, 443_443, 7, 1, True, 0.5, "no. 84719203847", float("inf")]
    masked = [log.MASK] * 3
    assert redactor.scrub_json(value) == [*masked, 443_443, 7, 1, True, 0.5, f"no. {log.MASK}", float("inf")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("columns", [1, 20, 64, 76])
def test_a_secret_is_found_where_it_is_broken_into_lines(columns: int, end: str) -> None:
    long = SECRET * 4
    for written in (long, base64.b64encode(b"somebody:" + long.encode()).decode(), long.encode().hex()):
        lines = end.join(written[at : at + columns] for at in range(0, len(written), columns))
        scrubbed = log.Redactor([long]).scrub(f"a{end}{lines}{end}b")
        assert log.MASK in scrubbed
        assert len(scrubbed) < 60
        assert scrubbed.endswith(f"{end}b")


def test_short_values_tear_no_holes() -> None:
    assert log.Redactor(["abc", ""]).scrub("abcdef") == "abcdef"
    assert not log.Redactor(["abc"])


def test_a_secret_inside_a_longer_one_leaves_nothing() -> None:
    assert log.Redactor(["hunter", "hunter2hunter"]).scrub("hunter2hunter hunter") == f"{log.MASK} {log.MASK}"
    both = log.Redactor(["hunter"])
    both.add(["fisher"])
    assert both.scrub("hunter fisher") == f"{log.MASK} {log.MASK}"


@given(secret=st.text(min_size=4, max_size=30), before=st.text(max_size=10), after=st.text(max_size=10))
@settings(max_examples=100, deadline=None)
def test_a_scrubbed_text_never_holds_the_secret(secret: str, before: str, after: str) -> None:
    if secret not in log.MASK + log.MASK:
        assert secret not in log.Redactor([secret]).scrub(before + secret + after).replace(log.MASK, "\0")


@given(
    parts=st.lists(
        st.sampled_from(["hunter2", "hunt", "er2", "2hu", "nter2fisher", "fish", "er", " ", "x"]), max_size=12
    ),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_what_is_settled_of_a_growing_text_stays_and_holds_no_secret(parts: list[str], cuts: list[int]) -> None:
    redactor, text, told = log.Redactor(["hunter2", "r2fisher", "hunter2fish"]), "".join(parts), ""
    for cut in sorted(cuts):
        settled, held = redactor.settle(text[:cut])
        assert settled.startswith(told)
        assert text[:cut].endswith(held)
        assert "hunter2" not in settled
        told = settled
    assert redactor.scrub(text).startswith(told)


def test_only_an_end_that_may_begin_a_secret_is_held_back() -> None:
    redactor = log.Redactor(["hunter2-and-more"])
    assert redactor.settle("go hunting") == ("go hunting", "")
    assert redactor.settle("go hunt") == ("go ", "hunt")
    assert redactor.settle("hunter2-and-more h") == (f"{log.MASK} ", "h")


def test_a_secret_is_learnt_where_it_is_opened_and_cut_texts_keep_no_half_of_it(lines: io.StringIO) -> None:
    text = "x" * 290 + SECRET
    assert log.excerpt(text, 300) == text[:300]
    with log.bound(redactor=log.Redactor(["fisher"])), log.bound(redactor=log.Redactor()):
        log.hide([SECRET])
        assert log.excerpt(text, 300) == "x" * 290 + log.MASK
        log.get("x").info(f"{SECRET} of a fisher")
    log.hide([SECRET])
    assert [e["event"] for e in _events(lines)] == [f"{log.MASK} of a {log.MASK}"]


def test_importing_it_imports_no_structlog() -> None:
    script = "import sys, plainwork.log; print('structlog' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
