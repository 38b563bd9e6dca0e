"""Where everything stands in a document: spans of steps, fields and routes, for errors, the editor and the canvas."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field

from plainwork.spec.model import Part, Step
from plainwork.spec.routes import Line
from plainwork.spec.yaml_read import Node, Refused, compose


class Span(Part, frozen=True, kw_only=True):
    """From a place to a place in the text: 1-based lines and columns, the end exclusive; ``start`` and ``end`` are
    offsets in the text with its line ends read as LF."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


@dataclass(slots=True)
class Fence:
    """A fenced block: the whole of it (with its last line break), and what is inside."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    language: str = ""


@dataclass(slots=True)
class Place:
    """Where one step stands. ``end``: of its own lines; ``tree_end``: of its inner steps too."""

    start: int
    end: int
    tree_end: int
    name: tuple[int, int]
    level: int = 3
    lane: str = "steps"
    fence: Fence | None = None
    blocks: dict[str, Fence] = field(default_factory=dict)
    routes: list[tuple[int, int, Line]] = field(default_factory=list)
    prose: list[tuple[int, int]] = field(default_factory=list)
    step: Step | None = None


class SourceMap:
    """The spans of one document. Lookups are by step id; ``None`` stands for the front matter and the document itself."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[str, Place] = {}
        self.front: Fence | None = None
        self.title: tuple[int, int] | None = None
        self.prose: list[tuple[int, int]] = []
        self.parts: dict[str, tuple[int, int, int]] = {}
        """For ``steps``, ``errors``, ``examples``: where the heading starts and ends, and where the section ends."""
        self.head_end = len(text)
        self._starts: list[int] | None = None
        self._composed: dict[int, Node | None] = {}

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        line, column = self.position(start)
        end_line, end_column = self.position(max(start, end))
        return Span(
            line=line, column=column, end_line=end_line, end_column=end_column, start=start, end=max(start, end)
        )

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1) of an offset."""
        if self._starts is None:
            self._starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def node(self, node_id: str) -> Span | None:
        """Where a step stands, its inner steps included; for ``trigger-N`` the trigger's place in the front matter."""
        place = self.places.get(node_id)
        if place is None:
            index = node_id.removeprefix("trigger-")
            return self.field(None, f"when.{int(index) - 1}") if index != node_id and index.isdecimal() else None
        return self._trimmed(place.start, place.tree_end)

    def field(self, node_id: str | None, path: str) -> Span | None:
        """Where a field stands (``with.url``, ``retry.times``; ``limits.cost_per_run_usd`` for ``node_id`` None): its
        value, else the nearest thing around it that the text has."""
        parts = path.split(".")
        if node_id is None:
            return self._front_field(parts)
        place = self.places.get(node_id)
        if place is None:
            return self.node(node_id)
        if parts[0] == "name":
            return self.span(*place.name)
        if parts[0] == "about" and place.prose:
            return self.span(place.prose[0][0], place.prose[-1][1])
        if parts[0] == "with" and len(parts) > 1 and parts[1] in place.blocks:
            block = place.blocks[parts[1]]
            return self.span(block.inner_start, block.inner_end)
        return self._in_fence(place.fence, parts) or self.span(*place.name)

    def _front_field(self, parts: list[str]) -> Span | None:
        if parts[0] == "title" and self.title:
            return self.span(*self.title)
        if parts[0] == "about" and self.prose:
            return self.span(self.prose[0][0], self.prose[-1][1])
        return self._in_fence(self.front, parts) or (self.span(*self.title) if self.title else None)

    def route(self, node_id: str, index: int) -> Span | None:
        """Where a step's route line stands."""
        place = self.places.get(node_id)
        if place is None or not 0 <= index < len(place.routes):
            return self.node(node_id)
        start, end, _ = place.routes[index]
        return self.span(start, end)

    def _in_fence(self, fence: Fence | None, parts: list[str]) -> Span | None:
        if fence is None:
            return None
        node = best = self.compose(fence)
        for depth, part in enumerate(parts):
            node = _child(node, part, depth == 0)
            if node is None:
                break
            best = node
        if best is None or best is self.compose(fence):
            return None
        return self.span(fence.inner_start + best.start, fence.inner_start + best.end)

    def compose(self, fence: Fence) -> Node | None:
        """A block's YAML as nodes (kept); None when it cannot be read."""
        if fence.inner_start not in self._composed:
            try:
                node = compose(self.text[fence.inner_start : fence.inner_end])
            except Refused:
                node = None
            self._composed[fence.inner_start] = node
        return self._composed[fence.inner_start]

    def _trimmed(self, start: int, end: int) -> Span:
        return self.span(start, start + len(self.text[start:end].rstrip()))


_OTHER_NAMES = {"cost per run usd": "cost per run", "cost per day usd": "cost per day", "phrase": "schedule"}


def _child(node: Node | None, part: str, top: bool) -> Node | None:
    if node is None:
        return None
    if node.kind == "list":
        return node.items[int(part)] if part.isdecimal() and int(part) < len(node.items) else None
    wanted = part.replace("_", " ").rstrip()
    names = {part, wanted, _OTHER_NAMES.get(wanted, wanted)}
    found = next(
        (value for key, value in node.pairs if key.value in names or key.value.replace("_", " ") in names), None
    )
    if found is None and part == "0" and not top:
        return node  # one trigger that stands without its list
    return found
