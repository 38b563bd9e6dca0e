"""One change from the canvas, written back into the markdown: only the lines concerned change, byte for byte.

The change is first applied to the spec; the text is then edited by position, read again and compared. Where the small
edit does not say the same, the step it belongs to is written anew, never the file.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from plainwork.errors import Invalid
from plainwork.spec.changes import OPERATIONS, apply
from plainwork.spec.markdown import parse
from plainwork.spec.model import Spec, Step
from plainwork.spec.patch import Patch, Piece, spliced
from plainwork.spec.problems import problems
from plainwork.spec.render import walk
from plainwork.spec.source import SourceMap, Span
from plainwork.spec.yaml_edit import same
from plainwork.spec.yaml_read import Refused

__all__ = ["OPERATIONS", "Edited", "apply", "edit", "rewrite"]


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, the spans in it that are new (empty where something was only taken away), what it says, and the id of
    the step that the change was about (None: the document, or a step that is gone)."""

    markdown: str
    changed: list[Span]
    spec: Spec
    node: str | None = None


def edit(markdown: str, change: Mapping[str, Any]) -> Edited:
    """The document after one change (``changes`` says which there are). A change that changes nothing gives the same
    bytes. Raises ``Invalid``: the text has errors, the change does not fit, or no text could say it."""
    old, source = _read(markdown)
    new = apply(old, change)
    return replace(_rewritten(markdown, old, source, new), node=_concerned(old, new, change))


def _concerned(old: Spec, new: Spec, change: Mapping[str, Any]) -> str | None:
    """The id of the step that a change made, else of the one it names."""
    before = {step.id for step in walk(old)}
    after = [step.id for step in walk(new)]
    named = change.get("node", change.get("from"))
    return next((step_id for step_id in after if step_id not in before), named if named in after else None)


def rewrite(markdown: str, spec: Spec) -> Edited:
    """The document so that it says ``spec``, as ``edit`` would do it; for changes that are no single canvas step.
    Examples and prose sections have to be the same. Raises ``Invalid``."""
    return _rewritten(markdown, *_read(markdown), spec)


def _read(markdown: str) -> tuple[Spec, SourceMap]:
    parsed = parse(markdown)
    if parsed.spec is None:
        hint = "Mend the findings first; then it can be changed from the canvas."
        raise Invalid("This document cannot be read.", findings=tuple(parsed.findings), next_step=hint)
    return parsed.spec, parsed.source


def _rewritten(markdown: str, old: Spec, source: SourceMap, new: Spec) -> Edited:
    if wrong := problems(new):
        raise Invalid(wrong[0].message, findings=tuple(wrong), next_step=wrong[0].next_step)
    if same(new, old):
        return Edited(markdown, [], old)
    for anew in _attempts(old, new):
        try:
            pieces = [_least(source.text, piece) for piece in Patch(source, old, new, anew).make()]
        except Refused:
            continue
        text = spliced(source.text, pieces)
        parsed = parse(text)
        if same(parsed.spec, new):
            return Edited(_with_line_ends(markdown, pieces), _spans(parsed.source, pieces), new)
    raise Invalid("This change cannot be written into the document.", next_step="Change the text by hand.")


def _attempts(old: Spec, new: Spec) -> Iterator[frozenset[str]]:
    """The smallest edit; then the changed steps written anew; then the front matter too."""
    yield frozenset()
    before = {step.id: _alone(step) for step in walk(old)}
    changed = {step.id for step in walk(new) if before.get(step.id) != _alone(step)}
    yield frozenset(changed)
    yield frozenset({*changed, ""})


def _alone(step: Step) -> Step:
    return msgspec.structs.replace(step, steps=())


def _least(text: str, piece: Piece) -> Piece:
    """The piece without what stays the same at its ends."""
    start, end, instead = piece
    ahead = _shared(text[start:end], instead)
    start, instead = start + ahead, instead[ahead:]
    behind = _shared(text[start:end][::-1], instead[::-1])
    return start, end - behind, instead[: len(instead) - behind]


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)


def _with_line_ends(markdown: str, pieces: list[Piece]) -> str:
    """The pieces put into the text as it was given: with its byte order mark and its CR LF."""
    mark = "\ufeff" if markdown.startswith("\ufeff") else ""
    body = markdown.removeprefix(mark)
    if "\r\n" not in body:
        return mark + spliced(body, pieces)
    lines = body.split("\r\n")
    crlf = len(lines) - 1 >= body.count("\n") / 2
    back = _Offsets(lines)
    moved = [(back(a), back(b), text.replace("\n", "\r\n") if crlf else text) for a, b, text in pieces]
    return mark + spliced(body, moved)


class _Offsets:
    """Offsets in the text read with LF → offsets in the text with CR LF."""

    def __init__(self, lines: list[str]) -> None:
        self.ends: list[int] = []
        at = 0
        for line in lines[:-1]:
            at += len(line)
            self.ends.append(at)  # where this line's feed stands when read as LF
            at += 1

    def __call__(self, offset: int) -> int:
        return offset + bisect.bisect_left(self.ends, offset)


def _spans(source: SourceMap, pieces: list[Piece]) -> list[Span]:
    spans, shift = [], 0
    for start, end, text in pieces:
        spans.append(source.span(start + shift, start + shift + len(text)))
        shift += len(text) - (end - start)
    return spans
