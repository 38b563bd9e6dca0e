"""Chats: each message starts a run, which sees what was said before in its session, and answers. For programs as JSON, for
people as a page.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import msgspec
from fastapi import Request, Response

from plainwork.api import pages, payloads, problems
from plainwork.api.answers import Ended, said
from plainwork.api.auth import Permission
from plainwork.api.deliveries import Arrival, Entrance, received_at
from plainwork.api.doors import Door
from plainwork.api.pages import element
from plainwork.api.routing import Routes
from plainwork.db import Database, triggers
from plainwork.db.triggers import NewStart, Trigger, Turn
from plainwork.engine.desk import Started
from plainwork.engine.triggers import inputs_of, key_of
from plainwork.engine.versions import Version
from plainwork.errors import Invalid, NotFound, PlainworkError, Unavailable

routes = Routes()

MOST_BODY_BYTES = 64 * 1024
WAIT_S = 60.0
REMEMBERED = 20
"""How many turns of a session a run sees."""
_LONGEST_MESSAGE = 16_000
_SESSION = re.compile(r"[A-Za-z0-9_-]{8,100}")
_ONCE = "_once"


@dataclass(frozen=True, slots=True)
class Said:
    """A message that came in."""

    message: str
    session: str
    once: str | None


@dataclass(frozen=True, slots=True)
class _Talk:
    """A chat that somebody has found the way to."""

    entrance: Entrance
    database: Database
    door: Door
    trigger: Trigger
    version: Version
    arrival: Arrival


# ── Serving ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/chat/{token}", Permission.PUBLIC, include_in_schema=False)
async def show_chat(request: Request, token: str) -> Response:
    """An empty conversation."""
    try:
        talk = await _found(request, token)
    except PlainworkError as why:
        return _sorry(why)
    return _page(talk, secrets.token_urlsafe(16), [])


@routes.add("POST", "/chat/{token}", Permission.PUBLIC, include_in_schema=False)
async def send_message(request: Request, token: str) -> Response:
    """Answers a message: ``{"message", "session"?}`` with ``{"answer", "session", "run"}``, the page's form with the page."""
    is_page = payloads.is_text(request.headers.get("content-type", ""))
    try:
        talk = await _found(request, token)
        with talk.entrance.noting(talk.door, talk.trigger, talk.arrival):
            talk.entrance.check_rate(talk.trigger)
            new = await _message(talk, request)
            started, ended = await _run(talk, new)
    except PlainworkError as why:
        if is_page:
            return _sorry(why)
        raise
    if is_page:
        return _page(talk, new.session, await _turns(talk, new.session))
    return _answer(new, started, ended)


async def _found(request: Request, token: str) -> _Talk:
    entrance: Entrance = request.app.state.entrance
    arrival = Arrival.of(request.scope)
    door = await entrance.door(arrival, token)
    trigger = next((one for one in door.address.triggers if one.kind == "chat"), None)
    if trigger is None:
        raise NotFound("There is no chat at this address.", next_step="Ask whoever gave it to you for a new one.")
    if not trigger.takes:
        raise Unavailable("This chat is closed at the moment.", next_step="Come back later.")
    version = await entrance.desk.version(door.address.workspace_id, trigger.version_id)
    return _Talk(entrance, request.app.state.database, door, trigger, version, arrival)


async def _message(talk: _Talk, request: Request) -> Said:
    """Raises Invalid for a message that is none."""
    arrival = talk.arrival
    arrival.body = await payloads.read(request.receive, arrival.headers, MOST_BODY_BYTES)
    sent = payloads.understood(arrival.body, arrival.headers.get("content-type", ""))
    fields = sent if isinstance(sent, Mapping) else {}
    message, session = fields.get("message"), fields.get("session") or secrets.token_urlsafe(16)
    if not isinstance(message, str) or not 0 < len(message.strip()) <= _LONGEST_MESSAGE:
        raise Invalid("There is no message.", next_step=f"Send one of up to {_LONGEST_MESSAGE:,} characters.")
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        raise Invalid("The session is not one.", next_step="Leave it out at first; the answer names one.")
    once = arrival.headers.get("idempotency-key") or fields.get(_ONCE)
    return Said(message, session, once if isinstance(once, str) else None)


