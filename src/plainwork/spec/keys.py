"""Which keys the front matter and the step blocks have, read into the model and written back as YAML values.

For every part, ``…_from`` takes YAML values to the model and ``…_yaml`` is its exact inverse: canonical
keys, defaults left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from plainwork.spec import fields as f
from plainwork.spec import model
from plainwork.spec.fields import SKIP, Fields, Table
from plainwork.spec.yaml_read import Path

CONTAINERS: Final = frozenset({"foreach", "repeat", "group"})
"""The kinds whose steps are the deeper headings."""

RETRY: Final[Table] = {
    "times": ("times", f.integer),
    "wait": ("wait", f.text),
    "backoff": ("backoff", f.number),
    "on": ("on", f.texts),
}
LIMITS: Final[Table] = {
    "cost per run": ("cost_per_run_usd", f.cost),
    "cost per day": ("cost_per_day_usd", f.cost),
    "time per run": ("time_per_run", f.text),
    "runs per day": ("runs_per_day", f.integer),
    "tokens per run": ("tokens_per_run", f.integer),
    "steps per run": ("steps_per_run", f.integer),
    "runs at once": ("runs_at_once", f.integer),
    "priority": ("priority", f.choice("low", "normal", "high")),
}
_retry = f.struct(model.Retry, RETRY)
_limits = f.struct(model.Limits, LIMITS)
DEFAULTS: Final[Table] = {"retry": ("retry", _retry), "timeout": ("timeout", f.text), "account": ("account", f.text)}
STEP: Final[Table] = {
    "id": ("id", f.text),
    "uses": ("uses", f.text),
    "account": ("account", f.text),
    "model": ("model", f.text_or_texts),
    "if": ("if_", f.text),
    "join": ("join", f.choice("all", "any")),
    "with": ("with_", f.mapping),
    "retry": ("retry", _retry),
    "timeout": ("timeout", f.text),
    "limits": ("limits", _limits),
    "cache": ("cache", f.text),
    "effect": ("effect", f.choice("none", "read", "keyed", "once")),
    "on uncertain": ("on_uncertain", f.choice("ask", "repeat", "skip")),
    "note": ("note", f.text),
}
_INPUT: Final[Table] = {
    "type": ("type", f.text),
    "default": ("default", f.json),
    "about": ("about", f.text),
    "required": ("required", f.boolean),
}
_OUTPUT: Final[Table] = {"value": ("value", f.json), "about": ("about", f.text)}

_MAP: Final[Table] = {"map": ("map", f.text_map)}
_POLLED: Final[Table] = {
    "every": ("every", f.text),
    "account": ("account", f.text),
    "remember": ("remember", f.choice("from now", "all")),
    "with": ("with_", f.mapping),
}
_SCHEDULE: Final[Table] = {
    "schedule": ("phrase", f.text),
    "cron": ("cron", f.text),
    "timezone": ("timezone", f.text),
    "missed": ("missed", f.text),
    "overlap": ("overlap", f.choice("allow", "skip", "queue", "cancel previous")),
    "jitter": ("jitter", f.text),
    **_MAP,
}
TRIGGERS: Final[dict[str, tuple[type[model.Part], Table]]] = {
    "schedule": (model.Schedule, _SCHEDULE),
    "cron": (model.Schedule, _SCHEDULE),
    "webhook": (
        model.Webhook,
        {
            "webhook": ("path", f.text),
            "method": ("method", f.text),
            "verify": ("verify", f.text),
            "respond": ("respond", f.choice("at once", "when done", "stream")),
            "once per": ("once_per", f.text),
            **_MAP,
        },
    ),
    "poll": (model.Poll, {"poll": ("uses", f.text), **_POLLED, **_MAP}),
    "form": (model.Form, {"form": ("title", f.text), **_MAP}),
    "chat": (model.Chat, _MAP),
    "email": (model.Email, {**_POLLED, **_MAP}),
    "error of": (model.ErrorOf, {"error of": ("agent", f.text), **_MAP}),
    "manual": (model.Manual, _MAP),
}
_BARE: Final[dict[str, type[model.Chat | model.Email | model.Manual]]] = {
    "chat": model.Chat,
    "email": model.Email,
    "manual": model.Manual,
}
_NEEDS_MORE: Final = frozenset({"webhook", "poll", "form", "schedule", "cron", "error of"})


def _inputs(r: Fields, holder: Any, key: Any, path: Path) -> Any:
    found = f.mapping(r, holder, key, path)
    if found is SKIP:
        return SKIP
    inputs: dict[str, model.Input] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            inputs[name] = model.Input(**r.all(value, (*path, name), _INPUT))
        elif value is None:
            inputs[name] = model.Input()
        elif (kind := f.text(r, found, name, (*path, name))) is not SKIP:
            inputs[name] = model.Input(type=kind)
    return inputs


def _outputs(r: Fields, holder: Any, key: Any, path: Path) -> Any:
    found = f.mapping(r, holder, key, path)
    if found is SKIP:
        return SKIP
    return {
        name: model.Output(**r.all(value, (*path, name), _OUTPUT)) if _is_output(value) else model.Output(value=value)
        for name, value in found.items()
    }


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and value.keys() <= _OUTPUT.keys()


def _when(r: Fields, holder: Any, key: Any, path: Path) -> Any:
    value = holder[key]
    if not isinstance(value, list):
        trigger = _trigger(r, holder, key, path)
        return (trigger,) if trigger is not SKIP else SKIP
    found = (_trigger(r, value, i, (*path, i)) for i in range(len(value)))
    return tuple(t for t in found if t is not SKIP)


def _trigger(r: Fields, holder: Any, key: Any, path: Path) -> Any:
    value = holder[key]
    if isinstance(value, dict):
        return _trigger_mapping(r, value, path)
    phrase = f.text(r, holder, key, path)
    if phrase is SKIP:
        return SKIP
    if phrase in _BARE:
        return _BARE[phrase]()
    if f.spaced(phrase) in _NEEDS_MORE:
        r.report("incomplete-trigger", path, f'"{phrase}" alone does not say enough.', _TRIGGER_HELP)
        return SKIP
    return model.Schedule(phrase=phrase)


_TRIGGER_HELP = (
    "Write a schedule (every weekday at 07:30 in Europe/Berlin), {webhook: /path}, {poll: connector.trigger}, "
    "{form: title}, {cron: …, timezone: …}, {error of: agent}, chat, email or manual."
)


def _trigger_mapping(r: Fields, value: dict[str, Any], path: Path) -> Any:
    word = next((name for name in TRIGGERS if name in value or name.replace(" ", "_") in value), None)
    if word is None:
        r.report("unknown-trigger", path, "This is no trigger that Plainwork knows.", _TRIGGER_HELP)
        return SKIP
    kind, table = TRIGGERS[word]
    if word not in _BARE:
        found = r.all(value, path, table)
        if kind is not model.Schedule and next(iter(table.values()))[0] not in found:
            if value.get(word) is None:
                r.wrong((*path, word), "a text", None, _TRIGGER_HELP)
            return SKIP
        return kind(**found)
    found = r.all(value, path, {word: ("", f.json), **table})
    said = found.pop("", None)
    if said not in (None, True, {}):
        if word != "email" or "account" in found or not isinstance(said, str):
            return r.wrong((*path, word), "empty or true", said)
        found["account"] = said
    return kind(**found)


FRONT: Final[Table] = {
    "agentspec": ("agentspec", f.integer),
    "id": ("id", f.text),
    "when": ("when", _when),
    "inputs": ("inputs", _inputs),
    "outputs": ("outputs", _outputs),
    "secrets": ("secrets", f.text_map),
    "model": ("model", f.text_or_texts),
    "limits": ("limits", _limits),
    "defaults": ("defaults", f.struct(model.Defaults, DEFAULTS)),
    "on failure": ("on_failure", f.text),
    "enabled": ("enabled", f.boolean),
    "tags": ("tags", f.texts),
    "owner": ("owner", f.text),
}
SPREAD: Final = frozenset({"inputs", "outputs", "secrets"})
"""Front matter keys whose entries stand one a line, however short."""


def plain(value: Any) -> Any:
    """A field's value as YAML data."""
    if isinstance(value, model.Retry):
        return retry_yaml(value)
    if isinstance(value, model.Limits):
        return limits_yaml(value)
    if isinstance(value, model.Part):
        return {
            key: plain(getattr(value, name)) for key, (name, _) in DEFAULTS.items() if getattr(value, name) is not None
        }
    return list(value) if isinstance(value, tuple) else value


