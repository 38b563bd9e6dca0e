"""Checks of what stands around the steps: triggers, inputs, outputs, secrets, limits, defaults, examples."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from plainwork.errors import Invalid, Rejected
from plainwork.spec.check_config import check_duration, check_limits, check_model, check_policy
from plainwork.spec.check_polls import check_polled
from plainwork.spec.flow import Flow
from plainwork.spec.inputs import coerce_value, type_schema
from plainwork.spec.kinds import Catalogue
from plainwork.spec.levels import Book
from plainwork.spec.model import Email, Input, Poll, Schedule, Spec, Trigger, Webhook
from plainwork.spec.names import expression_name
from plainwork.spec.report import Report, listed
from plainwork.spec.schedule_policy import read_jitter, read_missed
from plainwork.spec.template import parse_template

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_GIVEN = ("inputs", "mock", "trigger", "vars", "now")
_EXPECT = ("ran", "not_ran", "outputs", "output", "sent", "status", "cost_at_most")
Placed = list[tuple[Trigger, str | None, str | None]]
"""Triggers with the node id and the field where they stand."""


def check_document(flow: Flow, triggers: Placed, book: Book, catalogue: Catalogue, report: Report) -> None:
    """All findings about the front matter, or what a flow has in its place."""
    for trigger, node, field in triggers:
        _check_trigger(trigger, flow, node, field, catalogue, report)
    for name, declared in flow.inputs.items():
        _check_input(name, declared, report)
    _check_secrets(flow, triggers, book, report)
    check_limits(flow.limits, report)
    check_model(flow.model, report)
    if flow.defaults is not None:
        check_policy(flow.defaults.retry, flow.defaults.timeout, report, prefix="defaults.")
    if flow.on_failure is not None and flow.on_failure not in book.top.positions:
        hint = report.did_you_mean(flow.on_failure, book.top.positions, "Name the id of a step of the top level.")
        report.add("unknown-step", f"There is no step {flow.on_failure}.", hint, field="on_failure")


# Triggers


def _check_trigger(
    trigger: Trigger, flow: Flow, node: str | None, field: str | None, catalogue: Catalogue, report: Report
) -> None:
    for name in trigger.map:
        if name not in flow.inputs:
            hint = report.did_you_mean(name, flow.inputs, "Declare it under `inputs:`.")
            report.add(
                "unknown-input", f"There is no input {name}.", hint, node=node, field=_inside(field, f"map.{name}")
            )
    for name, template in trigger.map.items():
        _check_template(template, node, _inside(field, f"map.{name}"), report)
    match trigger:
        case Schedule():
            _check_schedule(trigger, node, field, report)
        case Webhook():
            _check_webhook(trigger, node, field, report)
        case Poll() | Email():
            check_polled(trigger, node, field, catalogue, report)


def _inside(field: str | None, name: str) -> str:
    return f"{field}.{name}" if field else name


def _check_schedule(trigger: Schedule, node: str | None, field: str | None, report: Report) -> None:
    from plainwork.spec.schedule_text import ScheduleError, next_times, parse_schedule

    try:
        if trigger.phrase is not None:
            parse_schedule(trigger.phrase, default_zone=trigger.timezone)
        elif trigger.cron is None:
            raise ScheduleError("This schedule says neither a phrase nor a cron.")
        else:
            next_times(trigger.cron, trigger.timezone, datetime(2026, 1, 1, tzinfo=UTC), 1)
    except ScheduleError as why:
        report.add("bad-schedule", why.message, why.next_step, node=node, field=field)
    for name, read in (("missed", read_missed), ("jitter", read_jitter)):
        try:
            read(getattr(trigger, name))
        except ScheduleError as why:
            report.add("bad-schedule", why.message, why.next_step, node=node, field=_inside(field, name))


def _check_webhook(trigger: Webhook, node: str | None, field: str | None, report: Report) -> None:
    if not _PATH.fullmatch(trigger.path):
        message = f"{trigger.path[:80]} is not a path."
        report.add("bad-webhook", message, "Begin it with /, such as /orders.", node=node, field=_inside(field, "path"))
    if trigger.method.upper() not in _METHODS:
        message = f"{trigger.method[:40]} is not a method."
        report.add("bad-webhook", message, f"Use {listed(_METHODS)}.", node=node, field=_inside(field, "method"))
    if trigger.once_per is not None:
        _check_template(trigger.once_per, node, _inside(field, "once_per"), report)


def _check_template(text: str, node: str | None, field: str, report: Report) -> None:
    """Before a run has begun there is nothing to speak of but what has started it."""
    try:
        names = {path[0] for path in parse_template(text).references}
    except Rejected as why:
        report.add("bad-expression", why.message, why.next_step, node=node, field=field)
        return
    for name in sorted(names - {"trigger"}):
        message = f"{name} is not there yet when a run is started."
        report.add("unknown-name", message, "Only `trigger` is, such as trigger.body.", node=node, field=field)


# Inputs


def _check_input(name: str, declared: Input, report: Report) -> None:
    field = f"inputs.{name}"
    if not name.isidentifier() or keyword.iskeyword(name):
        hint = f"Call it {expression_name(name)[:80]}, or write inputs[{json.dumps(name[:80], ensure_ascii=False)}]."
        report.warn("bad-input-name", f"Expressions cannot write inputs.{name[:80]}.", hint, field=field)
    try:
        schema = type_schema(declared.type)
    except Invalid as why:
        report.add("bad-type", why.message, why.next_step, field=f"{field}.type")
        return
    if declared.default is msgspec.UNSET or declared.default is None:
        return
    try:
        coerce_value(schema, declared.default, "The default")
    except Invalid as why:
        report.add("bad-default", why.message, why.next_step, field=f"{field}.default")


# Secrets


def _check_secrets(flow: Flow, triggers: Placed, book: Book, report: Report) -> None:
    used: set[str] = set()
    for name, node, field in _accounts(flow, triggers, book):
        if name not in used and name not in flow.secrets:
            hint = report.did_you_mean(name, flow.secrets, f"Add it under `secrets:`, {name}: what it is for.")
            report.add("unlisted-secret", f"{name} is used, but not listed.", hint, node=node, field=field)
        used.add(name)
    used |= {trigger.verify for trigger, _, _ in triggers if isinstance(trigger, Webhook) and trigger.verify}
    for name in flow.secrets:
        if name not in used:
            message = f"The secret {name} is listed, but nothing uses it."
            report.warn("unused-secret", message, "Leave it out, or name it as an `account`.", field=f"secrets.{name}")


def _accounts(flow: Flow, triggers: Placed, book: Book) -> Iterable[tuple[str, str | None, str | None]]:
    if flow.defaults is not None and flow.defaults.account is not None:
        yield flow.defaults.account, None, "defaults.account"
    for trigger, node, field in triggers:
        if isinstance(trigger, (Poll, Email)) and trigger.account is not None:
            yield trigger.account, node, _inside(field, "account")
        if isinstance(trigger, Webhook) and trigger.verify and _SECRET_NAME.fullmatch(trigger.verify):
            yield trigger.verify, node, _inside(field, "verify")
    for _, _, step in book.steps():
        if step.account is not None:
            yield step.account, step.id, "account"


# Examples


def check_examples(spec: Spec, book: Book, report: Report) -> None:
    """All findings about the Examples of a document: names of steps, inputs and outputs that are not there."""
    names = set(book.by_name)
    for number, example in enumerate(spec.examples):
        field = f"examples.{number}"
        _check_keys(example.given, _GIVEN, f"{field}.given", report)
        _check_keys(example.expect, _EXPECT, f"{field}.expect", report)
        for key in ("ran", "not_ran"):
            listed_steps = example.expect.get(key, [])
            wanted = listed_steps if isinstance(listed_steps, (list, tuple)) else [listed_steps]
            _check_steps(wanted, names, f"{field}.expect.{key}", report)
        mocked = example.given.get("mock", {})
        _check_steps(mocked if isinstance(mocked, dict) else [], names, f"{field}.given.mock", report)
        _check_given(spec, example.given.get("inputs", {}), f"{field}.given.inputs", report)


def _check_keys(given: dict[str, Any], known: tuple[str, ...], field: str, report: Report) -> None:
    for key in given:
        if key not in known:
            hint = report.did_you_mean(key, known, f"It can hold {listed(known, 'and')}.")
            report.warn("unknown-example-key", f"An example does not know {key}.", hint, field=f"{field}.{key}")


def _check_steps(wanted: Iterable[Any], names: set[str], field: str, report: Report) -> None:
    for one in wanted:
        name = expression_name(str(one))
        if name not in names:
            hint = report.did_you_mean(name, names)
            report.add("unknown-step", f"There is no step {str(one)[:80]}.", hint, field=field)


def _check_given(spec: Spec, given: Any, field: str, report: Report) -> None:
    for name, value in given.items() if isinstance(given, dict) else ():
        declared = spec.inputs.get(name)
        if declared is None:
            hint = report.did_you_mean(str(name), spec.inputs)
            report.add("unknown-input", f"There is no input {name}.", hint, field=f"{field}.{name}")
            continue
        try:
            coerce_value(type_schema(declared.type), value, str(name))
        except Invalid as why:
            report.warn("bad-input", why.message, why.next_step, field=f"{field}.{name}")


__all__ = ["check_document", "check_duration", "check_examples"]
