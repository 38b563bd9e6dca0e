"""Forms: a page made of an agent's inputs. Whoever sends it starts a run, and sees the answer if the run gives one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

import msgspec
from fastapi import Request, Response

from plainwork.api import pages, payloads
from plainwork.api.answers import Ended, said
from plainwork.api.auth import Permission
from plainwork.api.deliveries import Arrival, Entrance, received_at
from plainwork.api.doors import Door
from plainwork.api.pages import element
from plainwork.api.routing import Routes
from plainwork.db.triggers import NewStart, Trigger
from plainwork.engine.triggers import inputs_of, key_of
from plainwork.engine.versions import Version
from plainwork.errors import Finding, Invalid, NotFound, PlainworkError, Unavailable
from plainwork.spec.inputs import is_required, type_schema
from plainwork.spec.model import Input

routes = Routes()

MOST_BODY_BYTES = 256 * 1024
WAIT_S = 20.0
_ONCE = "_once"
_MOST_RADIOS = 5
_TYPES = {"integer": "number", "date": "date", "time": "time", "date-time": "datetime-local", "email": "email"} | {
    "uri": "url",
    "number": "number",
    "file": "url",
}
_LONG = ("long text", "object", "array", "any")


# ── Serving ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/forms/{token}/{trigger_id}", Permission.PUBLIC, include_in_schema=False)
async def show_form(request: Request, token: str, trigger_id: str) -> Response:
    """The form."""
    try:
        _, trigger, version = await _found(request, Arrival.of(request.scope), token, trigger_id)
    except PlainworkError as why:
        return _sorry(why)
    return _form(trigger, version, {}, {})


@routes.add("POST", "/forms/{token}/{trigger_id}", Permission.PUBLIC, include_in_schema=False)
async def send_form(request: Request, token: str, trigger_id: str) -> Response:
    """Starts a run with what was filled in, and shows its answer; or the form again, with what is wrong."""
    arrival, entrance = Arrival.of(request.scope), _entrance(request)
    try:
        door, trigger, version = await _found(request, arrival, token, trigger_id)
        with entrance.noting(door, trigger, arrival):
            entrance.check_rate(trigger)
            arrival.body = await payloads.read(request.receive, arrival.headers, MOST_BODY_BYTES)
            sent = payloads.understood(arrival.body, arrival.headers.get("content-type", ""))
            sent = sent if isinstance(sent, Mapping) else {}
            try:
                ended = await _run(entrance, door, trigger, version, arrival, sent)
            except Invalid as why:
                if not why.findings:
                    raise
                wrong = {finding.field: finding for finding in why.findings if finding.field}
                return _form(trigger, version, sent, wrong)
    except PlainworkError as why:
        return _sorry(why)
    return _thanks(trigger, ended)


async def _found(request: Request, arrival: Arrival, token: str, trigger_id: str) -> tuple[Door, Trigger, Version]:
    entrance = _entrance(request)
    door = await entrance.door(arrival, token)
    for trigger in door.address.triggers:
        if trigger.kind == "form" and trigger.trigger_id == trigger_id:
            if not trigger.takes:
                raise Unavailable("This form is closed at the moment.", next_step="Come back later.")
            return door, trigger, await entrance.desk.version(door.address.workspace_id, trigger.version_id)
    raise NotFound("There is no form at this address.", next_step="Ask whoever gave it to you for a new one.")


def _entrance(request: Request) -> Entrance:
    entrance: Entrance = request.app.state.entrance
    return entrance


async def _run(
    entrance: Entrance, door: Door, trigger: Trigger, version: Version, arrival: Arrival, sent: Mapping[str, Any]
) -> Ended | None:
    """The end of the run that was started, or of the first one where the same page is sent again."""
    seen = {
        "kind": "form",
        "id": trigger.trigger_id,
        "fields": _given(trigger, version, sent),
        "received_at": received_at(),
        "address": arrival.address,
        "size": len(arrival.body),
    }
    inputs = inputs_of(version, trigger.config.get("map", {}), seen, from_text=True)
    once = sent.get(_ONCE)
    new = NewStart(
        workspace_id=door.address.workspace_id,
        agent_id=door.address.agent_id,
        version_id=trigger.version_id,
        trigger_id=trigger.trigger_id,
        trigger=seen,
        inputs=inputs,
        deadline_s=version.time_s,
        key=key_of(trigger.trigger_id, None, seen, once if isinstance(once, str) else None),
    )
    started = await entrance.start(door, new, version, is_awaited=True)
    return await entrance.end_of(started, version, WAIT_S)


# ── What was filled in ───────────────────────────────────────────────────────────────────────────────────────────────
def _asked(trigger: Trigger, version: Version) -> dict[str, Input]:
    """The inputs that the form asks for: those that the trigger does not map."""
    mapped = trigger.config.get("map", {})
    return {name: one for name, one in version.graph.flow.inputs.items() if name not in mapped}


def _given(trigger: Trigger, version: Version, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in. What was left empty was not given; a box that is not ticked says no."""
    found: dict[str, Any] = {}
    for name, declared in _asked(trigger, version).items():
        kind, value = _kind(declared), sent.get(name)
        if isinstance(value, list) and kind != "array":
            value = value[-1]
        if kind == "boolean":
            found[name] = value or "no"
        elif isinstance(value, str) and value.strip():
            found[name] = _value(kind, value)
        elif isinstance(value, list):
            found[name] = value
    return found


def _value(kind: str, text: str) -> Any:
    if kind == "array" and not text.lstrip().startswith("["):
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "file":
        return {"name": urlsplit(text).path.rpartition("/")[2] or "file", "url": text.strip()}
    return text.replace("\r\n", "\n")


