"""What a step gives where nothing outside is reached: the kind's own fake, or a value made from its schema.

Deterministic: the same declaration, the same value.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from plainwork.engine.kinds import Call, Done
from plainwork.engine.kinds.llm import field_schema, label_list

_DEPTH = 8
_BY_FORMAT = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "someone@example.org",
    "uri": "https://example.org/",
}
_ASKED = {"model": "fake", "usage": {}, "cost_usd": 0.0}


def fake(call: Call) -> Any:
    """A plausible result of a step that would ask a model or reach outside: its output, or ``Done`` with an outcome."""
    kind, config = call.kind.id, call.config
    if kind == "llm":
        text = "A text that a model would write."
        return {"text": text} | _ASKED | ({"data": sample(config["schema"])} if config.get("schema") else {})
    if kind == "llm.classify":
        label = next(iter(label_list(config["labels"])))
        return Done({"label": label} | _ASKED, label)
    if kind == "llm.extract":
        data = {name: sample(field_schema(name, wanted)) for name, wanted in config["fields"].items()}
        return {"data": data} | _ASKED
    output = sample(call.kind.output) if call.kind.fake is None else copy.deepcopy(call.kind.fake)
    outcome = call.kind.outcome_of(output) if call.kind.outcomes else None
    return output if outcome is None else Done(output, outcome)


def sample(schema: Any, depth: int = 0) -> Any:
    """A value that a JSON Schema allows: its example or default if it has one, else the plainest."""
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return None
    for key in ("const", "default"):
        if key in schema:
            return copy.deepcopy(schema[key])
    for key in ("examples", "enum"):
        if schema.get(key):
            return copy.deepcopy(schema[key][0])
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], depth + 1)
    return _typed(schema, depth)


def _typed(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kind, (list, tuple)):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "object":
        return {name: sample(part, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        count = max(1, int(schema.get("minItems", 1)))
        return [sample(schema.get("items", {"type": "string"}), depth + 1) for _ in range(count)]
    if kind == "string":
        return _BY_FORMAT.get(str(schema.get("format")), "text")
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return True if kind == "boolean" else None
