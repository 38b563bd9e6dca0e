"""Changes a YAML text from one value to another, touching only what differs: comments, quotes and layout stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from plainwork.spec.fields import spaced
from plainwork.spec.model import Part
from plainwork.spec.yaml_read import Node, Path, compose
from plainwork.spec.yaml_write import block, entry, inline, key_text, list_item, quoted

Json = Any


def change(text: str, old: Mapping[str, Json], new: Mapping[str, Json], spread: Collection[str] = ()) -> str:
    """The block ``text`` (which says ``old``, perhaps in other words) so that it says ``new``. What the text says in a
    shorter form is rewritten as a whole where it has to be. Raises ``Refused`` when the text is no YAML."""
    for path, gone in list(_differences(old, new, ())):
        text = _Edit(text, new, path, spread).removed() if gone else _Edit(text, new, path, spread).put()
    return text


def _differences(old: Json, new: Json, path: Path) -> Iterator[tuple[Path, bool]]:
    """Paths that have to be written, or (True) taken away."""
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key in new:
            if key not in old:
                yield (*path, key), False
            elif not same(old[key], new[key]):
                yield from _differences(old[key], new[key], (*path, key))
        yield from (((*path, key), True) for key in old if key not in new)
    elif isinstance(old, list) and isinstance(new, list) and 0 < len(old) <= len(new):
        for index, value in enumerate(new):
            if index >= len(old):
                yield (*path, index), False
            elif not same(old[index], value):
                yield from _differences(old[index], value, (*path, index))
    else:
        yield path, False


def same(one: Json, other: Json) -> bool:
    """Equal as JSON (or as parts of a spec): 1, 1.0 and true are three values, though Python calls them equal."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Part):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