def retry_yaml(retry: model.Retry) -> dict[str, Any]:
    """A retry; how often, how long and how much longer are always written out."""
    found: dict[str, Any] = {"times": retry.times, "wait": retry.wait, "backoff": _short(retry.backoff)}
    return found | ({"on": list(retry.on)} if retry.on != model.Retry().on else {})


def limits_yaml(limits: model.Limits) -> dict[str, Any]:
    """Limits, costs as ``0.05 USD``."""
    found: dict[str, Any] = {}
    for key, (name, reader) in LIMITS.items():
        value = getattr(limits, name)
        if value is not None:
            found[key] = f"{_short(value)!r} USD" if reader is f.cost else value
    return found


def _short(value: float) -> int | float:
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def step_yaml(step: model.Step, default_id: str) -> dict[str, Any]:
    """What stands in a step's block: all but its name, prose, text blocks, routes and inner steps."""
    found: dict[str, Any] = {}
    for key, (name, _) in STEP.items():
        value = getattr(step, name)
        if name == "id" and value == default_id:
            continue
        if name == "with_":
            value = {k: v for k, v in value.items() if k not in step.blocks}
        if name == "uses" or value != _STEP_DEFAULTS[name]:
            found[key] = plain(value)
    return found


_STEP_DEFAULTS: Final[dict[str, Any]] = {
    name: getattr(model.Step(id="", name="", uses=""), name) for name, _ in STEP.values()
}


