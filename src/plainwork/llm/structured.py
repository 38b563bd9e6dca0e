"""Answers by JSON Schema: what is asked for, what came back, and what to say when it does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plainwork.errors import CallFailed

_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Form:
    """A schema as vendors take it: their root has to be an object, so anything else travels inside ``{"value": …}``."""

    schema: Mapping[str, Any]
    wrapped: bool
    _validator: Any

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Form:
        """Raises CallFailed (rejected) for what is not a JSON Schema, or one that points outside itself."""
        import jsonschema_rs

        wrapped = schema.get("type") != "object" and "properties" not in schema
        sent: Mapping[str, Any] = schema
        if wrapped:
            moved = {k: schema[k] for k in ("$defs", "definitions") if k in schema}
            sent = {
                "type": "object",
                "properties": {"value": {k: v for k, v in schema.items() if k not in moved}},
                "required": ["value"],
                "additionalProperties": False,
                **moved,
            }
        try:
            validator = jsonschema_rs.validator_for(dict(sent), retriever=_refuse)
        except (ValueError, TypeError, RecursionError) as error:
            raise CallFailed(
                f"The schema for this answer is not a usable JSON Schema: {str(error).splitlines()[0]}.",
                failure="rejected",
                next_step="Correct the step's `schema`; it may only refer to itself.",
            ) from error
        return cls(sent, wrapped, validator)

    def read(self, text: str) -> tuple[Any, str | None]:
        """The data in an answer, and None; or None and what is wrong with it, in words a model can mend."""
        try:
            found = json.loads(_json_in(text))
        except (ValueError, RecursionError) as error:
            return None, f"it is not valid JSON ({error})"
        problems = [
            f"at {'/'.join(map(str, e.instance_path)) or 'the root'}: {e.message}"
            for _, e in zip(range(_MOST_PROBLEMS), self._validator.iter_errors(found), strict=False)
        ]
        if problems:
            return None, "; ".join(problems)[:1000]
        return (found["value"] if self.wrapped else found), None


def repair_words(problem: str) -> str:
    """What a model is told after an answer that does not fit."""
    return f"That answer does not fit the JSON Schema: {problem}. Answer again with only the corrected JSON value."


def _json_in(text: str) -> str:
    """The JSON in an answer that wraps it in a fence or in sentences, as models do; else the text itself."""
    text = text.strip()
    if text[:1] in "{[":
        return text
    fenced = _FENCE.search(text)
    if fenced:
        return fenced.group(1)
    begin, end = text.find("{"), text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else text


def _refuse(uri: str) -> Any:
    raise ValueError(f"the schema refers to {uri}")
