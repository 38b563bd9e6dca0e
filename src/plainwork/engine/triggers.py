"""What a delivery means for the agent it is for: the inputs of its run, and the key under which it is carried out once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from plainwork.db import json
from plainwork.engine.versions import Version
from plainwork.errors import Invalid
from plainwork.spec.inputs import coerce
from plainwork.spec.template import Template, parse_template

_LONGEST_KEY = 200
_template = lru_cache(maxsize=1000)(parse_template)


def inputs_of(
    version: Version, map: Mapping[str, str], trigger: Mapping[str, Any], *, from_text: bool = False
) -> dict[str, Any]:
    """A run's inputs: what the delivery brings under equal names, then what the trigger maps, then defaults. ``trigger``:
    as the run sees it; ``from_text``: it brings texts, as forms do. Raises Rejected when they do not fit the declaration."""
    declared, fields = version.graph.flow.inputs, _fields(trigger)
    given = {name: fields[name] for name in declared if name in fields}
    for name, template in map.items():
        given[name] = _rendered(template, trigger)
    return coerce(declared, given, from_text=from_text or (fields is trigger.get("query")))


def _fields(trigger: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a delivery brings: a webhook's body, or its query when it has none; the fields of a form; what a poll has found;
    a message, a mail, a failure."""
    if trigger["kind"] == "form":
        found = trigger["fields"]
    elif trigger["kind"] == "poll":
        found = trigger["item"]
    elif trigger["kind"] == "webhook":
        found = trigger["query"] if trigger["body"] is None else trigger["body"]
    else:
        found = {name: value for name, value in trigger.items() if name not in ("kind", "id")}
    return found if isinstance(found, Mapping) else {}


def key_of(trigger_id: str, template: str | None, trigger: Mapping[str, Any], sent: str | None) -> str | None:
    """The key under which a delivery starts one run: what the trigger says (``once_per``), else what its sender sent.
    Raises Rejected when the template cannot be worked out, or gives nothing."""
    if template is not None:
        value = _rendered(template, trigger)
        if value is None or value == "":
            raise Invalid("What this starts once per is empty.", next_step="Send it, or change `once_per`.")
        sent = value if isinstance(value, str) else json.encode(value).decode()
    if not sent:
        return None
    return f"{trigger_id}: {short_key(sent)}"


def short_key(key: str) -> str:
    """The key, or what stands for one that is long or holds more than letters."""
    if len(key) > _LONGEST_KEY or not key.isprintable():
        return sha256(key.encode("utf-8", "replace")).hexdigest()
    return key


def seal_of(trigger_id: str, signature: str) -> str:
    """The key under which something signed is taken once."""
    return f"{trigger_id} signed: {sha256(signature.encode()).hexdigest()}"


def _rendered(template: str, trigger: Mapping[str, Any]) -> Any:
    known: Template = _template(template)
    # As the run will see it when it is read back: dates are texts in JSON.
    return json.decode(json.encode(known.render({"trigger": trigger})))
