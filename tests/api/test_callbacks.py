"""Answer addresses over HTTP: one answer each, from anybody who has the address."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.support import Api, Client, Place
from tests.engine.running import eventually

LISTENING = """# Listening

## Steps

### Make an address
```yaml step
uses: callback.url
```

### Wait for the answer
```yaml step
uses: callback
with: {for: "{{ make_an_address.url }}"}
```
"""


async def address(place: Place) -> tuple[str, str]:
    """A run that waits, and the path of its answer address."""
    agent = await place.as_owner.agent(LISTENING)
    run = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})

    async def waits() -> Any:
        found = await place.as_owner.ok("GET", f"/runs/{run['id']}")
        return found if [one["kind"] for one in found["waiting"]] == ["callback"] else None

    found = await eventually(waits)
    url = next(row["output"]["url"] for row in found["journal"] if row["status"] == "succeeded")
    assert url.startswith("http://127.0.0.1:8700/api/v1/callbacks/")
    return run["id"], url.removeprefix("http://127.0.0.1:8700")


async def output(place: Place, run_id: str) -> Any:
    async def ended() -> Any:
        run = await place.as_owner.ok("GET", f"/runs/{run_id}")
        return run if run["finished_at"] else None

    return (await eventually(ended))["output"]


@pytest.fixture
def nobody(api: Api) -> Client:
    return api.client()


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ({"json": {"yes": True}}, {"yes": True}),
        ({"data": {"name": "Ada", "note": "a b"}}, {"name": "Ada", "note": "a b"}),
        ({}, None),
    ],
)
async def test_an_answer_goes_to_the_step(place: Place, nobody: Client, sent: dict[str, Any], body: Any) -> None:
    run_id, path = await address(place)
    answer = await nobody.post(path, params={"from": "mail"}, headers={"User-Agent": "Test", "X-Other": "no"}, **sent)
    assert (answer.status_code, answer.json()) == (200, {"status": "taken"})
    got = await output(place, run_id)
    assert (got["body"], got["query"], got["headers"]["user-agent"]) == (body, {"from": "mail"}, "Test")
    assert "x-other" not in got["headers"]
    assert (await nobody.post(path)).status_code == 409


async def test_a_form_on_another_page_may_answer(place: Place, nobody: Client) -> None:
    run_id, path = await address(place)
    assert (
        await nobody.post(path, data={"yes": "1"}, headers={"origin": "https://elsewhere.example"})
    ).status_code == 200
    assert (await output(place, run_id))["body"] == {"yes": "1"}


async def test_looking_does_nothing(place: Place, nobody: Client) -> None:
    run_id, path = await address(place)
    looked, unknown = await nobody.get(path), await nobody.get(path[:-3] + "xyz")
    assert (looked.status_code, looked.headers["allow"]) == (405, "POST")
    assert looked.json() == unknown.json()
    assert (await nobody.head(path)).status_code == 405
    assert (await place.as_owner.ok("GET", f"/runs/{run_id}"))["status"] == "waiting"
    assert (await nobody.post(path, json=1)).status_code == 200


async def test_of_two_answers_at_once_one_is_taken(place: Place, nobody: Client) -> None:
    run_id, path = await address(place)
    answers = await asyncio.gather(*(nobody.post(path, json={"n": n}) for n in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    taken = next(n for n, one in enumerate(answers) if one.status_code == 200)
    assert (await output(place, run_id))["body"] == {"n": taken}


async def test_an_address_ends_with_its_run(place: Place, nobody: Client) -> None:
    run_id, path = await address(place)
    await place.as_owner.ok("POST", f"/runs/{run_id}/cancel")
    assert (await nobody.post(path, json={})).status_code == 410
    assert (await nobody.post("/api/v1/callbacks/nonsense", json={})).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b'{"a":', "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'"\\u0000"', "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"[" * 500 + b"]" * 500, "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"hello", "headers": {"content-type": "text/plain"}}, 415),
        ({"content": b"x" * (256 * 1024 + 1), "headers": {"content-type": "application/json"}}, 413),
        (
            {
                "content": b"&".join(b"a=1" for _ in range(1100)),
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
            400,
        ),
    ],
)
async def test_what_cannot_be_an_answer_uses_nothing_up(
    place: Place, nobody: Client, sent: dict[str, Any], status: int
) -> None:
    _, path = await address(place)
    assert (await nobody.post(path, **sent)).status_code == status
    assert (await nobody.post(path, json={})).status_code == 200
