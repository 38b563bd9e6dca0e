"""Which agents run when one does: those it calls, those that they call, and so on, as their versions stand now."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from plainwork.db import agents, runs
from plainwork.db.pool import Connection
from plainwork.engine import catalogue
from plainwork.engine.plan import Graph
from plainwork.errors import NotFound
from plainwork.spec.flow import Flow, Node, flow_from_json
from plainwork.spec.graph import body_of

MOST = 200


@dataclass(frozen=True, slots=True)
class Callee:
    """An agent that is called in the end, and by which step of the first one (``node``) that begins."""

    agent_id: UUID
    name: str
    node: str
    graph: Graph


async def callees(connection: Connection, agent_id: UUID, flow: Flow) -> list[Callee]:
    """The agents in the order in which they are met, each once, without the agent itself. Left out is what only a run knows
    (a name that is worked out), what is not there, and more than 200."""
    found: dict[UUID, Callee] = {}
    waiting = deque((call, call.id) for call in _calls(flow))
    while waiting and len(found) < MOST:
        call, node = waiting.popleft()
        row = await _version(connection, call)
        if row is None or row.agent_id == agent_id or row.agent_id in found:
            continue
        try:
            inner = flow_from_json(row.flow)
            found[row.agent_id] = Callee(row.agent_id, row.agent, node, Graph.build(inner, catalogue.load()))
        except (ValueError, RecursionError):  # it takes kinds that are not installed here any more, and cannot run
            continue
        waiting.extend((one, node) for one in _calls(inner))
    return list(found.values())


def _calls(flow: Flow) -> Iterator[Node]:
    levels = [flow.nodes]
    for level in levels:
        for node in level:
            if node.type.partition("@")[0] == "agent.call":
                yield node
            if (body := body_of(node)) is not None:
                levels.append(body.nodes)


async def _version(connection: Connection, call: Node) -> runs.VersionRow | None:
    """The version that a step calls as it stands now."""
    agent = await agents.by_slug(connection, str(call.config.get("agent")))
    if agent is None:
        return None
    which, version_id = call.config.get("version", "live"), agent.live_version_id
    if which != "live":
        try:
            version_id = (await agents.version_numbered(connection, agent.id, int(which))).id
        except (NotFound, TypeError, ValueError):
            return None
    found = await runs.versions(connection, [version_id]) if version_id is not None else []
    return next(iter(found), None)
