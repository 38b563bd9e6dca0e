"""Reads YAML blocks as JSON values, quickly, with positions on demand; refuses what has no plain JSON meaning.

A plain value is a number only where JSON says so (``12``, ``-1.5e3``) and ``true``, ``false``, ``null``; all else is text:
``yes``, ``on``, ``12:30``, ``2020-01-01``, ``012`` and ``+49`` stay what was written. Anchors, aliases, tags, duplicate
keys, keys that are not text and second documents are refused, so a small text can never grow into a large value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

MAX_DEPTH = 40
MAX_VALUES = 50_000
MAX_DIGITS = 300
Path = tuple[str | int, ...]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_NUMBER_START = frozenset("-0123456789")
_WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):
    """The block cannot be read: ``code``, a message for people, what to do, and the offset in the block's text."""

    def __init__(self, code: str, message: str, next_step: str | None, offset: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.offset = offset


@dataclass(slots=True)
class Reading:
    """A block's value. ``raw`` holds the text of plain scalars that are not text, by (identity of holder, key)."""

    value: Any = None
    raw: dict[tuple[int, str | int], str] = field(default_factory=dict)
    count: int = 0


@dataclass(slots=True)
class Node:
    """One YAML value with its place. Offsets count characters from the block's start; ``style`` is a scalar's quote."""

    kind: str
    start: int
    end: int
    value: Any = None
    style: str = ""
    flow: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """The value under a key of a mapping, or None."""
        return next((value for name, value in self.pairs if name.value == key), None)


def plain_value(text: str, offset: int = 0) -> Any:
    """What an unquoted scalar means: null, a boolean, a number as JSON writes it, or else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    match = _NUMBER.match(text)
    if match is None:
        return text
    if len(text) > MAX_DIGITS:
        raise Refused("bad-number", "This number has too many digits.", "Put it in quotes to make it text.", offset)
    if match.group(1) is None and match.group(2) is None:
        return int(text)
    number = float(text)
    if math.isinf(number):
        raise Refused("bad-number", f"{text} is too large for a number.", "Put it in quotes to make it text.", offset)
    return number


def read(text: str, budget: int = MAX_VALUES) -> Reading:
    """The value of one YAML document. Raises ``Refused``; ``budget`` bounds how many values it may hold."""
    builder = _Builder(text, budget)
    _feed(text, builder.take)
    builder.reading.value = builder.root[0] if builder.root else None
    return builder.reading


class _Builder:
    """Puts the values of events together. ``holder`` is the open collection, ``key`` the open key of a mapping."""

    __slots__ = ("budget", "holder", "key", "reading", "root", "stack", "text")

    def __init__(self, text: str, budget: int) -> None:
        self.text = text
        self.budget = budget
        self.reading = Reading()
        self.root: list[Any] = []
        self.stack: list[Any] = []
        self.holder: Any = self.root
        self.key: str | None = None

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                _refuse_marked(event)
            self._scalar(event, event.value)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            self._open(event, {} if kind is MappingStartEvent else [])
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self.holder = self.stack.pop()
        else:
            _refuse_odd(event, bool(self.root))

    def _scalar(self, event: Any, text: str) -> None:
        holder, key = self.holder, self.key
        if key is None and type(holder) is dict:
            if text in holder:
                raise _twice(text, event)
            self.key = text
            return
        value: Any = text
        if not event.style and (text in _WORDS or text[0] in _NUMBER_START):
            value = plain_value(text, event.start_mark.index)
            if value is not text:
                self.reading.raw[id(holder), len(holder) if key is None else key] = text
        self._put(event, value)

    def _open(self, event: Any, value: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            _refuse_marked(event)
        if self.key is None and type(self.holder) is dict:
            raise _not_a_key(self.text, event)
        if len(self.stack) >= MAX_DEPTH:
            raise Refused("too-deep", "This YAML is nested too deeply.", "Use fewer levels.", _at(event))
        holder = self.holder
        self._put(event, value)
        self.stack.append(holder)
        self.holder = value

    def _put(self, event: Any, value: Any) -> None:
        self.reading.count += 1
        if self.reading.count > self.budget:
            raise Refused("too-large", "This YAML holds too many values.", "Move data out of the document.", _at(event))
        if self.key is None:
            self.holder.append(value)
        else:
            self.holder[self.key] = value
            self.key = None


def compose(text: str) -> Node | None:
    """The block as nodes with offsets, for spans and edits; None when it is empty. Raises ``Refused`` as ``read`` does."""
    read(text)
    stack: list[Node] = [Node("root", 0, len(text))]
    keys: list[Node | None] = [None]

    def take(event: Event) -> None:
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            node = stack.pop()
            keys.pop()
            node.end = _mark(event.end_mark) if node.flow else _last_end(node)
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            node = _node(event, text)
            _place(stack[-1], keys, node)
            if node.kind != "scalar":
                stack.append(node)
                keys.append(None)

    _feed(text, take)
    return stack[0].items[0] if stack[0].items else None


def _place(parent: Node, keys: list[Node | None], node: Node) -> None:
    key = keys[-1]
    if parent.kind != "map":
        parent.items.append(node)
    elif key is None:
        keys[-1] = node
    else:
        parent.pairs.append((key, node))
        keys[-1] = None


def _node(event: Any, text: str) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, ScalarEvent):
        style = event.style or ""
        if style in ("|", ">"):  # libyaml ends a block scalar where the next token starts
            end = start + len(text[start:end].rstrip())
        value = event.value if style else plain_value(event.value)
        return Node("scalar", start, end, value if style or isinstance(value, str) else event.value, style)
    return Node("map" if isinstance(event, MappingStartEvent) else "list", start, end, flow=bool(event.flow_style))


def _last_end(node: Node) -> int:
    """Where a block collection really ends: libyaml's own end mark is the start of whatever follows."""
    last = node.pairs[-1][1] if node.pairs else node.items[-1] if node.items else node
    if node.pairs and last.end < node.pairs[-1][0].end:
        return node.pairs[-1][0].end
    return last.end


def _feed(text: str, take: Callable[[Any], None]) -> None:
    """Hands over the events of a text one by one. Raises ``Refused`` where it is no YAML."""
    parser = None
    try:
        parser = _EVENTS(text)
        next_event = parser.get_event
        while type(event := next_event()) is not StreamEndEvent:
            take(event)
    except yaml.MarkedYAMLError as error:
        offset = min(_mark(error.problem_mark or error.context_mark), len(text))
        message = f"This YAML cannot be read: {error.problem or error.context}."
        raise Refused("bad-yaml", message, _hint(text, offset), offset) from None
    except yaml.reader.ReaderError as error:
        offset = min(max(error.position, 0), len(text))
        raise Refused(
            "bad-yaml", "This YAML holds a character that may not stand there.", "Remove it.", offset
        ) from None
    finally:
        if parser is not None:
            parser.dispose()


def _mark(mark: Any) -> int:
    return int(mark.index) if mark is not None else 0


def _hint(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)][:500]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "Indent with spaces, not tabs."
    if "{{" in line and '"{{' not in line:
        return 'Put texts with {{ }} in quotes: "{{ … }}".'
    return "Check indentation, brackets and quotes; put texts with : # , [ ] { } in quotes."


