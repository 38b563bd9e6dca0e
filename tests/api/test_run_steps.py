"""One step of a run over the API: what it was given, its attempts, and nothing for who may not see it."""

from __future__ import annotations

from tests.api.support import SLEEPER, Place
from tests.engine.running import eventually

LOOP = """---
agentspec: 1
inputs:
  numbers: list of integer
---
# Squares

## Steps

### Each number
```yaml step
uses: foreach
with: {items: "{{ inputs.numbers }}", as: n}
```

#### Square it
```yaml step
uses: code
with: {n: "{{ n }}"}
```
```python code
print("squaring", n)
n * n
```
"""


async def test_a_step_is_shown_with_its_input(place: Place) -> None:
    agent = await place.as_owner.agent(LOOP)
    run = await place.as_owner.run(agent["id"], numbers=[3, 4])
    step = await place.as_owner.ok("GET", f"/runs/{run['id']}/steps/each-number[1].square-it")
    assert (step["status"], step["kind"], step["name"], step["node"]) == ("succeeded", "code", "Square it", "square-it")
    assert step["input"]["n"] == 4
    assert step["printed"] == "squaring 4\n"
    assert [(row["attempt"], row["output"]["result"]) for row in step["attempts"]] == [(1, 16)]
    assert step["took_ms"] > 0
    assert (step["calls"], step["cost_usd"], step["input_missing"]) == ([], 0.0, None)
    loop = await place.as_owner.ok("GET", f"/runs/{run['id']}/steps/each-number")
    assert loop["input"] == {"items": [3, 4], "as": "n"}


async def test_what_is_not_there_is_said_to_be_missing(place: Place, other: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    started = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})
    path = f"/runs/{started['id']}/steps/sleep"

    async def waits() -> bool:
        return bool((await place.as_owner.ok("GET", path))["status"] == "waiting")

    await eventually(waits)
    assert (await place.as_owner.ok("GET", path))["input"] == {"for": "1h"}
    await place.as_owner.refused("GET", f"/runs/{started['id']}/steps/nothing", 404)
    await place.as_owner.refused("GET", f"/runs/{started['id']}/steps/sleep[0].sleep", 404)
    await other.as_owner.refused("GET", path, 404)
    await place.as_owner.ok("POST", f"/runs/{started['id']}/cancel")
