"""Random flows of every shape a canvas or an importer could bring: any order of nodes, any wiring without a circle."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import strategies as st

from plainwork.spec.flow import Condition, Edge, Flow, Node
from plainwork.spec.graph import MAX_DEPTH, plain_body
from plainwork.spec.model import Defaults, Input, Limits, Output, Retry

TRIGGERS: list[tuple[str, dict[str, Any]]] = [
    ("schedule", {"phrase": "every weekday at 07:30 in Europe/Berlin"}),
    ("schedule", {"phrase": "every 15 minutes"}),
    ("schedule", {"phrase": "every day at 09:00", "timezone": "Asia/Tokyo"}),
    ("schedule", {"phrase": "every day at 09:00", "cron": "5 5 * * *", "timezone": "UTC"}),
    ("schedule", {"cron": "0 8 1 * *", "timezone": "Europe/Berlin"}),
    ("schedule", {"phrase": "every hour", "missed": "all up to 5", "overlap": "queue", "jitter": "2 minutes"}),
    ("webhook", {"path": "/orders", "method": "POST"}),
    ("webhook", {"path": "/a/b", "respond": "when done", "map": {"topic": "body.topic"}}),
    ("poll", {"uses": "rss.new_item", "every": "10m", "with": {"url": "https://example.org/feed"}}),
    ("form", {"title": "Ask"}),
    ("chat", {}),
    ("email", {"account": "MAIL"}),
    ("error", {"agent": "other"}),
    ("manual", {}),
]
CONDITIONS = [
    Condition(if_="a > 1"),
    Condition(if_="b == 'x'"),
    Condition(case="yes"),
    Condition(case="no, never"),
    Condition(else_=True),
    Condition(on="error"),
    Condition(on="error", failure="auth"),
    Condition(on="timeout"),
    Condition(),
]
_IDS = ["a", "b-c", "step", "Ünï", "fetch-the-posts", "x1", "2nd", "send_mail", "日本", "triggers", "last-one", "n"]


def random_flow(seed: int, size: int, density: float) -> Flow:
    """A valid flow with about ``size`` steps, and ``density`` edges between pairs of them."""
    dice = random.Random(seed)
    names = _names(dice)
    nodes, edges = _level(dice, names, size, density, 1)
    triggers = _triggers(dice, nodes, edges)
    mixed = [*nodes, *triggers]
    dice.shuffle(mixed)
    dice.shuffle(edges)
    front: dict[str, Any] = {}
    if dice.random() < 0.4:
        front = {
            "id": "an-agent",
            "inputs": {"topic": Input(type="text", default="news"), "n": Input(type="integer", required=False)},
            "outputs": {"page": Output(value="{{ inputs.topic }}")},
            "secrets": {"MAIL": "for mail"},
            "model": ("openai:gpt-5-mini", "local:smollm2-135m"),
            "limits": Limits(cost_per_run_usd=0.5, time_per_run="5m"),
            "defaults": Defaults(retry=Retry(times=2), timeout="10s"),
            "on_failure": nodes[0].id if nodes else None,
            "enabled": False,
            "tags": ("a", "b"),
            "owner": "ops@example.org",
        }
    title = dice.choice(["", "An agent", "  two \n lines "])
    about = dice.choice(["", "What it does.", "\n with space \r\n"])
    return Flow(title=title, about=about, nodes=tuple(mixed), edges=tuple(edges), **front)


def _names(dice: random.Random) -> Any:
    count = 0
    while True:
        count += 1
        yield f"{dice.choice(_IDS)}-{count}"


def _level(dice: random.Random, names: Any, size: int, density: float, depth: int) -> tuple[list[Node], list[Edge]]:
    count = dice.randint(0 if depth == 1 else 1, size)
    nodes = [_node(dice, next(names), names, density, depth) for _ in range(count)]
    edges = []
    for source in range(count):
        for target in range(source + 1, count):
            chance = 0.6 if target == source + 1 else density
            while dice.random() < chance:
                edges.append(_edge(dice, nodes[source].id, nodes[target].id))
                chance /= 3
        if dice.random() < 0.15:
            edges.append(_edge(dice, nodes[source].id, dice.choice(["@stop", "@fail"])))
    if dice.random() < 0.7:
        dice.shuffle(nodes)
    return nodes, edges


def _edge(dice: random.Random, source: str, target: str) -> Edge:
    return Edge(from_=source, to=target, condition=dice.choice(CONDITIONS) if dice.random() < 0.5 else None)


def _node(dice: random.Random, node_id: str, names: Any, density: float, depth: int) -> Node:
    config: dict[str, Any] = dice.choice(
        [{}, {"url": "https://example.org"}, {"prompt": "Hi {{ a }}", "n": [1, {"b": None}]}]
    )
    kind = dice.choice(["set@1", "http@1", "llm@1", "http@2", "condition"])
    if depth < MAX_DEPTH and dice.random() < 0.15:
        kind = dice.choice(["foreach@1", "repeat@1", "group@1"])
        config = {**config, "flow": plain_body(*_level(dice, names, 4, density, depth + 1))}
    elif dice.random() < 0.05:
        config = {**config, "flow": dice.choice(["a name", {"id": "x"}, {"nodes": [], "edges": []}])}
    return Node(
        id=node_id,
        type=kind,
        config=config,
        name=dice.choice(["", "A step", "Fetch  the\tposts", "Is it? → yes"]),
        about=dice.choice(["", "Prose.", " more "]),
        blocks={"prompt": "text"} if "prompt" in config else {},
        account=dice.choice([None, "MAIL"]),
        model=dice.choice([None, "openai:gpt-5-mini", ("a:b", "c:d")]),
        retry=dice.choice([None, Retry(), Retry(times=5, on=("retry",))]),
        timeout=dice.choice([None, "10s"]),
        join=dice.choice(["all", "all", "any"]),
        if_=dice.choice([None, "inputs.n > 1"]),
        limits=dice.choice([None, Limits(tokens_per_run=5)]),
        cache=dice.choice([None, "1 hour"]),
        effect=dice.choice([None, "once"]),
        on_uncertain=dice.choice(["ask", "skip"]),
        note=dice.choice([None, "note"]),
        lane="errors" if dice.random() < 0.2 else "main",
    )


def _triggers(dice: random.Random, nodes: list[Node], edges: list[Edge]) -> list[Node]:
    found = []
    for number in range(dice.choice([0, 0, 1, 1, 2, 3])):
        kind, config = dice.choice(TRIGGERS)
        found.append(Node(id=f"start-{number}", type=f"trigger.{kind}@1", config=config))
        if nodes and dice.random() < 0.7:
            edges.append(Edge(from_=f"start-{number}", to=dice.choice(nodes).id))
    return found


flows = st.builds(
    random_flow,
    seed=st.integers(0, 2**32),
    size=st.integers(0, 12),
    density=st.sampled_from([0.0, 0.05, 0.15, 0.5, 0.9]),
)
"""Flows with up to twelve steps a level: chains, fans, diamonds, several roots and ends, loops in loops."""


def as_json(flow: Flow) -> Any:
    """The flow as it comes back from JSON text."""
    return msgspec.json.decode(msgspec.json.encode(flow))
