"""What runs come to and what they say: figures of an agent, from a step that fails to its lines, and on to the run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.support import Visitor
from tests.browser.watch import check_accessibility, check_looks
from tests.journeys.server import Server
from tests.world import World

pytestmark = pytest.mark.xdist_group("browser")

PARCELS = """---
agentspec: 1
inputs:
  weight: {type: number}
limits: {cost per day: 0.5 USD}
---

# Weigh the parcels

## Steps

### Say something kind
```yaml step
uses: llm
with: {model: "openai:gpt-4o-mini"}
```
```text prompt
Say something kind about parcels.
```

### Weigh it
```yaml step
uses: code
with:
  weight: "{{ inputs.weight }}"
  code: |
    print("weighing a parcel")
    if weight > 30:
        raise ValueError("the parcel is too heavy for the van")
```
"""


def answered(server: Server, method: str, path: str, body: Any = None) -> Any:
    answer = server.call(method, f"/api/v1{path}", body)
    assert answer.status < 300, answer.body
    return answer.json()


def counted(server: Server, agent: str, runs: int) -> None:
    """Waits until that many runs of an agent are counted."""
    until = time.monotonic() + 30
    while sum(one["runs"] for one in answered(server, "GET", f"/metrics/runs?agent={agent}")["sums"]) < runs:
        assert time.monotonic() < until, "the runs are not counted"
        time.sleep(0.2)


def test_from_the_figures_to_the_step_that_failed(visit: Callable[..., Visitor], server: Server, world: World) -> None:
    world.models.say("They hold together.", tokens_in=500_000, tokens_out=9)
    key = {"key": world.models.key, "base_url": world.models.openai_url}
    answered(server, "PUT", "/secrets/openai", {"value": key})
    agent = answered(server, "POST", "/agents", {"markdown": PARCELS})["id"]
    for weight in (2, 3, 40):
        answered(server, "POST", f"/agents/{agent}/runs?wait=20", {"inputs": {"weight": weight}})
    counted(server, agent, 3)

    visitor = visit(server)
    page = visitor.go(f"/figures?agent={agent}&by=step")
    tiles = page.get_by_role("definition")
    expect(tiles.filter(has_text=re.compile("^3$"))).to_be_visible()
    expect(tiles.filter(has_text="33 %")).to_be_visible()
    expect(page.get_by_role("list", name="Costs by agent")).to_contain_text("of $0.50")
    page.get_by_text("As a table: Cost by model").click()
    expect(page.get_by_role("region", name="Cost by model, as a table")).to_contain_text("gpt-4o-mini")
    expect(page.locator(".uplot")).to_have_count(3)
    check_looks(page)

    chosen = page.get_by_role("button", name=re.compile("^Agent: "))
    chosen.press("Enter")
    expect(page.get_by_role("dialog", name="Agent").get_by_role("checkbox", name="Weigh the parcels")).to_be_checked()
    page.keyboard.press("Escape")
    expect(chosen).to_be_focused()

    page.get_by_role("group", name="Time").get_by_role("button", name="24 hours").click()
    expect(page).to_have_url(re.compile("time=24h"))
    page.get_by_role("button", name="Attempts").click()
    expect(page.get_by_role("columnheader", name="Attempts")).to_have_attribute("aria-sort", "descending")

    page.get_by_role("row").filter(has_text="weigh-it").get_by_role("link", name=re.compile("%")).click()
    expect(page).to_have_url(re.compile("/logs.*kind=step_failed"))
    lines = page.get_by_role("list", name="Lines by run, newest first")
    expect(lines).to_contain_text("too heavy")
    expect(lines).not_to_contain_text("weighing a parcel")
    page.get_by_role("searchbox", name="Search in lines").fill('"heavy for" -truck')
    expect(lines.locator("mark").first).to_have_text("heavy for")
    check_accessibility(page)

    lines.get_by_role("link", name="weigh-it").first.click()
    expect(page).to_have_url(re.compile(r"/runs/.*step=weigh-it"))
    expect(page.get_by_text("too heavy for the van").first).to_be_visible()
