"""Approvals over HTTP: who sees what, who may decide, and what comes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.support import Api, Client, Place
from tests.engine.running import eventually

ASKING = """# Asking

## Steps

### Work it out
```yaml step
uses: set
with: {to: ACME, amount: 1200}
```

### Ask
```yaml step
uses: approval
with: {title: Pay it?, show: "{{ work_it_out }}", who: WHO, not_author: AUTHOR}
```
- When `approved` → [Pay](#pay)
- When `rejected` → stop

### Pay
```yaml step
uses: set
with: {paid: "{{ work_it_out.amount }}", by: "{{ ask.by }}", because: "{{ ask.comment }}"}
```
"""


async def asked(place: Place, document: str = ASKING, by: Client | None = None) -> dict[str, Any]:
    """A run of an agent that asks, as an open approval."""
    text = document.replace("WHO", "editor").replace("AUTHOR", "false")
    client = by or place.as_owner
    agent = await client.agent(text)
    run = await client.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})

    async def waits() -> dict[str, Any] | None:
        found = (await place.as_owner.ok("GET", "/approvals", params={"limit": 200}))["approvals"]
        return next((one for one in found if one["run_id"] == run["id"]), None)

    one: dict[str, Any] = await eventually(waits)
    return one


async def over(place: Place, approval: dict[str, Any]) -> dict[str, Any]:
    async def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = await place.as_owner.ok("GET", f"/runs/{approval['run_id']}")
        return run if run["finished_at"] else None

    run: dict[str, Any] = await eventually(ended)
    return run


async def decide(
    client: Client, approval: dict[str, Any], decision: str = "approved", status: int = 200, **more: Any
) -> Any:
    path, body = f"/approvals/{approval['id']}", {"decision": decision, **more}
    if status == 200:
        return await client.ok("POST", path, json=body)
    return await client.refused("POST", path, status, json=body)


async def test_what_is_asked_is_shown_and_decided(place: Place) -> None:
    approval = await asked(place)
    assert (approval["title"], approval["show"], approval["state"]) == (
        "Pay it?",
        {"to": "ACME", "amount": 1200},
        "open",
    )
    waiting = (await place.as_owner.ok("GET", f"/runs/{approval['run_id']}"))["waiting"]
    assert [(one["kind"], one["path"], one["id"], one["until"]) for one in waiting] == [
        ("approval", "ask", approval["id"], None)
    ]
    editor = await place.person("editor")
    assert (await editor.ok("GET", f"/approvals/{approval['id']}"))["may_decide"] is True
    decided = await decide(editor, approval, comment="It is due")
    assert (decided["state"], decided["comment"], decided["may_decide"]) == ("approved", "It is due", False)
    run = await over(place, approval)
    assert run["output"] == {"paid": 1200, "by": decided["decided_by"], "because": "It is due"}
    entry = (await place.audited())[-1]
    assert (entry.action, entry.target_id, entry.detail["comment"]) == (
        "step.approved",
        approval["run_id"],
        "It is due",
    )
    assert await decide(editor, approval, "rejected", 409)
    closed = await editor.ok("GET", "/approvals", params={"state": "closed"})
    assert approval["id"] in [one["id"] for one in closed["approvals"]]


async def test_what_is_rejected_does_not_happen(place: Place) -> None:
    approval = await asked(place)
    await decide(await place.person(), approval, "rejected")
    run = await over(place, approval)
    assert run["status"] == "succeeded"
    assert "pay" not in [row["path"] for row in run["journal"] if row["status"] == "succeeded"]


async def test_a_role_and_those_above_it_decide(place: Place) -> None:
    approval = await asked(place, ASKING.replace("WHO", "admin"))
    for role in ("viewer", "runner", "editor"):
        somebody = await place.person(role)
        shown = await somebody.ok("GET", f"/approvals/{approval['id']}")
        assert (shown["may_decide"], "admin" in shown["why_not"]) == (False, True)
        assert not (await somebody.ok("GET", "/approvals", params={"mine": True}))["approvals"]
        await decide(somebody, approval, status=403)
    assert (await place.as_owner.ok("GET", f"/runs/{approval['run_id']}"))["status"] == "waiting"
    await decide(await place.person("admin"), approval)


async def test_named_people_decide_whatever_their_role(place: Place, api: Api) -> None:
    user = await place.member("viewer")
    approval = await asked(place, ASKING.replace("WHO", f'["{user.hex.upper()}@Example.org"]'))
    await decide(await place.person("owner"), approval, status=403)
    viewer = await api.signed_in(user)
    assert [one["id"] for one in (await viewer.ok("GET", "/approvals", params={"mine": True}))["approvals"]] == [
        approval["id"]
    ]
    assert (await decide(viewer, approval))["decided_by"] == f"{user.hex}@example.org"


async def test_the_author_and_who_started_it_do_not_decide(place: Place, api: Api) -> None:
    text = ASKING.replace("AUTHOR", "true")
    author, starter, other = [await place.person("editor") for _ in range(3)]
    agent = await author.agent(text.replace("WHO", "editor"))
    run = await starter.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})

    async def waits() -> Any:
        found = (await other.ok("GET", "/approvals"))["approvals"]
        return next((one for one in found if one["run_id"] == run["id"]), None)

    approval = await eventually(waits)
    assert "may not decide" in (await decide(author, approval, status=403))["detail"]
    await decide(starter, approval, status=403)
    await place.as_owner.ok("POST", f"/runs/{run['id']}/cancel")
    again = await other.ok("POST", f"/runs/{run['id']}/replay", 202, json={})
    run = again
    approval = await eventually(waits)
    await decide(other, approval, status=403)
    await decide(starter, approval, status=403)
    await decide(await place.person("editor"), approval)


async def test_a_key_of_the_author_is_the_author(place: Place, api: Api) -> None:
    approval = await asked(place, ASKING.replace("AUTHOR", "true"))
    await decide(await api.signed_in(place.owner), approval, status=403)
    await decide(place.as_owner, approval, status=403)


async def test_what_is_over_is_gone(place: Place) -> None:
    approval = await asked(place)
    await place.as_owner.ok("POST", f"/runs/{approval['run_id']}/cancel")
    person = await place.person()
    await decide(person, approval, status=410)
    assert (await person.ok("GET", f"/approvals/{approval['id']}"))["state"] == "closed"
    late = await asked(place, ASKING.replace("uses: approval\n", "uses: approval\ntimeout: 0.3s\n"))
    await over(place, late)
    await decide(person, late, status=410)
    assert (await person.ok("GET", f"/approvals/{late['id']}"))["state"] == "timed_out"


async def test_one_of_many_decisions_at_once_counts(place: Place) -> None:
    approval = await asked(place)
    people = [await place.person("editor") for _ in range(4)]
    answers = await asyncio.gather(
        *(one.post(f"/api/v1/approvals/{approval['id']}", json={"decision": "approved"}) for one in people)
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert [entry.action for entry in await place.audited()].count("step.approved") == 1


async def test_they_come_in_pages(place: Place) -> None:
    made = [(await asked(place))["id"] for _ in range(3)]
    person = await place.person()
    for mine in (False, True):
        params: dict[str, Any] = {"limit": 2, "mine": mine}
        first = await person.ok("GET", "/approvals", params=params)
        second = await person.ok("GET", "/approvals", params=params | {"before": first["next"]})
        assert [one["id"] for one in first["approvals"] + second["approvals"]] == made[::-1]
        assert second["next"] is None


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": "approved", "comment": "x" * 2001}])
async def test_a_decision_that_is_none_is_refused(place: Place, body: dict[str, Any]) -> None:
    approval = await asked(place)
    person = await place.person()
    await person.refused("POST", f"/approvals/{approval['id']}", 422, json=body)


async def test_a_run_shows_what_it_waits_for_and_what_it_started(place: Place) -> None:
    called = await place.as_owner.agent(ASKING.replace("WHO", "editor").replace("AUTHOR", "false"))
    slug = called["slug"]
    step = f"### Call it\n```yaml step\nuses: agent.call\nwith: {{agent: {slug}}}\ntimeout: 1 hour\n```\n"
    pause = "### Pause\n```yaml step\nuses: wait\nwith: {for: 1 hour}\n```\n"
    agent = await place.as_owner.agent(f"# Calling\n\n## Steps\n\n{step}\n{pause}")
    run = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})

    async def waits() -> Any:
        found = await place.as_owner.ok("GET", f"/runs/{run['id']}")
        return found if found["waiting"] and found["status"] == "waiting" else None

    found = await eventually(waits)
    (waiting,), (child,) = found["waiting"], found["children"]
    assert (waiting["kind"], waiting["path"], waiting["run_id"]) == ("agent", "call-it", child["id"])
    assert waiting["until"] > waiting["since"]
    assert (child["agent"], child["path"]) == (slug, "call-it")
    inner = await place.as_owner.ok("GET", f"/runs/{child['id']}")
    assert (inner["parent_run_id"], inner["parent_path"], inner["trigger"]["kind"]) == (run["id"], "call-it", "call")
    await eventually(lambda: _open(place, child["id"]))
    await decide(await place.person(), await _open(place, child["id"]))

    async def pauses() -> Any:
        found = await place.as_owner.ok("GET", f"/runs/{run['id']}")
        return found["waiting"] and found["waiting"][0]["kind"] == "time" and found

    found = await eventually(pauses)
    assert (found["waiting"][0]["path"], found["waiting"][0]["until"]) == ("pause", found["wake_at"])
    await place.as_owner.ok("POST", f"/runs/{run['id']}/cancel")


async def _open(place: Place, run_id: str) -> Any:
    found = (await place.as_owner.ok("GET", "/approvals"))["approvals"]
    return next((one for one in found if one["run_id"] == run_id), None)
