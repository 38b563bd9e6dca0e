"""Watching that schedules fire and polls succeed. Any process may watch, a scheduler or not: what is late is late in the
database."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from plainwork import log
from plainwork.connectors import Reach, perform
from plainwork.db import Database, agents, alarms, workspaces
from plainwork.db.alarms import Alarm
from plainwork.engine import catalogue
from plainwork.errors import PlainworkError

if TYPE_CHECKING:
    from plainwork.net import Client

_log = log.get("alarms")

LATE_S = 90.0
"""A schedule that should have fired so long ago has not, or a poll been made."""
FAILED_POLLS = 3
"""So many polls that failed in a row raise an alarm."""
WATCH_EVERY_S = 15.0
MOST_LINES = 20
"""How many alarms of one look have a line of their own, in the log and in a mail."""
MOST_MAILS = 1000

_SAID = {
    ("did_not_fire", True): "a schedule did not fire",
    ("did_not_fire", False): "a poll was not made",
    ("keeps_failing", False): "a poll keeps failing",
}

Mail = Callable[[list[str], str, str], Awaitable[None]]
"""Sends a text: to whom, subject, body."""


class AlarmWatch:
    """``run`` watches until it is cancelled. ``mail``: how the owners of a workspace are told, where there is a way."""

    def __init__(
        self, db: Database, mail: Mail | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._mail = mail
        self._now = now

    async def run(self) -> None:
        """Looks every now and then; what fails is tried again."""
        while True:
            try:
                await self.look()
            except (PlainworkError, OSError) as error:
                _log.warning("failed, will try again", error=str(error))
            except Exception as error:
                _log.bug(error)
            await asyncio.sleep(WATCH_EVERY_S)

    async def look(self) -> list[Alarm]:
        """Raises and clears alarms, says the new ones in the log, tells the owners; returns the new ones."""
        raised = await alarms.look(self._db, self._now(), LATE_S, FAILED_POLLS)
        for alarm in raised[:MOST_LINES]:
            _log.error(
                _SAID[alarm.kind, alarm.poll_id is None],
                workspace=str(alarm.workspace_id),
                agent=str(alarm.agent_id),
                trigger=alarm.trigger_id,
                due_at=alarm.due_at.isoformat(),
                why=alarm.message,
            )
        if len(raised) > MOST_LINES:
            _log.error("and more triggers need a look", count=len(raised) - MOST_LINES)
        if self._mail is not None:
            await self._tell(self._mail)
        return raised

    async def _tell(self, mail: Mail) -> None:
        untold: dict[UUID, list[Alarm]] = defaultdict(list)
        for alarm in await alarms.claim_mails(self._db, MOST_MAILS):
            untold[alarm.workspace_id].append(alarm)
        for workspace_id, of in untold.items():
            async with self._db.workspace(workspace_id) as connection:
                owners = await workspaces.owners(connection)
                name = (await workspaces.get(connection)).name
                names = {one: (await agents.get(connection, one)).name for one in {alarm.agent_id for alarm in of}}
            if not owners:
                continue
            try:
                await mail(owners, *_letter(name, of, names))
            except PlainworkError as error:
                _log.warning("nobody could be told by mail", workspace=str(workspace_id), error=str(error))


def _letter(workspace: str, of: Iterable[Alarm], names: dict[UUID, str]) -> tuple[str, str]:
    lines = [
        f"- {names[one.agent_id]} ({one.trigger_id}), due {one.due_at:%Y-%m-%d %H:%M} UTC: {one.message}" for one in of
    ]
    shown = lines[:MOST_LINES] + ([f"- and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else [])
    head = "This needs a look:" if len(lines) == 1 else f"These {len(lines)} triggers need a look:"
    return f"Plainwork: a trigger needs a look in {workspace}", "\n".join([head, "", *shown, ""])


def mailer(net: Client, smtp_url: str) -> Mail:
    """Mails by the operator's own server, with the same code as the step ``email.send``."""
    kind = catalogue.load()["email.send@1"]

    async def mail(to: list[str], subject: str, body: str) -> None:
        await perform(kind, {"to": to, "subject": subject, "body": body}, Reach(net, smtp_url=smtp_url))

    return mail
