"""The JSON Schemas of a spec and of a flow, for editors, other programs and models that write them."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from plainwork.spec.flow import Flow
from plainwork.spec.graph import Body
from plainwork.spec.model import Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LOOKS_LIKE_BODY = {
    "type": "object",
    "required": ["nodes"],
    "properties": {"nodes": {"type": "array"}},
    "propertyNames": {"enum": ["nodes", "edges"]},
}
_NAMES = {"with_": "with", "if_": "if"}


@cache
def spec_schema() -> dict[str, Any]:
    """The JSON Schema of a spec's JSON form (``model.to_json``). Shared: do not change it."""
    return _schema(Spec, "spec", "AgentSpec")


@cache
def flow_schema() -> dict[str, Any]:
    """The JSON Schema of a flow, inner flows included. Shared: do not change it."""
    schema = _schema(Flow, "flow", "Plainwork flow", Body)
    config = schema["$defs"]["Node"]["properties"]["config"]
    config["properties"] = {"flow": {"if": _LOOKS_LIKE_BODY, "then": {"$ref": "#/$defs/Body"}}}
    return schema


def _schema(of: type, name: str, title: str, *more: type) -> dict[str, Any]:
    (reference, *_), parts = msgspec.json.schema_components((of, *more), ref_template="#/$defs/{name}")
    for part in parts.values():
        if "description" in part:
            part["description"] = _plain(part["description"])
    top = parts.pop(reference["$ref"].rpartition("/")[2])
    head = {"$schema": DIALECT, "$id": f"urn:plainwork:schema:{name}:1"}
    return {**head, **top, "title": title, "$defs": parts}


def _plain(text: str) -> str:
    """A docstring as a description: one paragraph, single backquotes, names as JSON has them."""
    words = " ".join(text.split()).replace("``", "`")
    for ours, theirs in _NAMES.items():
        words = words.replace(f"`{ours}`", f"`{theirs}`")
    return words
