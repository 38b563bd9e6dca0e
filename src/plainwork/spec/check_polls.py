"""Checks of what is polled: that there is such a trigger, what it is set to, its account, how often."""

from __future__ import annotations

from typing import Any

from plainwork.spec.check_config import check_settings
from plainwork.spec.cron import ScheduleError
from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.model import Email, Poll
from plainwork.spec.poll_policy import MAILBOX, read_every
from plainwork.spec.report import Report


def check_polled(
    trigger: Poll | Email, node: str | None, field: str | None, catalogue: Catalogue, report: Report
) -> None:
    """All findings about a poll, or a mailbox, that stands at ``field``."""
    inside = f"{field}." if field else ""
    uses = trigger.uses if isinstance(trigger, Poll) else MAILBOX
    kind = catalogue.triggers.get(uses)
    if kind is not None:
        _check_account(trigger, kind, node, f"{inside}account", report)
    elif isinstance(trigger, Poll):
        hint = report.did_you_mean(uses, catalogue.triggers, "GET /api/v1/kinds lists what can be polled.")
        message = f"Nothing that can be polled is called {uses[:80]}."
        report.add(
            "unknown-trigger", message, hint, node=node, field=f"{inside}{'poll' if report.is_document else 'uses'}"
        )
    if kind is not None:
        _check_settings(kind, trigger.with_, node, f"{inside}with", report)
    _check_every(trigger.every, node, f"{inside}every", report)


def _check_account(trigger: Poll | Email, kind: Kind, node: str | None, field: str, report: Report) -> None:
    name = trigger.uses if isinstance(trigger, Poll) else "The mailbox"
    if kind.account is None and trigger.account is not None:
        report.warn("needless-account", f"{name} uses no account.", "Leave `account` out.", node=node, field=field)
    elif kind.account_required and trigger.account is None:
        hint = "Add `account: NAME` and describe it under `secrets:`."
        report.warn("needs-account", f"{name} needs an account ({kind.account}).", hint, node=node, field=field)


def _check_settings(kind: Kind, config: dict[str, Any], node: str | None, field: str, report: Report) -> None:
    check_settings(kind, config, node, field, report)
    for name, value in config.items():
        if isinstance(value, str) and "{{" in value:
            message = f"{name} is a template, and there is nothing yet that it could speak of."
            hint = "Write what it is to be, as it stands."
            report.add("bad-expression", message, hint, node=node, field=f"{field}.{name}")


def _check_every(text: str | None, node: str | None, field: str, report: Report) -> None:
    try:
        read_every("poll", text)
    except ScheduleError as why:
        report.add("bad-schedule", why.message, why.next_step, node=node, field=field)
