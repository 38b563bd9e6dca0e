"""One of everything in a workspace, and what a caller sends to each route: so that who may call what is tried on things that
are really there. A route whose address or body nobody has described here is named by ``undescribed``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plainwork import db
from plainwork.connections import Held
from plainwork.db import connections, invitations, passwords
from tests.api.people import PASSWORD, Person, code_of, somebody
from tests.api.support import API, GREETER, SLEEPER, Api, Operation, Place, titled
from tests.api.test_approvals import ASKING, asked
from tests.api.test_callbacks import address
from tests.api.test_inbox import failed

TREASURE = """---
agentspec: 1
when:
  - {webhook: /treasure}
  - {schedule: every hour}
  - {poll: http.new_item, with: {url: "http://127.0.0.1:9/"}}
inputs:
  name: {type: text, about: Who is greeted, required: false}
---

# Treasure

Says hello.

## Steps

### Greet
```yaml step
uses: set
with: {text: "Hello {{ inputs.name }}"}
```
"""
"""Every foreign thing is called so: the word is to be in no answer that others get."""


@dataclass
class World:
    """A workspace with one of everything. ``person``: who the next request is made by, where it is about their own account."""

    place: Place
    person: Person
    standing: dict[str, Any] = field(default_factory=dict)

    @property
    def api(self) -> Api:
        return self.place.api

    async def agent(self) -> str:
        return str((await self.place.as_owner.agent(TREASURE, f"Treasure {secrets.token_hex(4)}"))["id"])

    async def drafted_agent(self) -> str:
        agent = await self.agent()
        body = {"markdown": TREASURE, "revision": 0}
        await self.place.as_owner.ok("PUT", f"/agents/{agent}/draft", json=body)
        return agent

    async def agent_with_a_candidate(self) -> str:
        """Version 1 is live, and there is another."""
        agent = await self.agent()
        louder = {"markdown": TREASURE.replace("Hello", "HELLO")}
        await self.place.as_owner.ok("POST", f"/agents/{agent}/versions", 201, json=louder)
        return agent

    async def agent_with_a_canary(self) -> str:
        agent = await self.agent_with_a_candidate()
        await self.place.as_owner.ok("POST", f"/agents/{agent}/canary", 201, json={"version": 2})
        return agent

    async def agent_with_a_past(self) -> str:
        """One of whose versions two have been live."""
        agent = await self.agent_with_a_candidate()
        await self.place.as_owner.ok("PUT", f"/agents/{agent}/live", json={"version": 2})
        return agent

    async def ended_run(self) -> str:
        if "greeter" not in self.standing:
            self.standing["greeter"] = await self.agent()
        return str((await self.place.as_owner.run(self.standing["greeter"], name="Treasure"))["id"])

    async def failed_run(self) -> str:
        return str((await failed(self.place))["id"])

    async def sleeping_run(self) -> str:
        agent = await self.place.as_owner.agent(SLEEPER)
        return str((await self.place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json={}))["id"])

    async def approval(self) -> str:
        document = ASKING.replace("WHO", "viewer").replace("Pay it?", "Dig for the treasure?")
        return str((await asked(self.place, document))["id"])

    async def callback(self) -> str:
        return (await address(self.place))[1].rpartition("/")[2]

    async def secret(self) -> str:
        name = f"CHEST_{secrets.token_hex(4)}"
        value = {"value": "the treasure itself", "about": "treasure"}
        await self.place.as_owner.ok("PUT", f"/secrets/{name}", json=value)
        return name

    async def connection(self) -> str:
        name = await self.secret()
        start = connections.Start(None, None, name, "reddit", None, ())
        async with self.api.database.workspace(self.place.id) as transaction:
            await connections.put(transaction, start, scopes=(), whose="treasure", life_s=None, by=None)
        held = Held("the treasure's token", None, None, None)
        await self.api.app.state.vault.seal(self.place.id, name, held.value)
        return name

    async def key(self) -> str:
        body = {"name": "Treasure", "scopes": ["runs:read"]}
        return str((await self.place.as_owner.ok("POST", "/api-keys", 201, json=body))["id"])

    async def member(self) -> str:
        return str(await self.place.member("viewer"))

    async def invitation(self) -> str:
        guest = {"email": f"{secrets.token_hex(6)}@example.org", "role": "viewer"}
        return str((await self.place.as_owner.ok("POST", "/invitations", 201, json=guest))["id"])

    async def session(self) -> str:
        """Another session of the person, beside the one they ask with."""
        await self.api.signed_in(self.person.id)
        found = (await self.person.browser.ok("GET", "/account/sessions"))["sessions"]
        return str(next(one["id"] for one in found if not one["is_current"]))

    async def workspace(self) -> str:
        return str(self.place.id)

    async def same_workspace(self) -> dict[str, Any]:
        return {"workspace": await self.workspace()}

    # ── Bodies that have to be made for the occasion ────────────────────────────────────────────────────────────────
    async def invited(self) -> dict[str, Any]:
        return {"token": await self._invite(self.person.email)}

    async def invited_newcomer(self) -> dict[str, Any]:
        token = await self._invite(f"{secrets.token_hex(6)}@example.org")
        return {"token": token, "name": "Guest", "password": "a new password of mine"}

    async def _invite(self, email: str) -> str:
        elsewhere = await self.api.place("Elsewhere")
        async with self.api.database.workspace(elsewhere.id) as connection:
            return (await invitations.create(connection, email, "viewer", invited_by=elsewhere.owner))[1]

    async def reset(self) -> dict[str, Any]:
        token = await passwords.new_reset(self.api.database, self.person.id, by_mail=True)
        return {"token": token, "password": "a new password of mine"}

    async def credentials(self) -> dict[str, Any]:
        return {"email": self.person.email, "password": PASSWORD}

    async def code_of_a_new_authenticator(self) -> dict[str, Any]:
        return {"code": code_of(await self.person.begins_second_factor())}

    async def password_beside_a_second_factor(self) -> dict[str, Any]:
        await self.person.adds_second_factor()
        return {"password": PASSWORD}

    async def document(self) -> dict[str, Any]:
        return {"markdown": titled(f"Greeter {secrets.token_hex(4)}", GREETER)}

    async def name(self) -> dict[str, Any]:
        return {"name": f"Another {secrets.token_hex(4)}"}

    async def last_two_hours(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"from": (now - timedelta(hours=2)).isoformat(), "to": now.isoformat()}


Making = Callable[[World], Awaitable[Any]]

THINGS: dict[str, Making | str] = {
    "/account/memberships/{workspace_id}": World.workspace,
    "/account/sessions/{session_id}": World.session,
    "/agents/{agent_id}": World.agent,
    "/agents/{agent_id}/polls/{trigger_id}": "trigger-3",
    "/agents/{agent_id}/schedules/{trigger_id}": "trigger-2",
    "/agents/{agent_id}/triggers/{trigger_id}": "trigger-1",
    "/agents/{agent_id}/versions/{number}": "1",
    "/api-keys/{key_id}": World.key,
    "/approvals/{approval_id}": World.approval,
    "/callbacks/{token}": World.callback,
    "/connections/{name}": World.connection,
    "/inbox/{run_id}": World.failed_run,
    "/invitations/{invitation_id}": World.invitation,
    "/kinds/{kind_id}": "http",
    "/members/{user_id}": World.member,
    "/runs/{run_id}": World.ended_run,
    "/runs/{run_id}/steps/{path}": "greet",
    "/schemas/{name}": "spec",
    "/secrets/{name}": World.secret,
}
"""What a parameter of an address stands for: the address up to it → how such a thing is made, or what it is always called."""

OTHER_THINGS: dict[str, Making] = {
    "begin_canary": World.agent_with_a_candidate,
    "cancel_run": World.sleeping_run,
    "change_canary": World.agent_with_a_canary,
    "discard_agent_draft": World.drafted_agent,
    "get_canary": World.agent_with_a_canary,
    "list_canaries": World.agent_with_a_canary,
    "promote_canary": World.agent_with_a_canary,
    "retry_run": World.failed_run,
    "roll_back_agent": World.agent_with_a_past,
    "stop_canary": World.agent_with_a_canary,
}
"""Routes that need their thing in a certain state: in place of the first parameter's."""

