"""Random flows for simulated runs: pure steps, reads, keyed acts, acts that may happen once, waits, loops and branches.

Every request carries the numbers that the steps before it were given, so that what a step has seen can be compared with
what the journal says.
"""

from __future__ import annotations

from random import Random
from typing import Any

from plainwork.spec.flow import Edge, Flow, Node
from plainwork.spec.model import Limits, Retry
from tests.engine.flows import chain, edge, loop, node
from tests.simulation.web import HOST

ACTS = ("keyed", "once")
LEAVES = 3
"""How many agents there are that others call."""


def random_flow(random: Random) -> Flow:
    """A flow of three to seven steps; each has one or two of the earlier ones before it."""
    kinds = ["keyed", "keyed", "once", "read", "set", "wait", "each", "condition", "call", "approval", "callback"]
    names = [f"s{i}" for i in range(random.randint(3, 6))]
    nodes: list[Node] = []
    edges: list[Edge] = []
    acting: dict[str, set[str]] = {}
    for i, name in enumerate(names):
        before = sorted(random.sample(names[:i], min(i, random.choice((1, 1, 2)))))
        behind = set(before).union(*(acting[one] for one in before)) if before else set()
        sources = [one for one in names[:i] if one in behind and _kind_of(nodes, one) in (*ACTS, "read")]
        kind = random.choice(kinds) if i else random.choice(("keyed", "once", "set"))
        nodes.append(_step(random, name, kind, sources))
        acting[name] = behind
        first = name
        if kind == "callback":
            first = f"{name}at"
            nodes.insert(-1, node(first, "callback.url"))
            edges.append(edge(first, name))
        edges += [edge(one, first, **_condition(random, nodes, one)) for one in before]
    limits = Limits(time_per_run=f"{random.randint(20, 60)}s") if random.random() < 0.15 else None
    return Flow(nodes=tuple(nodes), edges=tuple(edges), limits=limits)


def random_leaf(random: Random) -> Flow:
    """A flow for an agent that others call: an act, or one after a wait; some fail."""
    act = _request(random, "act", random.choice(("keyed", "once", "read")), [], "act")
    first = random.choice((node("first"), node("first", "wait", config={"for": random.choice((1, 8))})))
    last = [node("stop", "fail", config={"message": "no"})] if random.random() < 0.2 else []
    steps = [first, act, *last]
    return Flow(nodes=tuple(steps), edges=tuple(chain(*(one.id for one in steps))))


def _kind_of(nodes: list[Node], name: str) -> str:
    found = next(one for one in nodes if one.id == name)
    if not found.type.startswith("http"):
        return found.type
    return "read" if found.config["method"] == "GET" else found.effect or "keyed"


def _condition(random: Random, nodes: list[Node], source: str) -> dict[str, Any]:
    if _kind_of(nodes, source) == "condition@1" and random.random() < 0.5:
        return {"if": random.choice(("true", "false"))}
    return {}


def _step(random: Random, name: str, kind: str, sources: list[str]) -> Node:
    if kind == "set":
        return node(name, config={"x": "{{ run.id }}"})
    if kind == "condition":
        return node(name, "condition")
    if kind == "wait":
        return node(name, "wait", config={"for": random.choice((1, 3, 7, 20))})
    if kind == "call":
        agent = {"agent": f"leaf-{random.randrange(LEAVES)}", "inputs": {}}
        return node(name, "agent.call", config=agent, timeout=random.choice((None, "25s")))
    if kind == "approval":
        return node(name, "approval", config={"title": "May it?"}, timeout=random.choice(("10s", "40s")))
    if kind == "callback":
        config = {"for": f"{{{{ {name}at.url }}}}"}
        return node(name, "callback", config=config, timeout=random.choice(("10s", "40s")))
    if kind == "each":
        inner = _request(
            random, "act", random.choice(("keyed", "keyed", "once")), sources, f"{name}[{{{{ index }}}}].act"
        )
        return loop(name, "foreach", [inner], items=[0, 1, 2], at_once=random.choice((1, 3)), on_item_error="collect")
    return _request(random, name, kind, sources, name)


def _request(random: Random, name: str, kind: str, sources: list[str], path: str) -> Node:
    given = {one: f"{{{{ {one}.body.n if {one} else null }}}}" for one in sources}
    return node(
        name,
        "http",
        config={
            "url": f"http://{HOST}/{kind}",
            "method": "GET" if kind == "read" else "POST",
            "json": {"run": "{{ run.id }}", "step": path, "given": given},
        },
        effect="once" if kind == "once" else None,
        on_uncertain=random.choice(("ask", "ask", "repeat", "skip")) if kind == "once" else "ask",
        retry=Retry(times=random.choice((1, 4)), wait=random.choice(("1s", "8s"))) if random.random() < 0.7 else None,
        timeout="6s",
    )
