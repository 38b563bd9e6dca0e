"""Exporting a workspace, and importing one: first a plan of what would change, then the changes.

An import adds and changes, and takes nothing away: agents that the files do not speak of stay as they are, and no version
that is live stops being so but for a newer one. Versions are made only where the text differs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork import spec
from plainwork.db import agents, audit, new_id, schedules, secrets, transfer, triggers, workspaces
from plainwork.db.agents import Version
from plainwork.db.audit import Actor
from plainwork.db.pool import Connection, Database
from plainwork.db.transfer import ExportedAgent
from plainwork.errors import Conflict, Finding, Invalid, LimitReached
from plainwork.releases import files, gate, live, publishing
from plainwork.releases.files import AgentState, Bundle, SecretNeed
from plainwork.releases.gate import Rehearsed
from plainwork.releases.publishing import Content
from plainwork.spec.diff import diff
from plainwork.spec.kinds import Catalogue

LONGEST_S = 60.0
"""How long the Examples of all agents of an import may take together."""

Action = Literal["new", "changed", "same"]


class AgentPlan(msgspec.Struct, frozen=True):
    """What becomes of an agent. ``changes``: of the document, in sentences; ``goes_live``: the document will be what runs, and
    is not yet; ``unmet``: what keeps it from that."""

    slug: str
    action: Action
    changes: list[str] = []
    goes_live: bool = False
    unmet: list[Finding] = []


class VariablePlan(msgspec.Struct, frozen=True):
    """What becomes of a variable."""

    name: str
    action: Action


class Plan(msgspec.Struct, frozen=True):
    """What an import does, by name. ``missing_secrets``: named in the files, and not in the workspace; ``left_alone``: agents
    that the files do not speak of."""

    agents: list[AgentPlan]
    variables: list[VariablePlan]
    missing_secrets: list[str]
    left_alone: list[str]


@dataclass(frozen=True, slots=True)
class _Document:
    """A document of the files that has no errors."""

    spec: spec.Spec
    content: Content


@dataclass(frozen=True, slots=True)
class _Import:
    """Everything that is known before the workspace is looked at. ``rehearsed``: the documents that may go live."""

    bundle: Bundle
    documents: Mapping[str, _Document]
    rehearsed: Mapping[str, Rehearsed]
    catalogue: Catalogue


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def export(connection: Connection) -> Bundle:
    """The workspace. Raises LimitReached when it has more agents than files may hold."""
    found = await transfer.agents(connection, files.MOST_AGENTS + 1)
    if len(found) > files.MOST_AGENTS or sum(len(agent.markdown) for agent in found) > files.MOST_CHARACTERS:
        raise LimitReached(f"The workspace has more than {files.MOST_AGENTS} agents, or 64 MiB of documents.")
    slugs = {agent.id: agent.slug for agent in found}
    return Bundle(
        documents={agent.slug: agent.markdown for agent in found},
        states={agent.slug: _state(agent) for agent in found},
        variables=await workspaces.variables(connection),
        secrets={secret.name: _need(secret, slugs) for secret in await secrets.all_of(connection)},
    )


def _state(agent: ExportedAgent) -> AgentState:
    return AgentState(agent.name, agent.is_live, agent.is_paused, agent.paused_triggers)


def _need(secret: secrets.Secret, slugs: Mapping[UUID, str]) -> SecretNeed:
    bound = None if secret.agents is None else tuple(sorted(slugs[key] for key in secret.agents if key in slugs))
    return SecretNeed(secret.about, secret.connector, secret.hosts, bound)


# ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def plan(db: Database, workspace_id: UUID, bundle: Bundle, catalogue: Catalogue) -> Plan:
    """What an import would do. Raises Invalid with findings when a document has errors."""
    given = await _prepare(db, workspace_id, bundle, catalogue)
    async with db.workspace(workspace_id) as connection:
        return await _plan(connection, given)


async def apply(
    db: Database, workspace_id: UUID, bundle: Bundle, catalogue: Catalogue, actor: Actor, by: UUID | None = None
) -> Plan:
    """Imports, all of it or nothing; what was done. Raises as ``plan``, and Conflict when somebody changed the workspace
    meanwhile."""
    given = await _prepare(db, workspace_id, bundle, catalogue)
    async with db.workspace(workspace_id) as connection:
        await workspaces.hold(connection)
        made = await _plan(connection, given)
        for variable in made.variables:
            if variable.action != "same":
                await workspaces.set_variable(connection, variable.name, bundle.variables[variable.name])
        current = {agent.slug: agent for agent in await transfer.agents(connection, files.MOST_AGENTS + 1)}
        for agent in made.agents:
            await _carry_out(connection, given, agent, current.get(agent.slug), actor, by)
        await audit.append(connection, actor, "workspace.imported", ("workspace", workspace_id), _counts(made))
    return made


async def _prepare(db: Database, workspace_id: UUID, bundle: Bundle, catalogue: Catalogue) -> _Import:
    documents = await asyncio.to_thread(_documents, bundle, catalogue)
    async with db.workspace(workspace_id) as connection:
        known = {agent.slug: agent for agent in await transfer.agents(connection, files.MOST_AGENTS + 1)}
    until, rehearsed = time.monotonic() + LONGEST_S, {}
    for slug, text in bundle.documents.items():
        if _goes_live(bundle, slug, known.get(slug)):
            left_s = min(gate.LONGEST_S, until - time.monotonic())
            rehearsed[slug] = await gate.rehearse(text, catalogue, left_s)
    return _Import(bundle, documents, rehearsed, catalogue)


def _documents(bundle: Bundle, catalogue: Catalogue) -> dict[str, _Document]:
    documents: dict[str, _Document] = {}
    findings: list[Finding] = []
    for slug, text in bundle.documents.items():
        loaded = spec.load(text, catalogue)
        if loaded.spec is not None and loaded.flow is not None and loaded.is_valid:
            content = Content(text, msgspec.to_builtins(loaded.spec), msgspec.to_builtins(loaded.flow))
            documents[slug] = _Document(loaded.spec, content)
        else:
            errors = [finding for finding in loaded.findings if finding.severity == "error"]
            place = f"{files.FOLDER}{slug}.md: "
            findings += [msgspec.structs.replace(one, message=place + one.message) for one in errors]
    if findings:
        raise Invalid("Not every document is without errors; nothing was imported.", findings=tuple(findings))
    return documents


def _goes_live(bundle: Bundle, slug: str, agent: ExportedAgent | None) -> bool:
    """Whether the document is to be what runs, and is not yet."""
    state = bundle.states.get(slug)
    if state is None or not state.live:
        return False
    return agent is None or not agent.is_live or agent.markdown != bundle.documents[slug]


async def _plan(connection: Connection, given: _Import) -> Plan:
    bundle = given.bundle
    known = {agent.slug: agent for agent in await transfer.agents(connection, files.MOST_AGENTS + 1)}
    variables = await workspaces.variables(connection)
    stored = {secret.name for secret in await secrets.all_of(connection)}
    return Plan(
        agents=[await _plan_of(connection, given, slug, known.get(slug)) for slug in sorted(bundle.documents)],
        variables=[
            VariablePlan(name, "same" if variables[name] == value else "changed")
            if name in variables
            else VariablePlan(name, "new")
            for name, value in sorted(bundle.variables.items())
        ],
        missing_secrets=sorted(bundle.secrets.keys() - stored),
        left_alone=sorted(known.keys() - bundle.documents.keys()),
    )


async def _plan_of(connection: Connection, given: _Import, slug: str, agent: ExportedAgent | None) -> AgentPlan:
    unmet: tuple[Finding, ...] = ()
    goes_live = _goes_live(given.bundle, slug, agent)
    if goes_live:
        rehearsed = given.rehearsed.get(slug)
        if rehearsed is None:
            raise Conflict("Somebody changed the workspace meanwhile.", next_step="Import again.")
        unmet = await gate.unmet(connection, agent.id if agent else new_id(), rehearsed)
    action, changes = _change(given, slug, agent)
    return AgentPlan(slug, action, changes, goes_live and not unmet, list(unmet))


def _change(given: _Import, slug: str, agent: ExportedAgent | None) -> tuple[Action, list[str]]:
    if agent is None:
        return "new", []
    if agent.markdown == given.bundle.documents[slug]:
        return "same", []
    before = spec.load(agent.markdown, given.catalogue).spec
    if before is None:
        return "changed", []
    return "changed", list(diff(before, given.documents[slug].spec, given.catalogue).summary)


async def _carry_out(
    connection: Connection,
    given: _Import,
    planned: AgentPlan,
    known: ExportedAgent | None,
    actor: Actor,
    by: UUID | None,
) -> None:
    document, state = given.documents[planned.slug], given.bundle.states.get(planned.slug)
    if known is None:
        agent = await publishing.create(connection, actor, document.spec, slug=planned.slug, by=by)
    else:
        agent = await agents.get(connection, known.id)
    version: Version
    if known is None or planned.action == "changed":
        version, _ = await publishing.publish(connection, actor, agent, document.content, note="Imported", by=by)
    else:
        version = await agents.version(connection, known.version_id)
    if planned.goes_live:
        await live.point(connection, actor, agent.id, version, reason="Imported")
    if state is not None:
        await _settle(connection, actor, agent, state)


async def _settle(connection: Connection, actor: Actor, agent: agents.Agent, state: AgentState) -> None:
    """Has an agent be called and paused as the files say."""
    changed: dict[str, Any] = {}
    if state.name != agent.name:
        changed["name"] = state.name
    if state.paused != (agent.paused_at is not None):
        changed["paused"] = state.paused
    if changed:
        await agents.change(connection, agent.id, **changed)
        await audit.append(connection, actor, "agent.changed", ("agent", agent.id), changed)
    for schedule in await schedules.of_agent(connection, agent.id):
        paused = schedule.trigger_id in state.paused_triggers
        if await schedules.hold(connection, schedule.id, held=paused):
            action = "schedule.paused" if paused else "schedule.resumed"
            await audit.append(connection, actor, action, ("agent", agent.id), {"trigger": schedule.trigger_id})
    for trigger in await triggers.of_agent(connection, agent.id):
        paused = trigger.trigger_id in state.paused_triggers
        if paused != (trigger.paused_at is not None):
            await triggers.pause(connection, agent.id, trigger.trigger_id, paused=paused)
            action = "trigger.paused" if paused else "trigger.resumed"
            await audit.append(connection, actor, action, ("agent", agent.id), {"trigger": trigger.trigger_id})


def _counts(plan: Plan) -> dict[str, int]:
    agents_of = [agent.action for agent in plan.agents]
    changed = sum(variable.action != "same" for variable in plan.variables)
    went_live = sum(agent.goes_live for agent in plan.agents)
    return {
        "new": agents_of.count("new"),
        "changed": agents_of.count("changed"),
        "live": went_live,
        "variables": changed,
    }
