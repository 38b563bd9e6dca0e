"""The audit log: who did what, looked through, taken away as a file, and checked for what was changed afterwards."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Limit, Shape
from plainwork.db import Database, audit
from plainwork.errors import Rejected

routes = Routes("audit")

_AT_ONCE = 200
_LARGEST = 2**63 - 1


class AuditEntry(Shape):
    """One entry. ``seq`` counts from 1 without gaps; ``hash`` is SHA-256 over ``prev_hash`` and the entry, both in hex."""

    seq: int
    at: datetime
    actor_kind: Literal["user", "api_key", "system"]
    actor_id: str
    address: str | None
    action: str
    target_kind: str
    target_id: str
    detail: dict[str, Any]
    prev_hash: str
    hash: str


class AuditPage(Shape):
    """Entries, newest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    entries: list[AuditEntry]
    next: int | None


class AuditHead(Shape):
    """The last entry's number and hash. Noted down elsewhere, it proves later that nothing before it was written anew."""

    seq: int
    hash: str


class AuditVerdict(Shape):
    """What checking the chain found. ``broken_at``: the first entry that is not as it was written, with the reason."""

    is_whole: bool
    entries: int
    broken_at: int | None
    reason: str | None
    head: AuditHead | None


class _File(StreamingResponse):
    """A file that is sent while it is made."""


Action = Annotated[
    str | None, Query(max_length=100, description="An action; with a dot at its end all that begin so: `secret.`")
]
Actor = Annotated[str | None, Query(max_length=200, description="`user:ID`, `api_key:ID`, or the kind alone")]
Target = Annotated[str | None, Query(max_length=400, description="`agent:ID`, `run:ID` …, or the kind alone")]
Since = Annotated[datetime | None, Query(description="Entries from this moment on")]
Until = Annotated[datetime | None, Query(description="Entries before this moment")]


def _filter(
    action: Action = None, actor: Actor = None, target: Target = None, since: Since = None, until: Until = None
) -> audit.Filter:
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise Rejected(f"{name} has no zone.", next_step="Write it like 2026-03-01T08:30:00Z.")
    return audit.Filter(action, _pair(actor), _pair(target), since, until)


def _pair(text: str | None) -> tuple[str, str | None] | None:
    if not text:
        return None
    kind, colon, key = text.partition(":")
    return kind, key if colon else None


@routes.add("GET", "/audit", Permission.AUDIT_READ, errors=(400,))
async def list_audit(
    tenant: Tenant,
    action: Action = None,
    actor: Actor = None,
    target: Target = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[int | None, Query(ge=1, le=_LARGEST)] = None,
    limit: Limit = 50,
) -> AuditPage:
    """What was done in the workspace, and by whom, newest first."""
    only = _filter(action, actor, target, since, until)
    found = await audit.page(tenant, only, limit=limit + 1, before=before)
    page = found[:limit]
    following = page[-1].seq if len(found) > limit else None
    return AuditPage(entries=[AuditEntry(**_row(entry)) for entry in page], next=following)


@routes.add("GET", "/audit/verify", Permission.AUDIT_READ, errors=(400,))
async def verify_audit(
    tenant: Tenant,
    seq: Annotated[int | None, Query(ge=1, le=_LARGEST, description="The number of an entry noted earlier")] = None,
    hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="Its hash")] = None,
) -> AuditVerdict:
    """Checks the whole chain: an entry that was edited, removed, moved or cut off shows, and where.

    Whoever owns the database could write the chain anew from some entry on. Send the ``head`` of an earlier answer
    (``seq`` and ``hash``), kept out of their reach, and that shows too.
    """
    if (seq is None) != (hash is None):
        raise Rejected("seq and hash belong together.", next_step="Send both, or neither.")
    mark = None if seq is None or hash is None else audit.Mark(seq, bytes.fromhex(hash))
    verdict = await audit.verify(tenant, mark)
    head = AuditHead(seq=verdict.head.seq, hash=verdict.head.hash.hex()) if verdict.head else None
    return AuditVerdict(
        is_whole=verdict.broken_at is None,
        entries=verdict.entries,
        broken_at=verdict.broken_at,
        reason=verdict.reason,
        head=head,
    )


@routes.add(
    "GET",
    "/audit/export",
    Permission.AUDIT_READ,
    stream=True,
    errors=(400,),
    response_class=_File,
    responses={
        200: {
            "description": "All entries that pass, oldest first: one JSON object a line, or CSV with a line of names.",
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
async def export_audit(
    request: Request,
    caller: CallerArg,
    format: Literal["jsonl", "csv"] = "jsonl",
    action: Action = None,
    actor: Actor = None,
    target: Target = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """The log as a file, with the hashes that let anybody check it. That it was taken away is an entry of its own."""
    only = _filter(action, actor, target, since, until)
    database: Database = request.app.state.database
    async with database.workspace(caller.workspace_id) as connection:
        await audit.append(
            connection, caller.actor, "audit.exported", ("workspace", caller.workspace_id), {"format": format}
        )
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    media_type = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
    return _File(_written(database, caller, only, format), media_type=media_type, headers=headers)


async def _written(database: Database, caller: Caller, only: audit.Filter, format: str) -> AsyncIterator[bytes]:
    """Page by page, each in a transaction of its own: a slow reader holds nothing open."""
    if format == "csv":
        yield _csv([tuple(AuditEntry.model_fields)])
    after = 0
    while True:
        async with database.workspace(caller.workspace_id) as connection:
            found = await audit.after(connection, only, after, _AT_ONCE)
        if found and format == "csv":
            yield _csv(_cells(entry) for entry in found)
        elif found:
            yield b"".join(msgspec.json.encode(_row(entry)) + b"\n" for entry in found)
        if len(found) < _AT_ONCE:
            return
        after = found[-1].seq


def _row(entry: audit.Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor_kind": entry.actor.kind,
        "actor_id": entry.actor.id,
        "address": entry.actor.address,
        "action": entry.action,
        "target_kind": entry.target_kind,
        "target_id": entry.target_id,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash.hex(),
        "hash": entry.hash.hex(),
    }


def _cells(entry: audit.Entry) -> tuple[Any, ...]:
    row = _row(entry) | {"at": entry.at.isoformat(), "detail": msgspec.json.encode(entry.detail).decode()}
    return tuple(_inert(value) for value in row.values())


def _inert(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets a quote before it (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _csv(rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