BODIES: dict[str, Any] = {
    "accept_invitation": World.invited_newcomer,
    "ask_reset": {"email": "a@example.org"},
    "backfill": World.last_two_hours,
    "begin_canary": {"version": 2},
    "change_agent": {"about": "Says hello to everybody"},
    "change_canary": {"share": 5},
    "change_limits": {"runs_at_once": 1000},
    "change_password": {"old_password": PASSWORD, "password": "a new password of mine"},
    "change_role": {"role": "viewer"},
    "change_schedule": {"paused": True},
    "change_secret": {"about": "For the shop", "hosts": ["api.example.org"]},
    "change_trigger": {"paused": True},
    "change_workspace": {"name": "Renamed"},
    "complete_reset": World.reset,
    "connect": {"connector": "reddit", "name": "Reader", "app": "an app that is not there"},
    "confirm_second_factor": World.code_of_a_new_authenticator,
    "create_agent": World.document,
    "create_draft": {"english": "Every day at 9 fetch https://example.org/a.json and mail it to me@example.org"},
    "create_key": {"name": "k", "scopes": ["keys:manage"]},
    "create_version": {"markdown": TREASURE, "note": "As agreed on Monday"},
    "create_workspace": World.name,
    "decide": {"action": "discard", "reason": "It was a test"},
    "decide_approval": {"decision": "approved", "comment": "As agreed"},
    "decide_many": {"filter": {}, "decision": {"action": "repeat"}},
    "diff_specs": {"before": TREASURE, "after": TREASURE.replace("Hello", "Good day")},
    "edit_spec": {"markdown": TREASURE, "change": {"op": "rename", "node": "greet", "name": "Say hello"}},
    "import_workspace": {"files": {"agents/treasure.md": TREASURE}},
    "invite": {"email": "guest@example.org", "role": "viewer"},
    "join_workspace": World.invited,
    "limit_secret": {"at_once": 1000},
    "look_at_invitation": World.invited,
    "parse_spec": {"markdown": TREASURE},
    "plan_promotion": World.same_workspace,
    "promote_agent": World.same_workspace,
    "promote_canary": {"reason": "It greets well"},
    "put_secret": {"value": {"token": "another value"}, "about": "For the tests", "hosts": ["api.example.org"]},
    "remove_second_factor": World.password_beside_a_second_factor,
    "renew_recovery_codes": World.password_beside_a_second_factor,
    "replay_run": {},
    "retry_run": {},
    "roll_back_agent": {"reason": "It greets too loudly"},
    "save_agent_draft": {"markdown": TREASURE, "revision": 0},
    "set_live": {"version": 1},
    "set_retention": {"days": 3650},
    "set_up": {"token": "t", "email": "a@example.org", "password": "a long password"},
    "shadow_runs": {"markdown": TREASURE},
    "sign_in": World.credentials,
    "start_run": {"inputs": {"name": "you"}},
    "stop_canary": {"reason": "It greets too loudly"},
    "test_trigger": {"payload": {"name": "you"}},
}
"""What each route that takes a body is sent: the body, or how it is made."""

