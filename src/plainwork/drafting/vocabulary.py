"""What a model may say when it drafts: the step kinds that fit, the shape of its answer, and its instructions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from plainwork.drafting import words as w
from plainwork.drafting.text import tokenize
from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.model import Spec

ALWAYS = (
    *("http", "set", "filter", "condition", "foreach", "llm", "llm.classify", "llm.extract"),
    *("email.send", "wait", "respond", "fail", "code", "todo"),
)
MOST_KINDS = 30


def kinds_for(english: str, catalogue: Catalogue, also: Iterable[str] = ()) -> list[Kind]:
    """The kinds a draft of ``english`` may use: those of every draft, those in ``also``, and the best by their words."""
    wanted = [name for name in (*ALWAYS, *also) if name in catalogue]
    spoken = w.content_words(tokenize(english))
    scored = sorted(
        ((_score(catalogue[name], spoken), name) for name in catalogue if name not in wanted),
        key=lambda pair: (-pair[0], pair[1]),
    )
    wanted += [name for score, name in scored if score > 0]
    return [catalogue[name] for name in dict.fromkeys(wanted)][:MOST_KINDS]


def _score(kind: Kind, spoken: set[str]) -> int:
    described = {w.singular(word) for phrase in (*kind.words, kind.title) for word in phrase.lower().split()}
    named = {w.singular(part) for part in re.split(r"[.\-_]", kind.id)}
    return 3 * len(named & spoken) + len(described & spoken)


def answer_schema(kinds: Iterable[Kind]) -> dict[str, Any]:
    """The JSON Schema of a model's draft; ``uses`` knows no other kinds than ``kinds``."""
    text = {"type": "string"}
    step = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "uses", "with"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
            "uses": {"type": "string", "enum": [kind.id for kind in kinds]},
            "about": text,
            "with": {"type": "object"},
            "account": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"},
            "routes": {"type": "array", "items": {"$ref": "#/$defs/route"}},
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        },
    }
    route = {
        "type": "object",
        "additionalProperties": False,
        "required": ["lead", "to"],
        "properties": {
            "lead": {"type": "string", "enum": ["if", "when", "otherwise", "then", "error", "timeout"]},
            "test": text,
            "to": {"type": "array", "minItems": 1, "items": text},
        },
    }
    named = {"type": "object", "additionalProperties": text}
    inputs = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", "about"],
            "properties": {"type": text, "about": text, "default": {}},
        },
    }
    question = {
        "type": "object",
        "additionalProperties": False,
        "required": ["text", "default", "differs"],
        "properties": {"text": text, "default": text, "differs": text},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "steps"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 100},
            "about": text,
            "inputs": inputs,
            "secrets": named,
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "assumptions": {"type": "array", "items": text},
            "questions": {"type": "array", "maxItems": 3, "items": question},
        },
        "$defs": {"step": step, "route": route},
    }


def items_of(spec: Spec, catalogue: Catalogue) -> str:
    """What the triggers that are polled hand over, for whoever writes the steps."""
    told = []
    for trigger in spec.when:
        kind = catalogue.triggers.get(getattr(trigger, "uses", ""))
        fields = [] if kind is None else [*kind.output.get("properties", {})]
        for name, value in trigger.map.items():
            if fields and value == "{{ trigger.item }}":
                told.append(f"inputs.{name} is {kind.title if kind else name}, with {', '.join(fields)}.")
    return " ".join(told)


def instructions(kinds: Iterable[Kind], trigger: str, guess: str) -> str:
    """The system text: the rules of the format, the kinds, the trigger that is fixed, and a first guess to improve on."""
    described = "\n".join(_described(kind) for kind in kinds)
    return f"""You turn a description in English into a workflow, as JSON.

Rules:
- Steps run from top to bottom. A step's id is its name in small letters with hyphens; routes name ids, or "stop" or "fail".
- Expressions see a step's result under its id with underscores: {{{{ fetch_posts.body }}}}.
  Inputs: {{{{ inputs.name }}}}. Inside foreach, the item's name.
- A text that is only one {{{{ }}}} keeps the value's type. Expressions are a subset of Python: comparison, and/or/not,
  len, get(value, key, default), str, lower, contains.
- A condition step has routes: {{"lead": "if", "test": expression, "to": [id]}} and {{"lead": "otherwise", "to": [id]}}.
  The last step of a branch says where it goes: {{"lead": "then", "to": [id or "stop"]}}.
- llm.classify routes by its labels: {{"lead": "when", "test": label, "to": [id]}}. foreach holds its steps in "steps".
- Use only the kinds below. A service without a kind is an http step whose url is an input. What cannot be expressed is a
  todo step with a clear text.
- Credentials are accounts in CAPITALS, listed under secrets; never put a secret into a setting.
- Keep addresses, names, numbers and quoted texts of the description exactly. Do not add steps that nobody asked for.
- Ask at most three questions, only if the answers give different steps, each with the default that you took.
- What starts the workflow is settled already: {trigger}. Do not describe it.

Kinds (settings → result):
{described}

A first guess, made by simple rules; it may be wrong:
{guess}"""


def _described(kind: Kind) -> str:
    needed = set(kind.input.get("required", ()))
    settings = [f"{name}{'' if name in needed else '?'}" for name in kind.input.get("properties", {})]
    result = list(kind.output.get("properties", {}))
    account = f" account: {kind.account}{'' if kind.account_required else ' (optional)'}." if kind.account else ""
    return f"- {kind.id}: {kind.about} {{{', '.join(settings)}}} → {{{', '.join(result)}}}.{account}"


def guess_of(spec: Mapping[str, Any]) -> str:
    """A draft as the model is shown it."""
    shown = {key: spec[key] for key in ("title", "inputs", "secrets", "steps") if key in spec}
    return json.dumps(shown, ensure_ascii=False)
