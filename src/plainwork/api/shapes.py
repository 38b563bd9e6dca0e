"""What bodies and answers have in common: the base of each, and the parts that come from the spec language.

Those parts (spec, flow, findings …) are described by their own JSON Schemas, which ``openapi`` puts in for the
``x-struct`` marks; their values are what ``json_of`` makes of them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

MOST_CHARACTERS = 1_048_576
"""How long a document may be."""

LARGEST_INTEGER = 2**31 - 1
"""The largest number of a version or a journal row."""


class Body(BaseModel):
    """What a request sends. A field that is not known is refused: it would be a mistake that nobody notices."""

    model_config = ConfigDict(extra="forbid")


class Shape(BaseModel):
    """What an answer holds, read from records. Every field is always there.

    ``PASSING``: the fields that change by what goes on, not by what somebody decides (how many runs there are now). Whoever
    says ``If-Match`` does not mean them.
    """

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)
    PASSING: ClassVar[frozenset[str]] = frozenset()


def _struct(name: str, *, is_list: bool = False, is_nullable: bool = False) -> WithJsonSchema:
    schema: dict[str, Any] = {"x-struct": name}
    if is_list:
        schema = {"type": "array", "items": schema}
    return WithJsonSchema({"anyOf": [schema, {"type": "null"}]} if is_nullable else schema)


SpecJson = Annotated[dict[str, Any], _struct("Spec")]
FlowJson = Annotated[dict[str, Any], _struct("Flow")]
SpecOrNull = Annotated[dict[str, Any] | None, _struct("Spec", is_nullable=True)]
FlowOrNull = Annotated[dict[str, Any] | None, _struct("Flow", is_nullable=True)]
Findings = Annotated[list[Any], _struct("Finding", is_list=True)]
Spans = Annotated[list[Any], _struct("Span", is_list=True)]
Places = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": {"x-struct": "StepPlace"}})
]
KindJson = Annotated[dict[str, Any], _struct("Kind")]
Kinds = Annotated[list[Any], _struct("Kind", is_list=True)]
DiffJson = Annotated[dict[str, Any], _struct("Diff")]
DraftJson = Annotated[dict[str, Any], _struct("Draft")]

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Number = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


def json_of(value: Any) -> Any:
    """The plain JSON form of a struct, or of a list of them."""
    return msgspec.to_builtins(value)