def front_yaml(spec: model.Spec) -> dict[str, Any]:
    """The front matter's mapping."""
    found: dict[str, Any] = {"agentspec": spec.agentspec}
    written: dict[str, Callable[[Any], Any]] = {"when": _when_yaml, "inputs": _inputs_yaml, "outputs": _outputs_yaml}
    for key, (name, _) in FRONT.items():
        value = getattr(spec, name)
        if name != "agentspec" and value != _SPEC_DEFAULTS[name]:
            found[key] = written.get(key, plain)(value)
    return found


_SPEC_DEFAULTS: Final[dict[str, Any]] = {name: getattr(model.Spec(title=""), name) for name, _ in FRONT.values()}


def _when_yaml(when: tuple[model.Trigger, ...]) -> Any:
    found = [trigger_yaml(trigger) for trigger in when]
    return found[0] if len(found) == 1 else found


def trigger_yaml(trigger: model.Trigger) -> Any:
    """One trigger: a phrase or a bare word where that says it all, else a mapping."""
    kind = type(trigger)
    table = next(t for k, t in TRIGGERS.values() if k is kind)
    blank = kind() if kind in (model.Schedule, *_BARE.values()) else None
    found: dict[str, Any] = {}
    for key, (name, _) in table.items():
        value = getattr(trigger, name)
        default = getattr(blank, name) if blank else _TRIGGER_DEFAULTS.get(name)
        if value != default or (name == "path" or key in ("form", "poll", "error of")):
            found[key] = value
    word = next((w for w, k in _BARE.items() if k is kind), None)
    if word:
        account = found.pop("account", None)
        return word if not found and account is None else {word: True if account is None else account, **found}
    phrase = found.get("schedule")
    said_by_phrase = found.keys() == {"schedule"} and phrase not in _BARE and f.spaced(str(phrase)) not in _NEEDS_MORE
    return phrase if said_by_phrase else found


_TRIGGER_DEFAULTS: Final[dict[str, Any]] = {"method": "POST", "respond": "at once", "map": {}, "with_": {}}


def _inputs_yaml(inputs: dict[str, model.Input]) -> Any:
    return {name: _input_yaml(one) for name, one in inputs.items()}


def _input_yaml(one: model.Input) -> Any:
    found: dict[str, Any] = {"type": one.type}
    if one.default is not msgspec.UNSET:
        found["default"] = one.default
    if not one.required:
        found["required"] = False
    if one.about:
        found["about"] = one.about
    return one.type if len(found) == 1 else found


def _outputs_yaml(outputs: dict[str, model.Output]) -> Any:
    found: dict[str, Any] = {}
    for name, one in outputs.items():
        bare = not one.about and not _is_output(one.value)
        found[name] = one.value if bare else {"value": one.value, **({"about": one.about} if one.about else {})}
    return found
