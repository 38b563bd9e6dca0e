"""What an agent can touch: hosts, accounts, models, other agents, and the steps that act on the world."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.model import Email, Part, Poll, Spec, Step, Webhook

ANY_HOST = "any host"
"""Stands for an address that is only known at run time."""


class Reach(Part, frozen=True, kw_only=True):
    """Sorted, each once. ``acts``: ids of steps with an effect outside (they send, write, change something)."""

    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()


def reach_of(spec: Spec, catalogue: Catalogue) -> Reach:
    """The reach of a spec, as far as the text says; a host that a template decides counts as ``any host``."""
    hosts: set[str] = set()
    models: set[str] = set()
    agents: set[str] = set()
    secrets = set(_trigger_accounts(spec))
    acts: set[str] = set()
    if spec.defaults is not None and spec.defaults.account is not None:
        secrets.add(spec.defaults.account)
    for trigger in spec.when:
        if isinstance(trigger, Poll):
            hosts.update(hosts_of(trigger, catalogue.triggers.get(trigger.uses)))
    for step in every_step(spec):
        kind = catalogue.get(step.uses)
        hosts.update(hosts_of(step, kind))
        if step.account is not None:
            secrets.add(step.account)
        if step.uses.startswith("llm"):
            models.update(_models(step.with_.get("model") or step.model or spec.model))
        if step.uses == "agent.call" and isinstance(step.with_.get("agent"), str):
            agents.add(step.with_["agent"])
        if _acts(step, kind):
            acts.add(step.id)
    return Reach(
        hosts=tuple(sorted(hosts)),
        secrets=tuple(sorted(secrets)),
        models=tuple(sorted(models)),
        agents=tuple(sorted(agents)),
        acts=tuple(sorted(acts)),
    )


def every_step(spec: Spec) -> Iterator[Step]:
    """All steps, inner ones and those for errors too, in the order of the document."""
    stack = [*reversed(spec.errors), *reversed(spec.steps)]
    while stack:
        step = stack.pop()
        yield step
        stack.extend(reversed(step.steps))


def hosts_of(of: Step | Poll, kind: Kind | None) -> set[str]:
    """The hosts a step, or a poll, reaches: those of its kind, and that of the address it is given."""
    found = set(kind.hosts) if kind is not None else set()
    url = of.with_.get("url")
    if isinstance(url, str):
        found.add(_host(url))
    return found


def _host(url: str) -> str:
    clean = url.strip()
    scheme, _, rest = clean.partition("://")
    place = rest.partition("/")[0]
    if "{{" in scheme + place or not place:
        return ANY_HOST
    try:
        return urlsplit(f"{scheme}://{place}").netloc.rpartition("@")[2].lower() or ANY_HOST
    except ValueError:
        return ANY_HOST


def _models(names: object) -> list[str]:
    if isinstance(names, str):
        return [names]
    return [str(name) for name in names] if isinstance(names, (list, tuple)) else []


def _acts(step: Step, kind: Kind | None) -> bool:
    effect = step.effect or (kind.effect_of(step.with_) if kind is not None else "none")
    return effect in ("keyed", "once")


def _trigger_accounts(spec: Spec) -> Iterator[str]:
    for trigger in spec.when:
        if isinstance(trigger, (Poll, Email)) and trigger.account is not None:
            yield trigger.account
        if isinstance(trigger, Webhook) and trigger.verify is not None:
            yield trigger.verify