async def _run(talk: _Talk, new: Said) -> tuple[Started, Ended | None]:
    trigger, version = talk.trigger, talk.version
    seen = {
        "kind": "chat",
        "id": trigger.trigger_id,
        "message": new.message,
        "session": new.session,
        "history": list(_history(await _turns(talk, new.session))),
        "received_at": received_at(),
        "address": talk.arrival.address,
        "size": len(talk.arrival.body),
    }
    start = NewStart(
        workspace_id=version.workspace_id,
        agent_id=version.agent_id,
        version_id=trigger.version_id,
        trigger_id=trigger.trigger_id,
        trigger=seen,
        inputs=inputs_of(version, trigger.config.get("map", {}), seen),
        deadline_s=version.time_s,
        key=key_of(trigger.trigger_id, None, seen, new.once and f"{new.session} {new.once}"),
    )
    started = await talk.entrance.start(talk.door, start, version, is_awaited=True)
    if started.begun.outcome == "started":
        async with talk.database.workspace(version.workspace_id) as connection:
            await triggers.add_turn(connection, version.agent_id, new.session, started.begun.run_id)
    return started, await talk.entrance.end_of(started, version, WAIT_S)


async def _turns(talk: _Talk, session: str) -> Sequence[Turn]:
    async with talk.database.workspace(talk.version.workspace_id) as connection:
        return await triggers.turns(connection, talk.version.agent_id, session, REMEMBERED)


def _history(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """What was said before, as models take it."""
    found = []
    for turn in turns:
        found.append({"role": "user", "text": turn.message})
        if turn.status == "succeeded" and turn.output is not None:
            found.append({"role": "agent", "text": said(turn.output)})
    return found


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _answer(new: Said, started: Started, ended: Ended | None) -> Response:
    run_id = started.begun.run_id
    if ended is not None and ended.status != "succeeded":
        detail = "The run that was to answer did not succeed."
        return problems.problem(500, "RunFailed", detail, run=str(run_id), session=new.session)
    told = {"session": new.session, "run": run_id, "answer": None if ended is None else ended.body}
    return Response(msgspec.json.encode(told), 202 if ended is None else 200, media_type="application/json")


def _page(talk: _Talk, session: str, turns: Sequence[Turn]) -> Response:
    title = talk.version.graph.flow.title or "Chat"
    rows = []
    for turn in turns:
        rows.append(element("li", {"class": "you"}, f'<span class="hidden">You: </span>{escape(turn.message)}'))
        rows.append(element("li", {"class": "agent"}, escape(_told(turn))))
    talked = f'<ol class="talk" aria-live="polite">{"".join(rows)}</ol>' if rows else ""
    message = element("textarea", {"id": "message", "name": "message", "required": True, "autofocus": True}, "")
    hidden = {"session": session, _ONCE: secrets.token_urlsafe(16)}
    fields = "".join(element("input", {"type": "hidden", "name": key, "value": hidden[key]}) for key in hidden)
    label = element("label", {"for": "message"}, "Your message")
    form = element("form", {"method": "post"}, f"<div>{label}{message}</div>{fields}<button>Send</button>")
    about = talk.version.graph.flow.about
    opening = f'<p class="soft">{escape(about)}</p>' if about and not rows else ""
    again = "<p class='soft'><a href=''>Begin a new conversation</a></p>" if rows else ""
    return pages.page(title, f"<h1>{escape(title)}</h1>\n{opening}{talked}\n{form}\n{again}")


def _told(turn: Turn) -> str:
    if turn.status == "succeeded":
        return "" if turn.output is None else said(turn.output)
    return "Something went wrong." if turn.status in ("failed", "cancelled") else "The answer is not there yet."


def _sorry(why: PlainworkError) -> Response:
    return pages.notice("Sorry", f"{why.message} {why.next_step or ''}".strip(), why.status)
