"""Deleted workspaces, removed for good once their time has passed: their secrets wherever those lie, then every row that is
theirs in whatever table, a bounded piece a transaction."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from plainwork import log
from plainwork.db import Database, retention
from plainwork.errors import PlainworkError
from plainwork.vault import Vault

_log = log.get("scheduler")

LOOK_EVERY_S = 300.0
AT_ONCE = 2000
PIECES = 50
"""So many rows are deleted at once; so many times a turn, of each workspace."""


class Remover:
    """``run`` works until it is cancelled. ``grace``: how long a deleted workspace is kept."""

    def __init__(self, db: Database, vault: Vault, grace: timedelta) -> None:
        self._db = db
        self._vault = vault
        self._grace = grace

    async def run(self) -> None:
        """Removes what is to be removed; what fails is tried again later."""
        while True:
            try:
                await self.remove()
            except (PlainworkError, OSError) as error:
                _log.warning("failed, will try again", task="removal", error=str(error))
            except Exception as error:
                _log.bug(error, task="removal")
            await asyncio.sleep(LOOK_EVERY_S)

    async def remove(self) -> int:
        """One turn; how many workspaces are gone for good now. Safe to run anywhere at any time: what another scheduler is at
        is passed over."""
        removed = 0
        for workspace_id in await retention.to_remove(self._db, self._grace):
            await self._vault.clear(workspace_id)
            gone: int | None = None
            for _ in range(PIECES):
                gone = await retention.remove(self._db, workspace_id, self._grace, AT_ONCE)
                if not gone:
                    break
            if gone == 0:
                removed += 1
                _log.info("a deleted workspace was removed for good", workspace=str(workspace_id))
        return removed
