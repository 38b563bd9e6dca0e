"""Steps that ask a language model: ``llm``, ``llm.classify`` and ``llm.extract``.

Prompts are short, so that small models follow them, and say their question before and after the text. A text over
``LONGEST_TEXT`` characters (``LONGEST_TEXT_LOCAL`` for a model named ``local:…``; a token is about four) loses its
middle: the first 60 % and the last 40 % of that length stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from plainwork.engine.kinds.call import Call, Done
from plainwork.errors import CallFailed, Invalid
from plainwork.spec.inputs import type_schema

if TYPE_CHECKING:
    from plainwork.llm import Answer

LONGEST_TEXT = 120_000
LONGEST_TEXT_LOCAL = 8_000
_DEFAULT_TIMEOUT_S = 120.0
_FORMATS = {
    "date": "A date like 2026-03-01",
    "date-time": "A moment like 2026-03-01T08:30:00Z",
    "email": "An e-mail address",
    "uri": "A web address",
}


async def complete(call: Call) -> dict[str, Any]:
    """``{text, model, usage, cost_usd}``, with ``data`` when a ``schema`` was given."""
    config = call.config
    answer = await _ask(
        call,
        _text(config["prompt"]),
        system=config.get("system"),
        schema=config.get("schema"),
        max_tokens=config.get("max_tokens"),
        temperature=config.get("temperature"),
    )
    output = {"text": answer.text} | _account(answer)
    return output | {"data": answer.data} if config.get("schema") else output


async def classify(call: Call) -> Done:
    """``{label, model, usage, cost_usd}``, with the label as outcome. Fails as ``retry`` when the model answers with
    something that is not one of the labels."""
    labels = label_list(call.config["labels"])
    schema = {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": list(labels)}},
        "required": ["label"],
        "additionalProperties": False,
    }
    answer = await _ask(call, _classify_prompt(call, labels), schema=schema, max_tokens=40 + max(map(len, labels)))
    label = _chosen(answer.data, labels)
    return Done({"label": label} | _account(answer), label)


async def extract(call: Call) -> dict[str, Any]:
    """``{data, model, usage, cost_usd}``; a field the text says nothing of is null."""
    fields = {name: field_schema(name, wanted) for name, wanted in call.config["fields"].items()}
    schema = {
        "type": "object",
        "properties": {name: _or_null(field) for name, field in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }
    answer = await _ask(call, _extract_prompt(call, fields), schema=schema)
    return {"data": answer.data} | _account(answer)


async def _ask(
    call: Call,
    prompt: str,
    *,
    system: str | None = None,
    schema: Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
) -> Answer:
    from plainwork.llm import Request

    if call.reach.llm is None:
        raise CallFailed("This step asks a model, and there is no model gateway here.", failure="rejected")
    run, model = call.run, call.model
    return await call.reach.llm.complete(
        Request(
            model=tuple(model) if isinstance(model, (list, tuple)) else model,
            prompt=prompt,
            system=system,
            schema=schema,
            max_tokens=max_tokens,
            temperature=temperature or 0.0,
            timeout_s=call.timeout_s or _DEFAULT_TIMEOUT_S,
            run=_maybe_text(run.get("id")),
            node=call.node.id,
            agent=_maybe_text(run.get("agent")),
            version=_maybe_text(run.get("version")),
        ),
        call.hear,
    )


def _account(answer: Answer) -> dict[str, Any]:
    account = {"model": answer.model, "usage": asdict(answer.usage), "cost_usd": answer.cost_usd}
    return account | {"notes": list(answer.notes)} if answer.notes else account


def _maybe_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _classify_prompt(call: Call, labels: Mapping[str, str]) -> str:
    lines = [f"- {label}: {meaning}" if meaning else f"- {label}" for label, meaning in labels.items()]
    parts = ["Choose the one label that fits the text best.", "Labels:\n" + "\n".join(lines)]
    if call.config.get("instructions"):
        parts.append(_text(call.config["instructions"]))
    parts += [_quoted(call), f"Answer with one of these labels: {', '.join(labels)}."]
    return "\n\n".join(parts)


def _extract_prompt(call: Call, fields: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"- {name}{_described(field)}" for name, field in fields.items()]
    parts = ["Take these fields out of the text:\n" + "\n".join(lines)]
    if call.config.get("instructions"):
        parts.append(_text(call.config["instructions"]))
    parts += [_quoted(call), f"Answer with {', '.join(fields)}. Give null for what the text does not say."]
    return "\n\n".join(parts)


def _described(field: Mapping[str, Any]) -> str:
    about = field.get("description") or field.get("type")
    return f" ({about})" if isinstance(about, str) else ""


def _quoted(call: Call) -> str:
    named = call.model[0] if isinstance(call.model, (list, tuple)) and call.model else call.model
    local = isinstance(named, str) and named.startswith("local:")
    return f'Text:\n"""\n{shortened(_text(call.config["text"]), LONGEST_TEXT_LOCAL if local else LONGEST_TEXT)}\n"""'


def shortened(text: str, longest: int) -> str:
    """The text itself, or its first 60 % and last 40 % of ``longest`` characters with a note of what was left out."""
    if len(text) <= longest:
        return text
    head = longest * 6 // 10
    tail = longest - head
    return f"{text[:head]}\n[… {len(text) - longest} characters left out …]\n{text[-tail:]}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def label_list(labels: Any) -> dict[str, str]:
    """The labels with what they mean (empty when the document does not say)."""
    if isinstance(labels, Mapping):
        return {str(label): str(meaning or "") for label, meaning in labels.items()}
    if isinstance(labels, (list, tuple)) and labels:
        return {str(label): "" for label in labels}
    raise CallFailed("labels: a list of labels is needed.", failure="rejected")


def _chosen(data: Any, labels: Mapping[str, str]) -> str:
    said = str(data.get("label", "")) if isinstance(data, Mapping) else str(data)
    wanted = said.strip().casefold()
    for label in labels:
        if label.casefold() == wanted:
            return label
    raise CallFailed(
        f"The model answered {said[:60]!r}, which is not one of the labels.",
        failure="retry",
        next_step="Give the step a retry, clearer labels or a stronger model.",
    )


def field_schema(name: str, wanted: Any) -> dict[str, Any]:
    """The JSON Schema of a field: itself, or what the words (``list of text``) mean. Raises ``CallFailed``."""
    if isinstance(wanted, Mapping):
        return dict(wanted)
    try:
        schema = type_schema(str(wanted))
    except Invalid as error:
        raise CallFailed(f"fields.{name}: {error.message}", failure="rejected", next_step=error.next_step) from error
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that vendors refuse; a format becomes a description."""
    plain = {k: v for k, v in schema.items() if k != "format" and not k.startswith("x-")}
    if schema.get("format") in _FORMATS:
        plain["description"] = _FORMATS[schema["format"]]
    if isinstance(plain.get("items"), Mapping):
        plain["items"] = _plain(plain["items"])
    return plain


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return schema
    if not isinstance(kind, str) or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    nullable = schema | {"type": [kind, "null"]}
    return nullable | {"enum": [*schema["enum"], None]} if "enum" in schema else nullable
