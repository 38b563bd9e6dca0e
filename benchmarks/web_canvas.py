"""The canvas: how long an agent of 500 steps takes to open, and a frame while its graph is moved.

Frames are compared with a bare xyflow page (web/bench) of as many nodes in the same browser and window. Chromium draws as
many frames as it can (no vertical sync), so that a frame's length is the work in it.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from tests.browser.support import Visitor, chromium_path, launched, serving
from tests.journeys.server import Server

from benchmarks.documents import document

BARE = Path(__file__).parent.parent / "web/bench/out"
SIZES = (500, 2_000)
OPEN_MS = 1_500
OPENED = 3
ROUNDS = 3
DRAGGED_S = 2
SETTLING_MS = 500
FEWEST = 5
UNBOUND = ("--disable-frame-rate-limit", "--disable-gpu-vsync")

NODE = ".react-flow__node"
ALL_ARE_DRAWN = "count => document.querySelectorAll('.react-flow__node').length >= count"
RECORD = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const next = () => {
    const now = performance.now();
    window.frames_ms.push(now - last);
    last = now;
    window.recording = requestAnimationFrame(next);
  };
  window.recording = requestAnimationFrame(next);
}"""
RECORDED = "() => { cancelAnimationFrame(window.recording); return window.frames_ms; }"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def _bare_page() -> Iterator[str]:
    """The address of the bare page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(BARE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def run() -> dict[str, dict[str, Any]]:
    """Opens agents of each size beside the bare page."""
    path = chromium_path()
    if path is None or not BARE.exists():
        raise SystemExit("This needs Chromium and the bare page: run `make bench`.")
    results = {}
    with serving() as server, _bare_page() as bare, launched(path, *UNBOUND) as browser:
        server.set_up()
        agents = {size: _agent(server, size) for size in SIZES}
        results["open_500_steps"] = _opening(browser, server, agents[500])
        for size, agent in agents.items():
            results[f"canvas_frames_{size}"] = _frames(browser, server, f"/agents/{agent}", bare, size)
    return results


def _agent(server: Server, size: int) -> str:
    text = document(size).replace("# A long agent", f"# An agent of {size} steps", 1)
    answer = server.call("POST", "/api/v1/agents", {"markdown": text})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def _opening(browser: Browser, server: Server, agent: str) -> dict[str, Any]:
    """Milliseconds from asking for the page until every card is drawn; the scripts are in the browser's cache."""
    visitor = Visitor.of(browser, server)
    visitor.context.set_default_timeout(60_000)
    took = []
    for _ in range(OPENED + 1):
        visitor.page.goto(f"/agents/{agent}")
        visitor.page.wait_for_function(ALL_ARE_DRAWN, arg=500)
        took.append(visitor.page.evaluate("performance.now()"))
    visitor.context.close()
    value = statistics.median(took[1:])
    return {"value": value, "unit": "ms", "floor": OPEN_MS, "ratio": value / OPEN_MS, "first_time": took[0]}


def _frames(browser: Browser, server: Server, ours: str, bare: str, size: int) -> dict[str, Any]:
    """Median milliseconds of a frame while the graph is dragged to and fro, as much of it in view as can be; in turns, the
    best round of each. ``ratio_drawn`` is against a bare page of only as many nodes as our canvas draws there."""
    visitor = Visitor.of(browser, server)
    visitor.context.set_default_timeout(60_000)
    canvas = _loaded(visitor.page, ours)
    canvas.get_by_role("button", name="Show everything").click()
    canvas.wait_for_timeout(SETTLING_MS)
    drawn = canvas.locator(NODE).count()
    floors = [_loaded(visitor.context.new_page(), f"{bare}?nodes={count}") for count in (size, min(drawn, size))]
    rounds = [[_drag(page) for page in (canvas, *floors)] for _ in range(ROUNDS)]
    visitor.context.close()
    value, floor, floor_drawn = (min(medians) for medians in zip(*rounds, strict=True))
    row = {"value": value, "unit": "ms a frame", "floor": floor, "ratio": value / floor}
    return row | {"drawn": drawn, "ratio_drawn": value / floor_drawn}


def _loaded(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(NODE)
    return page


def _drag(page: Page) -> float:
    page.bring_to_front()
    page.wait_for_timeout(SETTLING_MS)
    box = page.locator(".react-flow__pane").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(RECORD)
    until = time.monotonic() + DRAGGED_S
    for move in itertools.takewhile(lambda _: time.monotonic() < until, itertools.count()):
        page.mouse.move(x + 4 * (move % 30), y - 3 * (move % 20))
    frames: list[float] = page.evaluate(RECORDED)
    page.mouse.up()
    assert len(frames) >= FEWEST, f"{len(frames)} frames are too few to tell"
    return statistics.median(frames)
