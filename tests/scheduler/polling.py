"""What the tests of polls share: agents that poll a list on the scripted web, and looks at what has become of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from plainwork.db import Database, polls
from plainwork.db.polls import State
from plainwork.engine.versions import Version
from plainwork.spec.flow import Node
from tests.world import Reply, Seen, Web


class Shelf:
    """A list that a service shows, newest first; what is put on it, and how often it was asked for."""

    def __init__(self, web: Web, path: str = "/things") -> None:
        self.url = web.url + path
        self.items: list[Any] = []
        self.asked = 0
        web.on("GET", path, self._show)

    def put(self, *names: Any) -> None:
        """The last one is the newest."""
        for name in names:
            self.items.insert(0, {"id": name, "title": f"Thing {name}"})

    def _show(self, _: Seen) -> Reply:
        self.asked += 1
        return Reply(json=self.items)


def polling(url: str, id: str = "trigger-1", query: Any = None, **fields: Any) -> Node:
    """A trigger that polls a list; ``fields``: what else it says (``remember``, ``map`` …)."""
    settings = {"url": url} | ({"query": query} if query else {})
    return Node(id=id, type="trigger.poll@1", config={"uses": "http.new_item", "with": settings, **fields})


async def make_due(database: Database, workspace_id: UUID) -> None:
    """Has the time of the next polls come; a poll under way is one whose process is gone."""
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update polls set due_at = now()")


async def state(database: Database, version: Version, trigger_id: str = "trigger-1") -> State:
    async with database.workspace(version.workspace_id) as connection:
        found = await polls.state(connection, version.agent_id, trigger_id)
    assert found is not None
    return found


async def started(database: Database, workspace_id: UUID) -> list[Any]:
    """The ids of the things that runs were started for, in the order of their runs."""
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select trigger from runs order by id")
    return [row["trigger"]["item"]["id"] for row in rows]


async def refusals(database: Database, workspace_id: UUID) -> list[str]:
    async with database.workspace(workspace_id) as connection:
        return [row[0] for row in await connection.fetch("select reason from deliveries order by id")]
