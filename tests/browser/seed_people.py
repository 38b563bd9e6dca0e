"""People with several roles around a workspace that somebody has worked in, their invitations, and keys for programs."""

from __future__ import annotations

import copy
import time
from base64 import b32decode
from dataclasses import dataclass
from typing import Any

from plainwork.people import totp
from tests.browser.support import PASSWORD, ok
from tests.journeys.server import Answer, Server

ADA, MAX, GRACE = "ada@example.org", "max@example.org", "grace@example.org"
NOBODY = {"Cookie": "", "X-CSRF-Token": ""}


@dataclass(frozen=True)
class People:
    """Who visits. Ada is an admin with a second factor; Max may only look; Grace has none, and her workspace asks for
    one."""

    ada: Server
    max: Server
    grace: Server
    newcomer: str
    """The path of an invitation for somebody new."""
    known: str
    """The path of an invitation for Max."""


def seed_people(server: Server) -> People:
    """Brings them in; ``server`` has the owner's session."""
    ada = _join(server, server, "Ada Lovelace", ADA, "admin")
    secret = ok(ada, "POST", "/account/second-factor")["secret"]
    confirmed = ada.call("POST", "/api/v1/account/second-factor/confirm", {"code": _code(secret)})
    ada = _as(server, confirmed, confirmed.json()["session"])
    watcher = _join(server, server, "Max", MAX, "viewer")
    newcomer = _invite(server, "linus@example.org", "editor")

    lab = copy.copy(server)
    lab.headers = ada.headers | {"Plainwork-Workspace": ok(ada, "POST", "/workspaces", {"name": "Lab"})["id"]}
    grace = _join(server, lab, "Grace Hopper", GRACE, "editor")
    known = _invite(lab, MAX, "runner")
    ok(lab, "PATCH", "/workspace", {"requires_second_factor": True})

    for name, scopes in (("Nightly export", ["agents:read", "runs:read"]), ("The old importer", ["runs:write"])):
        key = ok(server, "POST", "/api-keys", {"name": name, "scopes": scopes, "expires_in_days": 90})
    ok(server, "DELETE", f"/api-keys/{key['id']}")
    return People(ada, watcher, grace, newcomer, known)


def _join(server: Server, into: Server, name: str, email: str, role: str) -> Server:
    """Somebody new, invited by whoever ``into`` is; the server as their browser sees it."""
    token = _invite(into, email, role).partition("#token=")[2]
    body = {"token": token, "name": name, "password": PASSWORD}
    answer = server.call("POST", "/api/v1/invitations/accept", body, NOBODY)
    assert answer.status < 300, answer.body
    return _as(server, answer, answer.json())


def _as(server: Server, answer: Answer, session: dict[str, Any]) -> Server:
    """The server as it is seen by whom that answer has just signed in."""
    theirs = copy.copy(server)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    theirs.headers = {"Cookie": cookie, "X-CSRF-Token": session["csrf_token"]}
    return theirs


def _invite(server: Server, email: str, role: str) -> str:
    """The path that the invitation's link leads to."""
    link: str = ok(server, "POST", "/invitations", {"email": email, "role": role})["link"]
    return link.removeprefix(server.url)


def _code(secret: str) -> str:
    return totp.code_at(b32decode(secret + "=" * (-len(secret) % 8)), int(time.time()) // totp.STEP_S)
