"""What a delivery is answered with once its run has ended: what the ``respond`` step says, else the run's output.

These answers come from agents, under the address of the app. So they may not set what keeps browsers safe, are never run as
a page of ours (a sandbox without scripts), and set no cookies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from starlette.responses import Response

from plainwork.api import problems
from plainwork.db import Database, json, runs
from plainwork.db.runs import ENDED, Run
from plainwork.engine.desk import End
from plainwork.engine.plan import step_at
from plainwork.engine.versions import Versions

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8000}")
_MAY_BE_SET = re.compile(
    r"content-(type|language|disposition)|location|cache-control|etag|expires|last-modified|retry-after|link|vary"
    r"|access-control-[a-z-]+|x-(?!content-type-options|frame-options|accel-|sendfile|lighttpd-|reproxy-)[a-z0-9-]+"
)
_SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}
_WITHOUT_BODY = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. ``output`` is JSON; ``response``: what its last ``respond`` step gave."""

    run_id: UUID
    status: str
    output: bytes
    response: Any

    @property
    def body(self) -> Any:
        """What the run answers with."""
        return self.response.get("body") if isinstance(self.response, Mapping) else json.decode(self.output)


def ended_here(run_id: UUID, end: End) -> Ended:
    """The end of a run that this process' worker had."""
    return Ended(run_id, end.status, end.output or b"null", end.response)


async def ended_elsewhere(db: Database, versions: Versions, run: Run) -> Ended | None:
    """The end of a run as the database has it; None while it goes on."""
    if run.status not in ENDED:
        return None
    version = await versions.get(run.workspace_id, run.version_id)
    async with db.workspace(run.workspace_id) as connection:
        journal = await runs.steps(connection, run.id, max(0, run.steps - 1000))
    responses = (
        row.output
        for row in reversed(journal)
        if row.status == "succeeded"
        and (step := step_at(version.graph, row.path)) is not None
        and step.kind.id == "respond"
    )
    return Ended(run.id, run.status, json.encode(run.output), next(responses, None))


def answer(ended: Ended) -> Response:
    """The HTTP answer. A failed run is our side's fault, so senders try again; what went wrong is for its owner to see."""
    if ended.status != "succeeded":
        detail = "The run failed." if ended.status == "failed" else "The run was cancelled."
        return problems.problem(500, "RunFailed", detail, run=str(ended.run_id), next_step="Its owner can see why.")
    if not isinstance(ended.response, Mapping):
        return Response(ended.output, 200, _SAFE, media_type="application/json")
    status = ended.response.get("status", 200)
    headers = _settable(ended.response.get("headers"))
    body, media_type = _encoded(ended.response.get("body"))
    headers.setdefault("content-type", media_type)
    if status in _WITHOUT_BODY or status < 200:
        return Response(status_code=max(status, 200), headers=_SAFE)
    return Response(body, status, headers | _SAFE)


def pending(run_id: UUID, status: str) -> Response:
    """The answer while the run goes on."""
    headers = {"Location": f"/api/v1/runs/{run_id}"}
    body = msgspec.json.encode({"run": run_id, "status": status})
    return Response(body, 202, headers, media_type="application/json")


def said(value: Any) -> str:
    """An answer as a text that people read: a text, what an object calls its text, else JSON."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("text", "answer", "message") if isinstance(value.get(key), str)), value)
    return value if isinstance(value, str) else json.encode(value).decode()


def _settable(headers: Any) -> dict[str, str]:
    """Those of the step's headers that an agent may set."""
    found: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        name, text = str(name).lower(), str(value)
        if _NAME.fullmatch(name) and _MAY_BE_SET.fullmatch(name) and _VALUE.fullmatch(text):
            found[name] = text
    return found


def _encoded(body: Any) -> tuple[bytes, str]:
    if isinstance(body, str):
        return body.encode("utf-8", "replace"), "text/plain; charset=utf-8"
    return json.encode(body), "application/json"