class _Edit:
    """One path of one text. The walk goes as far as the text's shape agrees; above that, the value is written anew."""

    def __init__(self, text: str, new: Mapping[str, Json], path: Path, spread: Collection[str]) -> None:
        self.text = text
        self.new = new
        self.path = path
        self.spread = spread
        self.root = compose(text)

    def put(self) -> str:
        """The text with the new value at the path."""
        if self.root is None or self.root.kind != "map":
            return "\n".join(block(self.new, spread=self.spread)) + "\n"
        trail = self._walk()
        if len(trail) == len(self.path):
            return self._replace(trail, self._value(len(self.path)))
        holder = trail[-1][1] if trail else self.root
        missing = self.path[len(trail)]
        if holder.kind == "map" and isinstance(missing, str):
            return self._insert_key(trail, holder, missing)
        if holder.kind == "list" and missing == len(holder.items) and len(trail) + 1 == len(self.path):
            return self._append(trail, holder)
        return self._replace(trail, self._value(len(trail)))

    def removed(self) -> str:
        """The text without the key at the path."""
        trail = self._walk()
        if len(trail) < len(self.path):
            if not trail:
                return self.text
            return self._replace(trail, self._value(len(trail)))
        holder = trail[-2][1] if len(trail) > 1 else self.root
        if holder is None or len(holder.pairs) == 1 or holder.kind != "map":
            self.path = self.path[:-1]
            return self._replace(trail[:-1], self._value(len(self.path))) if self.path else self.text
        if holder.flow:
            return self._cut_flow(holder, trail[-1][1])
        return self._cut_lines(trail, holder)

    def _walk(self) -> list[tuple[Node | None, Node]]:
        """(key, value) of every part of the path that the text has."""
        trail: list[tuple[Node | None, Node]] = []
        node = self.root
        for part in self.path:
            found = _child(node, part) if node else None
            if found is None:
                break
            trail.append(found)
            node = found[1]
        return trail

    def _value(self, depth: int) -> Json:
        value: Json = self.new
        for part in self.path[:depth]:
            value = value[part]
        return value

    def _in_flow(self, trail: list[tuple[Node | None, Node]]) -> bool:
        return bool(self.root and self.root.flow) or any(value.flow for _, value in trail[:-1])

    def _splice(self, start: int, end: int, text: str) -> str:
        return self.text[:start] + text + self.text[end:]

    def _column(self, at: int) -> int:
        return at - (self.text.rfind("\n", 0, at) + 1)

    def _key_start(self, key: Node) -> int:
        """Where a key begins, with the ``?`` that may lead it (YAML 1.2, 8.2.2: explicit keys)."""
        ahead = self.text[: key.start].rstrip(" ")
        line = ahead.rpartition("\n")[2].strip(" -")
        return len(ahead) - 1 if line == "?" else key.start

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _replace(self, trail: list[tuple[Node | None, Node]], value: Json) -> str:
        """The value of the trail's last node becomes another."""
        if not trail:
            return "\n".join(block(self.new, spread=self.spread)) + "\n"
        key, node = trail[-1]
        flow = self._in_flow(trail)
        short = flow or not ("\n" in value if isinstance(value, str) else isinstance(value, dict | list))
        in_place = node.start < node.end and node.style not in ("|", ">") and (node.kind == "scalar" or node.flow)
        if in_place and (flow or (short and not isinstance(value, dict | list))):
            return self._splice(node.start, node.end, _like(node, value, flow))
        if key is not None:
            return self._rewrite(key, node, value, flow)
        if flow or node.start == node.end:
            return self._splice(node.start, node.end, inline(value, flow=True))
        lines = list_item(value, max(self._column(node.start) - 2, 0))
        return self._splice(node.start, node.end, "\n".join(lines).lstrip(" ")[2:])

    def _rewrite(self, key: Node, node: Node, value: Json, flow: bool) -> str:
        """Everything behind a key's colon anew."""
        colon = self.text.index(":", key.end) + 1
        if flow:
            return self._splice(colon, max(node.end, colon), " " + inline(value, flow=True))
        indent = self._column(self._key_start(key))
        lines = entry("k", value, indent=indent, spread=len(self.path) == 1 and self.path[0] in self.spread)
        return self._splice(colon, max(node.end, colon), "\n".join(lines)[indent + 2 :])

    def _insert_key(self, trail: list[tuple[Node | None, Node]], holder: Node, key: str) -> str:
        value = self._value(len(trail) + 1)
        if holder.flow or not holder.pairs:
            pair = f"{key_text(key)}: {inline(value, flow=True)}"
            if not holder.pairs:
                return self._splice(holder.start, holder.end, f"{{{pair}}}")
            last_key, last = holder.pairs[-1]
            spot = max(last.end, last_key.end)
            return self._splice(spot, spot, f", {pair}")
        indent = self._column(holder.start)
        lines = entry(key, value, indent=indent, spread=not trail and key in self.spread)
        before = self._neighbour(holder, key, self._value(len(trail)))
        if before is None and indent == 0:
            return self._splice(holder.start, holder.start, "\n".join(lines) + "\n")
        last_key, last = before or holder.pairs[-1]
        spot = self._line_end(max(last.end, last_key.end))
        return self._splice(spot, spot, "\n" + "\n".join(lines))

    def _neighbour(self, holder: Node, key: str, values: Mapping[str, Json]) -> tuple[Node, Node] | None:
        """The pair after which a key belongs, going by the order of ``values``; None when it belongs first."""
        found = None
        for name in values:
            if name == key:
                return found
            found = next((pair for pair in holder.pairs if _is(pair[0], name)), found)
        return found

    def _append(self, trail: list[tuple[Node | None, Node]], holder: Node) -> str:
        value = self._value(len(self.path))
        if not holder.items:
            return self._replace(trail, self._value(len(trail)))
        last = holder.items[-1]
        if holder.flow or self._in_flow(trail):
            return self._splice(last.end, last.end, f", {inline(value, flow=True)}")
        spot = self._line_end(last.end)
        return self._splice(spot, spot, "\n" + "\n".join(list_item(value, self._column(holder.start))))

    def _cut_flow(self, holder: Node, gone: Node) -> str:
        index = next(i for i, (_, value) in enumerate(holder.pairs) if value is gone)
        if index + 1 < len(holder.pairs):
            return self._splice(holder.pairs[index][0].start, holder.pairs[index + 1][0].start, "")
        before_key, before = holder.pairs[index - 1]
        return self._splice(max(before.end, before_key.end), max(gone.end, holder.pairs[index][0].end), "")

    def _cut_lines(self, trail: list[tuple[Node | None, Node]], holder: Node) -> str:
        key, node = trail[-1]
        if key is None:
            return self.text
        first = self._key_start(key)
        start = first - self._column(first)
        end = min(self._line_end(max(node.end, key.end)) + 1, len(self.text))
        if self.text[start:first].strip():  # the first key behind a dash: the item is written anew
            self.path = self.path[:-1]
            return self._replace(trail[:-1], self._value(len(self.path)))
        return self._splice(start, end, "")


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if node.kind == "list":
        return (None, node.items[part]) if isinstance(part, int) and part < len(node.items) else None
    if node.kind == "map" and isinstance(part, str):
        return next((pair for pair in node.pairs if _is(pair[0], part)), None)
    return None


def _is(key: Node, name: str) -> bool:
    return bool(key.value == name) or (" " in name and spaced(str(key.value)) == name)


def _like(node: Node, value: Json, flow: bool) -> str:
    """A scalar written in the quotes of the one that it replaces, where they can hold it."""
    if not isinstance(value, str) or node.kind != "scalar" or node.style not in ('"', "'"):
        return inline(value, flow=flow)
    if node.style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return quoted(value)
