"""Webhooks: what others send to ``/hooks/{token}/{path}`` starts the agent's live version.

This is the hottest way into Plainwork, so it is an ASGI application of its own: one look at what is known of the address,
one commit for the start of many runs, and, where the run is worked on in this process, one for its end.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from plainwork.api import answers, payloads, problems, signatures
from plainwork.api.deliveries import Arrival, Changed, Entrance, received_at
from plainwork.api.doors import Door
from plainwork.api.signatures import NotVerified, Verified
from plainwork.db.triggers import NewStart, Trigger
from plainwork.engine.desk import Started
from plainwork.engine.events import Event
from plainwork.engine.triggers import inputs_of, key_of, seal_of
from plainwork.engine.versions import Version
from plainwork.errors import Conflict, NotFound, SignInNeeded, Unavailable

MOST_BODY_BYTES = 1024 * 1024
WAIT_S = 30.0
MOST_WAIT_S = 120.0
_WAIT = re.compile(r"\bwait\s*=\s*(\d{1,3})\b", re.ASCII)


class Hooks:
    """The ASGI application of all webhooks."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes one delivery in and answers it. What is refused is raised, and answered by the app as anywhere else."""
        arrival = Arrival.of(scope)
        token, path = scope["path_params"]["token"], "/" + scope["path_params"]["path"]
        door = await self._entrance.door(arrival, token)
        try:
            trigger = _chosen(door, path, arrival.method)
        except _OtherMethod as why:
            await why.answer(arrival.method)(scope, receive, send)
            return
        with self._entrance.noting(door, trigger, arrival):
            self._entrance.check_rate(trigger)
            arrival.body = await payloads.read(receive, arrival.headers, MOST_BODY_BYTES)
            try:
                response = await self._take(door, trigger, arrival)
            except Changed:
                self._entrance.doors.forget(token)
                door = await self._entrance.doors.find(token)
                response = await self._take_now(door, _chosen(door, path, arrival.method), arrival)
        await response(scope, receive, send)

    async def _take_now(self, door: Door, trigger: Trigger, arrival: Arrival) -> Response:
        """As ``_take``, by what was looked up just now."""
        try:
            return await self._take(door, trigger, arrival)
        except Changed as why:
            raise Unavailable(why.message, next_step=why.next_step) from None

    async def _take(self, door: Door, trigger: Trigger, arrival: Arrival) -> Response:
        verified = await self._verified(door, trigger, arrival)
        if not trigger.takes:
            raise Changed("This webhook is paused.", next_step="Send it again later.")
        new, version = await self._start_of(door, trigger, arrival, verified)
        mode = trigger.config.get("respond", "at once")
        started = await self._entrance.start(door, new, version, is_awaited=mode == "when done")
        if started.begun.outcome == "replayed":
            raise Conflict(
                "This very delivery has come before.", next_step="Sign each delivery anew, with the time it is sent at."
            )
        response = await self._answer(mode, started, version, arrival)
        if started.begun.outcome == "repeated":
            response.headers["Idempotent-Replayed"] = "true"
            self._entrance.note_repeat(door, trigger, arrival, response.status_code, started.begun.run_id)
        return response

    async def _verified(self, door: Door, trigger: Trigger, arrival: Arrival) -> Verified | None:
        name = trigger.config.get("verify")
        if name is None:
            return None
        try:
            secret = await self._entrance.doors.secret(door, name)
        except Unavailable as why:
            arrival.reason = str(why)
            raise Unavailable(
                "This webhook cannot check who sends at the moment.", next_step="Send it again later."
            ) from None
        try:
            return signatures.verify(secret, arrival.headers, arrival.body, time.time())
        except NotVerified as why:
            arrival.reason = str(why)
            self._entrance.count_refusal(arrival, door)
            raise SignInNeeded(
                "This delivery is not signed as it has to be.",
                next_step="Sign it with the secret that you agreed upon.",
            ) from None

    async def _start_of(
        self, door: Door, trigger: Trigger, arrival: Arrival, verified: Verified | None
    ) -> tuple[NewStart, Version]:
        version = await self._entrance.desk.version(door.address.workspace_id, trigger.version_id)
        content_type = arrival.headers.get("content-type", "")
        query, body = payloads.fields_of(arrival.query), payloads.understood(arrival.body, content_type)
        seen = {
            "kind": "webhook",
            "id": trigger.trigger_id,
            "method": arrival.method,
            "path": trigger.config["path"],
            "query": query,
            "headers": signatures.visible(arrival.headers),
            "body": body,
            "received_at": received_at(),
            "address": arrival.address,
            "size": len(arrival.body),
        }
        config = trigger.config
        inputs = inputs_of(version, config.get("map", {}), seen, from_text=payloads.is_text(content_type))
        sent = _sent_key(arrival.headers, body, verified)
        seal = verified.seal if verified else None
        return NewStart(
            workspace_id=door.address.workspace_id,
            agent_id=door.address.agent_id,
            version_id=trigger.version_id,
            trigger_id=trigger.trigger_id,
            trigger=seen,
            inputs=inputs,
            deadline_s=version.time_s,
            key=key_of(trigger.trigger_id, config.get("once_per"), seen, sent),
            seal=None if seal is None else seal_of(trigger.trigger_id, seal),
        ), version

    async def _answer(self, mode: str, started: Started, version: Version, arrival: Arrival) -> Response:
        run_id = started.begun.run_id
        if mode == "stream":
            return self._stream(started, version)
        if mode != "when done":
            return answers.pending(run_id, "queued")
        ended = await self._entrance.end_of(started, version, _wait_s(arrival.headers))
        return answers.pending(run_id, "running") if ended is None else answers.answer(ended)

    def _stream(self, started: Started, version: Version) -> Response:
        """The run as server-sent events: which steps begin and end, what models say, and its answer. What steps gave is
        the agent's own business."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Location": _address(started)}
        content = self._events(started, version)
        return StreamingResponse(content, 200, headers, media_type="text/event-stream")

    async def _events(self, started: Started, version: Version) -> AsyncIterator[bytes]:
        run_id = started.begun.run_id
        yield b"event: started\ndata: %s\n\n" % msgspec.json.encode({"run": run_id})
        events = self._entrance.events.watch(version.workspace_id, run_id)
        async with aclosing(events) as happening:
            async for event in happening:
                yield _shown(event)


class _OtherMethod(Exception):
    """The path takes other methods than this one."""

    def __init__(self, methods: Iterable[str]) -> None:
        super().__init__()
        self.allow = ", ".join(sorted(methods))

    def answer(self, method: str) -> Response:
        """405, with those that are possible (RFC 9110 §15.5.6)."""
        detail = f"{method[:20]} is not possible here, only {self.allow}."
        return problems.problem(405, "MethodNotAllowed", detail, headers={"Allow": self.allow})


def _chosen(door: Door, path: str, method: str) -> Trigger:
    """The webhook for a path and a method. Raises NotFound, or _OtherMethod."""
    hooks = [one for one in door.address.triggers if one.kind == "webhook"]
    here = {_method(one): one for one in reversed(hooks) if one.config["path"].rstrip("/") == path.rstrip("/")}
    if method in here:
        return here[method]
    if here:
        raise _OtherMethod(here)
    raise NotFound("There is nothing at this address.", next_step="Ask whoever gave it to you for a new one.")


def _method(trigger: Trigger) -> str:
    return str(trigger.config.get("method", "POST")).upper()


def _sent_key(headers: Mapping[str, str], body: Any, verified: Verified | None) -> str | None:
    """The sender's own name for this delivery, the same when it is sent again."""
    sent = headers.get("idempotency-key") or headers.get("x-github-delivery")
    if sent or verified is None or not isinstance(body, Mapping):
        return sent
    event = body.get({"stripe": "id", "slack": "event_id"}.get(verified.sender, ""))
    return event if isinstance(event, str) else None


def _wait_s(headers: Mapping[str, str]) -> float:
    """How long the sender would wait (``Prefer: wait=10``, RFC 7240), within our bounds."""
    found = _WAIT.search(headers.get("prefer", ""))
    return min(float(found[1]), MOST_WAIT_S) if found else WAIT_S


def _address(started: Started) -> str:
    return f"/api/v1/runs/{started.begun.run_id}"


def _shown(event: Event) -> bytes:
    if event.type == "step":
        event = msgspec.structs.replace(event, output=None, failure=None)
    return b"event: %s\ndata: %s\n\n" % (event.type.encode(), msgspec.json.encode(event))