PARAMS: dict[str, dict[str, Any]] = {
    "delete_workspace": {"name": "not its name"},
    "discard_agent_draft": {"revision": 1},
    "start_run": {"wait": 5},
}

ANSWERS: dict[str, int] = {
    "ask_reset": 503,  # no mail server here
    "begin_sso": 404,  # and no provider of single sign-on
    "connect": 404,  # nor of any account
    "end_sso": 404,
    "look_at_poll": 502,  # nor one that may be asked
    "delete_workspace": 422,  # or the others would find nothing any more
    "plan_promotion": 409,  # nobody here belongs to another workspace
    "promote_agent": 409,  # nobody here belongs to another workspace
    "set_up": 401,  # that is not the token
    "start_run": 200,  # the run has ended before the answer
}
"""What those who may call a route are answered here, where that is not its usual answer."""

NAMED_BY_THE_CALLER = {"put_secret"}
"""Routes that make what their address names, in each workspace for itself."""

BY_PEOPLE = {"decide_approval"}
"""Routes of a workspace that no API key may use."""

NEEDED_BESIDE: dict[str, set[str]] = {
    "export_workspace": {"agents:read", "secrets:read"},
    "import_workspace": {"agents:write"},
    "shadow_runs": {"runs:read"},
}
"""Scopes that a route needs besides the one it declares, for what it shows."""


