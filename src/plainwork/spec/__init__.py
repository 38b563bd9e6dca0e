"""The AgentSpec language: markdown ⇄ spec ⇄ flow, with checks. Pure: no I/O, no clock, no database.

``load`` is the door for documents: it parses, checks and compiles in one go. The other doors (``parse``, ``render``,
``compile``, ``decompile``, ``check_flow``, ``diff`` …) are here too, and are imported when they are first used.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plainwork.errors import Finding, Invalid

if TYPE_CHECKING:
    from plainwork.spec.check import check_flow, check_spec
    from plainwork.spec.decompile import canonical
    from plainwork.spec.flow import Flow, flow_from_json
    from plainwork.spec.kinds import Catalogue
    from plainwork.spec.markdown import parse
    from plainwork.spec.model import Spec, spec_from_json, to_json
    from plainwork.spec.schemas import flow_schema, spec_schema
    from plainwork.spec.source import SourceMap

_DOORS = {
    "Catalogue": "kinds",
    "Flow": "flow",
    "SourceMap": "source",
    "Spec": "model",
    "canonical": "decompile",
    "check_flow": "check",
    "check_spec": "check",
    "flow_from_json": "flow",
    "flow_schema": "schemas",
    "parse": "markdown",
    "spec_from_json": "model",
    "spec_schema": "schemas",
    "to_json": "model",
}
"""Name → the module it comes from. Functions that share their module's name (compile, decompile, diff) are imported
from that module, because a submodule hides whatever is called like it."""


def __getattr__(name: str) -> Any:
    module = _DOORS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that was read. ``spec`` and ``flow`` are None when it cannot be read at all; a flow that is there may
    still have errors among its ``findings`` (``is_valid``), and is then only good for drawing."""

    spec: Spec | None
    flow: Flow | None
    findings: list[Finding]
    source: SourceMap | None

    @property
    def is_valid(self) -> bool:
        """Whether no finding is an error."""
        return self.flow is not None and all(finding.severity != "error" for finding in self.findings)

    def valid_flow(self) -> Flow:
        """The flow. Raises Invalid with the findings when one of them is an error."""
        if self.flow is None or not self.is_valid:
            errors = sum(finding.severity == "error" for finding in self.findings)
            count = "an error" if errors == 1 else f"{errors} errors"
            raise Invalid(f"The document has {count}.", findings=tuple(self.findings))
        return self.flow


def load(markdown: str, catalogue: Catalogue) -> Loaded:
    """Parses, checks and compiles a document. Never raises; what is wrong is in the findings, sorted by line."""
    from plainwork.spec.markdown import parse

    parsed = parse(markdown)
    if parsed.spec is None:
        return Loaded(None, None, parsed.findings, parsed.source)
    return _checked(parsed.spec, catalogue, parsed.findings, parsed.source)


def load_json(data: Any, catalogue: Catalogue) -> Loaded:
    """As ``load``, for the JSON form of a spec, which has no lines; what a document could not hold is a finding too."""
    import msgspec

    from plainwork.spec.model import spec_from_json
    from plainwork.spec.problems import problems

    try:
        spec = spec_from_json(data)
    except (msgspec.ValidationError, RecursionError) as why:
        message = f"This is not a spec: {why}."
        hint = "`plainwork check` reads an AgentSpec in markdown, or its JSON form."
        return Loaded(None, None, [Finding(code="bad-json", message=message, next_step=hint)], None)
    return _checked(spec, catalogue, problems(spec), None)


def _checked(spec: Spec, catalogue: Catalogue, before: list[Finding], source: SourceMap | None) -> Loaded:
    from plainwork.spec.check import check_spec
    from plainwork.spec.compile import compile

    known = {(finding.code, finding.line, finding.node) for finding in before}
    found = [one for one in check_spec(spec, catalogue, source) if (one.code, one.line, one.node) not in known]
    findings = sorted([*before, *found], key=lambda one: one.line or 0)
    is_walkable = all(one.code != "too-deep" for one in found)
    return Loaded(spec, compile(spec) if is_walkable else None, findings, source)


__all__ = [
    "Catalogue",
    "Flow",
    "Loaded",
    "SourceMap",
    "Spec",
    "canonical",
    "check_flow",
    "check_spec",
    "flow_from_json",
    "flow_schema",
    "load",
    "load_json",
    "parse",
    "spec_from_json",
    "spec_schema",
    "to_json",
]