def _kind(declared: Input) -> str:
    schema = type_schema(declared.type)
    if "enum" in schema:
        return "enum"
    return str(schema.get("x-type") or schema.get("format") or schema.get("type") or "any")


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _form(trigger: Trigger, version: Version, sent: Mapping[str, Any], wrong: Mapping[str, Finding]) -> Response:
    title = str(trigger.config["title"])
    flow = version.graph.flow
    parts = [f"<h1>{escape(title)}</h1>"]
    if flow.about:
        parts.append(f'<p class="soft">{escape(flow.about)}</p>')
    fields = [_field(name, one, sent, wrong.get(f"inputs.{name}")) for name, one in _asked(trigger, version).items()]
    if wrong:
        elsewhere = [one.message for field, one in wrong.items() if field.removeprefix("inputs.") not in flow.inputs]
        text = " ".join(["Something is missing or not right yet.", *elsewhere])
        parts.append(element("p", {"class": "alert", "role": "alert"}, escape(text)))
    once = sent.get(_ONCE) if not wrong else None
    fields.append(element("input", {"type": "hidden", "name": _ONCE, "value": str(once or secrets.token_urlsafe(16))}))
    fields.append("<button>Send</button>")
    parts.append(element("form", {"method": "post", "novalidate": bool(wrong)}, "\n".join(fields)))
    return pages.page(f"{'Not sent: ' if wrong else ''}{title}", "\n".join(parts), 422 if wrong else 200)


def _field(name: str, declared: Input, sent: Mapping[str, Any], wrong: Finding | None) -> str:
    """One input with its label, what it is about, and what is wrong with what was filled in."""
    kind, value = _kind(declared), _shown(declared, sent.get(name))
    is_needed = is_required(declared) and kind != "boolean"
    may_be_empty = declared.default is msgspec.UNSET and not declared.required
    label = name.replace("_", " ").capitalize() + (" (optional)" if may_be_empty else "")
    about, trouble = f"{name}-about" if declared.about else "", f"{name}-wrong" if wrong else ""
    common: dict[str, str | bool | None] = {
        "name": name,
        "required": is_needed,
        "aria-invalid": "true" if wrong else None,
        "aria-describedby": f"{about} {trouble}".strip() or None,
    }
    notes = element("div", {"class": "about", "id": about}, escape(declared.about)) if about else ""
    after = element("p", {"class": "wrong", "id": trouble}, escape(_said(name, wrong))) if wrong else ""
    choices = [str(one) for one in type_schema(declared.type).get("enum", ())]
    if kind == "enum" and len(choices) <= _MOST_RADIOS:
        return _radios(label, choices, value, common, notes + after)
    if kind == "boolean":
        box = element("input", common | {"type": "checkbox", "id": name, "value": "yes", "checked": value == "yes"})
        tick = element("div", {"class": "choice"}, box + element("label", {"for": name}, escape(label)))
        return f"<div>{tick}{notes}{after}</div>"
    named = common | {"id": name}
    if kind == "enum":
        control = element("select", named, pages.options([("", ""), *((one, one) for one in choices)], value))
    elif kind in _LONG:
        control = element("textarea", named, f"\n{escape(value)}")
    else:
        step = "any" if kind == "number" else None
        control = element("input", named | {"type": _TYPES.get(kind, "text"), "step": step, "value": value})
    return f"<div>{element('label', {'for': name}, escape(label))}{notes}{control}{after}</div>"


def _radios(label: str, choices: list[str], value: str, common: Mapping[str, str | bool | None], notes: str) -> str:
    described = {"aria-describedby": common["aria-describedby"], "aria-invalid": common["aria-invalid"]}
    rows = []
    for number, one in enumerate(choices):
        key = f"{common['name']}-{number}"
        radio = {"type": "radio", "id": key, "name": common["name"], "value": one, "checked": one == value}
        button = element("input", {**radio, "required": common["required"]})
        rows.append(element("div", {"class": "choice"}, button + element("label", {"for": key}, escape(one))))
    return element("fieldset", described, f"<legend>{escape(label)}</legend>{notes}{''.join(rows)}")


def _shown(declared: Input, sent: Any) -> str:
    """The text that a field begins with: what was filled in, or the default."""
    if sent is not None:
        return "\n".join(map(str, sent)) if isinstance(sent, list) else str(sent)
    default = declared.default
    if default is msgspec.UNSET or default is None:
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list) and all(isinstance(one, str) for one in default):
        return "\n".join(default)
    return default if isinstance(default, str) else msgspec.json.encode(default).decode()


def _said(name: str, finding: Finding) -> str:
    """What is wrong, to somebody who sees a label and knows no inputs."""
    if finding.code == "missing-input":
        return "This is needed."
    message = f"This{finding.message.removeprefix(name)}" if finding.message.startswith(name) else finding.message
    return f"{message} {finding.next_step or ''}".strip()


def _thanks(trigger: Trigger, ended: Ended | None) -> Response:
    title = "Thank you"
    if ended is not None and ended.status != "succeeded":
        return pages.notice("Sorry", "It was received, but then something went wrong. Its owner can see what.", 500)
    if ended is None or ended.response is None:
        return pages.notice(title, f"“{trigger.config['title']}” was received.", 202 if ended is None else 200)
    answer = element("div", {"class": "answer"}, escape(said(ended.body)))
    return pages.page(title, f"<h1>{title}</h1>\n{answer}\n<p><a href=''>Fill it in again</a></p>")


def _sorry(why: PlainworkError) -> Response:
    return pages.notice("Sorry", f"{why.message} {why.next_step or ''}".strip(), why.status)
