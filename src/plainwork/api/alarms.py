"""Alarms: schedules that should have fired and have not, polls that keep failing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from plainwork.api.auth import Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Limit, Shape
from plainwork.db import alarms

routes = Routes("alarms")


class Alarm(Shape):
    """A schedule, a poll or a mailbox that needs a look. ``kind``: it ``did_not_fire`` at ``due_at`` (nobody has asked what is
    new), it ``cannot_be_planned`` (its times cannot be worked out), it ``cannot_start`` (three runs in a row could not even
    begin), or it ``keeps_failing`` (three polls in a row have failed). ``cleared_at``: when all was well again."""

    id: UUID
    kind: Literal["did_not_fire", "cannot_be_planned", "cannot_start", "keeps_failing"]
    agent_id: UUID
    trigger_id: str
    due_at: datetime
    message: str
    raised_at: datetime
    cleared_at: datetime | None


class AlarmPage(Shape):
    """Alarms, the latest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    alarms: list[Alarm]
    next: UUID | None


@routes.add("GET", "/alarms", Permission.AGENTS_READ)
async def list_alarms(
    tenant: Tenant,
    every: Annotated[bool, Query(description="Those that are over, too: they are kept for 90 days.")] = False,
    before: UUID | None = None,
    limit: Limit = 50,
) -> AlarmPage:
    """The schedules that should have fired and have not, or cannot, and the polls that keep failing."""
    found = await alarms.page(tenant, is_open=not every, before=before, limit=limit + 1)
    page = [Alarm.model_validate(one) for one in found[:limit]]
    return AlarmPage(alarms=page, next=page[-1].id if len(found) > limit else None)