def _at(event: Event) -> int:
    return _mark(event.start_mark)


def _refuse_marked(event: Any) -> None:
    if event.anchor is not None:
        raise Refused("yaml-anchor", "YAML anchors (&) are not allowed here.", "Write the value out.", _at(event))
    raise Refused("yaml-tag", f"YAML tags ({event.tag}) are not allowed here.", "Remove the tag.", _at(event))


def _refuse_odd(event: Event, seen: bool) -> None:
    if isinstance(event, AliasEvent):
        raise Refused(
            "yaml-anchor", "YAML aliases (*) are not allowed here.", "Write the value out, or quote it.", _at(event)
        )
    if isinstance(event, DocumentStartEvent) and (seen or event.version or event.tags):
        raise Refused("bad-yaml", "One block holds one YAML document.", "Remove the extra --- or % line.", _at(event))


def _twice(key: str, event: Event) -> Refused:
    return Refused("duplicate-key", f"The key {key[:80]!r} is written twice.", "Keep one of them.", _at(event))


def _not_a_key(text: str, event: Event) -> Refused:
    offset = _at(event)
    if text[max(offset - 1, 0) : offset + 1] == "{{":
        return Refused("unquoted-template", "A text with {{ }} needs quotes.", 'Write "{{ … }}".', max(offset - 1, 0))
    return Refused("bad-yaml", "A key must be a plain text.", "Give the value a name.", offset)
