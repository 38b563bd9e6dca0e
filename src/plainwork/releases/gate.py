"""What a version has to meet before it goes live: no errors, green Examples, and secrets that are there and bound to it.

What it does not meet is told as findings. Errors always stand in the way, because such a version cannot run; the others
can be overridden by whoever answers for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from plainwork import spec
from plainwork.connectors import connector_of
from plainwork.db import secrets, workspaces
from plainwork.db.pool import Connection
from plainwork.engine.examples import run_examples
from plainwork.engine.plan import Graph
from plainwork.errors import Finding, Forbidden
from plainwork.releases.callees import callees
from plainwork.spec.flow import Flow
from plainwork.spec.kinds import Catalogue
from plainwork.spec.starts import triggers_of
from plainwork.vault import Use, check

LONGEST_S = 10.0
"""How long all Examples of a version may take together."""
EXAMPLE_FAILED = "example-failed"
SECRET_MISSING = "secret-missing"  # noqa: S105 - the name of a finding
SECRET_NOT_BOUND = "secret-not-bound"  # noqa: S105 - the name of a finding
_THREADS = ThreadPoolExecutor(2, "gate")
"""So many documents are rehearsed at the same time; others wait, and nothing else that needs a thread waits for them."""
_OVERRIDABLE = {EXAMPLE_FAILED, SECRET_MISSING, SECRET_NOT_BOUND}


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A document that was checked, with its Examples run. ``findings``: its errors and the Examples that failed."""

    flow: Flow | None
    graph: Graph | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class NeededSecret:
    """A secret that a flow uses: for which step or trigger, and as which connector (None: that is not known here)."""

    name: str
    node: str
    connector: str | None


def is_overridable(unmet: Sequence[Finding]) -> bool:
    """Whether a version may go live all the same, when somebody takes it upon themselves."""
    return all(finding.code in _OVERRIDABLE for finding in unmet)


async def rehearse(markdown: str, catalogue: Catalogue, longest_s: float = LONGEST_S) -> Rehearsed:
    """Checks a document and runs its Examples, off the event loop; to be done outside any transaction."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _rehearse, markdown, catalogue, longest_s)


async def unmet(connection: Connection, agent_id: UUID, rehearsed: Rehearsed) -> tuple[Finding, ...]:
    """What a version of the agent with this document does not meet, in the workspace as it is now."""
    found = rehearsed.findings
    if not (await workspaces.get(connection)).requires_green_examples:
        found = tuple(finding for finding in found if finding.code != EXAMPLE_FAILED)
    return found + await _unmet_secrets(connection, agent_id, rehearsed)


def needed_secrets(flow: Flow, graph: Graph) -> list[NeededSecret]:
    """The secrets that a flow uses, each once for every connector that it is used as."""
    found: dict[tuple[str, str | None], NeededSecret] = {}
    for one in (*_of_triggers(flow), *_of_steps(graph)):
        found.setdefault((one.name, one.connector), one)
    return list(found.values())


def _rehearse(markdown: str, catalogue: Catalogue, longest_s: float) -> Rehearsed:
    loaded = spec.load(markdown, catalogue)
    if not loaded.is_valid or loaded.flow is None:
        return Rehearsed(None, None, tuple(one for one in loaded.findings if one.severity == "error"))
    report = run_examples(loaded, catalogue, longest_s=longest_s)
    failed = tuple(
        Finding(
            code=EXAMPLE_FAILED,
            message=f"The example “{result.name}” fails: {' '.join(result.problems)}",
            next_step="Mend the steps, or what the example expects.",
        )
        for result in report.examples
        if not result.passed
    )
    return Rehearsed(loaded.flow, Graph.build(loaded.flow, catalogue), failed)


async def _unmet_secrets(connection: Connection, agent_id: UUID, rehearsed: Rehearsed) -> tuple[Finding, ...]:
    if rehearsed.flow is None or rehearsed.graph is None:
        return ()
    called = await callees(connection, agent_id, rehearsed.flow)
    needed = [(agent_id, one, "") for one in needed_secrets(rehearsed.flow, rehearsed.graph)]
    needed += [
        (callee.agent_id, replace(one, node=callee.node), callee.name)
        for callee in called
        for one in _of_steps(callee.graph)
    ]
    known = {secret.name: secret for secret in await secrets.all_of(connection)} if needed else {}
    found: dict[tuple[str, str, UUID], Finding] = {}
    for user, one, callee_name in needed:
        finding = _unmet_secret(one, known.get(one.name), user)
        if finding is not None:
            told = f"For {callee_name}, which is called here: {finding.message}" if callee_name else finding.message
            found.setdefault((finding.code, one.name, user), msgspec.structs.replace(finding, message=told))
    return tuple(found.values())


def _unmet_secret(needed: NeededSecret, secret: secrets.Secret | None, agent_id: UUID) -> Finding | None:
    if secret is None:
        return Finding(
            code=SECRET_MISSING,
            message=f"There is no secret {needed.name!r}.",
            next_step=f"Add {needed.name!r} under Secrets.",
            node=needed.node,
        )
    connector = secret.connector if needed.connector is not None else None
    try:  # to which hosts it goes, only the run knows
        check(replace(secret, hosts=None, connector=connector), Use(connector=needed.connector, agent=agent_id))
    except Forbidden as why:
        return Finding(code=SECRET_NOT_BOUND, message=why.message, next_step=why.next_step, node=needed.node)
    return None


def _of_triggers(flow: Flow) -> Iterator[NeededSecret]:
    for node in triggers_of(flow):
        for name in (node.config.get("account"), node.config.get("verify")):
            if isinstance(name, str) and name in flow.secrets:
                yield NeededSecret(name, node.id, None)


def _of_steps(graph: Graph) -> Iterator[NeededSecret]:
    levels = [graph.level]
    for level in levels:
        for step in level.steps:
            if step.account is not None:
                yield NeededSecret(step.account, step.id, connector_of(step.kind) if step.kind.account else None)
            if step.body is not None:
                levels.append(step.body)
