"""The AgentSpec text → the spec: a line-based reader that never raises and says where everything stands.

Structure is only what the grammar names (``docs/agent-spec.md``); whatever else stands in the text is prose and kept. One
exception on purpose: a bullet that looks like a route but cannot be read as one is an error, so that no condition is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from plainwork.errors import Finding
from plainwork.spec import scan
from plainwork.spec.document import Document, Stop
from plainwork.spec.model import Spec
from plainwork.spec.problems import problems
from plainwork.spec.render import render
from plainwork.spec.source import SourceMap, Span

__all__ = ["Parsed", "SourceMap", "Span", "parse", "problems", "render"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read. ``spec`` is None exactly when a finding is an error; ``source`` places what could be read anyway."""

    spec: Spec | None
    findings: list[Finding]
    source: SourceMap


def parse(text: str) -> Parsed:
    """Reads a document (at most 1,000,000 characters; LF or CR LF). Never raises: what is wrong becomes findings."""
    text = text.removeprefix("\ufeff")
    if len(text) > scan.MAX_TEXT:
        message = f"This document has {len(text):,} characters; {scan.MAX_TEXT:,} are the most."
        finding = Finding(code="too-large", message=message, next_step="Move data out of it.", line=1, column=1)
        return Parsed(None, [finding], SourceMap(""))
    document = Document(text.replace("\r\n", "\n") if "\r" in text else text)
    try:
        spec = document.read()
    except Stop:
        spec = None
    findings = sorted(document.findings, key=lambda f: (f.line or 0, f.column or 0))
    wrong = any(finding.severity == "error" for finding in findings)
    return Parsed(None if wrong else spec, findings, document.source)