def parameters(operation: Operation) -> Iterator[tuple[str, str]]:
    """The parameters in an operation's address, each with the address up to it."""
    template = operation.path.removeprefix(API)
    at = 0
    while (opened := template.find("{", at)) >= 0:
        at = template.index("}", opened) + 1
        yield template[opened + 1 : at - 1], template[:at]


def is_about_the_world(operation: Operation) -> bool:
    """Whether its address leads to something of the workspace's or the person's own, which nobody else has."""
    return operation.name not in NAMED_BY_THE_CALLER and any(
        callable(THINGS[up_to]) for _, up_to in parameters(operation)
    )


def unknown() -> dict[str, str]:
    """Parameters that lead nowhere."""
    key = str(db.new_id())
    names = {name for up_to in THINGS for name in re.findall(r"{(\w+)}", up_to)}
    return {name: key if name.endswith("_id") else "1" for name in names}


def undescribed(operations: Sequence[Operation], with_body: set[str]) -> list[str]:
    """What is missing here, in sentences that say what to add."""
    missing = []
    for operation in operations:
        missing += [
            f'{operation.name}: say in THINGS what "{up_to}" stands for'
            for _, up_to in parameters(operation)
            if up_to not in THINGS
        ]
        if operation.name in with_body and operation.name not in BODIES:
            missing.append(f"{operation.name}: say in BODIES what it is sent")
    return missing


async def things(world: World, operation: Operation, *, fresh: bool) -> dict[str, str]:
    """What the parameters of an address stand for. ``fresh``: made now; else those that stand, which nobody may change."""
    found: dict[str, str] = {}
    for position, (name, up_to) in enumerate(parameters(operation)):
        thing = OTHER_THINGS.get(operation.name, THINGS[up_to]) if position == 0 else THINGS[up_to]
        if isinstance(thing, str):
            found[name] = thing
        elif fresh:
            found[name] = await thing(world)
        else:
            if thing.__name__ not in world.standing:
                world.standing[thing.__name__] = await thing(world)
            found[name] = world.standing[thing.__name__]
    return found


async def request(world: World, operation: Operation, *, fresh: bool = False) -> dict[str, Any]:
    """A request of the operation, as httpx takes it."""
    values = await things(world, operation, fresh=fresh)
    body = BODIES.get(operation.name)
    if callable(body) and not fresh:
        world = replace(world, person=await somebody(world.api))
    made: dict[str, Any] = {"method": operation.method, "url": operation.path.format(**values)}
    if callable(body):
        body = await body(world)
    if body is not None:
        made["json"] = body
    return made | ({"params": PARAMS[operation.name]} if operation.name in PARAMS else {})


async def seed(api: Api) -> World:
    """A workspace to be looked for. What stands in it is made when it is first asked for."""
    place = await api.place("Standing")
    return World(place, await somebody(api, place))
