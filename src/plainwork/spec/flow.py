"""The flow: the compiled form of a spec, a JSON DAG that the engine interprets and the canvas draws."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import field

from plainwork.spec.model import Defaults, Effect, Input, Limits, Output, Part, Retry

STOP_TARGET = "@stop"
FAIL_TARGET = "@fail"


class Condition(Part, frozen=True, kw_only=True):
    """When an edge is taken; exactly one field is set. No condition at all: when its source succeeded."""

    if_: str | None = field(name="if", default=None)
    case: str | None = None
    else_: bool | None = field(name="else", default=None)
    on: Literal["error", "timeout"] | None = None
    failure: str | None = None
    """With ``on: error``: only for this kind of failure."""


class Edge(Part, frozen=True, kw_only=True):
    """From one node to another, or to ``@stop`` / ``@fail``."""

    from_: str = field(name="from")
    to: str
    condition: Condition | None = None


class Node(Part, frozen=True, kw_only=True):
    """One step, or one trigger (``trigger-1``, type ``trigger.schedule@1``). ``type`` is the kind with its version.
    A loop's inner flow is ``config["flow"]`` (``{"nodes": […], "edges": […]}``)."""

    id: str
    type: str
    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    blocks: dict[str, str] = field(default_factory=dict)
    account: str | None = None
    model: str | tuple[str, ...] | None = None
    retry: Retry | None = None
    timeout: str | None = None
    join: Literal["all", "any"] = "all"
    if_: str | None = field(name="if", default=None)
    limits: Limits | None = None
    cache: str | None = None
    effect: Effect | None = None
    on_uncertain: Literal["ask", "repeat", "skip"] = "ask"
    note: str | None = None
    lane: Literal["main", "errors"] = "main"


class Flow(Part, frozen=True, kw_only=True):
    """A whole flow. Nodes stand in document order; edges grouped by source, in the order they are tried."""

    flow: int = 1
    title: str = ""
    about: str = ""
    id: str | None = None
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    model: str | tuple[str, ...] | None = None
    limits: Limits | None = None
    defaults: Defaults | None = None
    on_failure: str | None = None
    enabled: bool = True
    tags: tuple[str, ...] = ()
    owner: str | None = None


def flow_from_json(data: Any) -> Flow:
    """A flow from its JSON form. Raises ``msgspec.ValidationError``, which names the path (``$.nodes[2].type``)."""
    return msgspec.convert(data, Flow)
