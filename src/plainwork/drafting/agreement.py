"""Holds a draft against the hard facts of its description: a service, an address or a time that was named must be there."""

from __future__ import annotations

import json
from collections.abc import Iterator

from plainwork.drafting.apps import App
from plainwork.drafting.facts import Facts
from plainwork.errors import Finding
from plainwork.spec.model import Spec, Step, to_json

_DOES = {"message": "posts to", "mail": "sends mail with", "phone": "calls or texts with", "model": "asks"}


def contradictions(spec: Spec, facts: Facts) -> list[Finding]:
    """What the description names and no step (and not the trigger) uses: one warning for each."""
    written = json.dumps(to_json(spec), ensure_ascii=False).lower()
    found = []
    for app in facts.apps:
        if not _uses(spec, app):
            message = f"You said {app.name}; no step {_DOES.get(app.sort, 'uses')} {app.name}."
            found.append(_finding(message, f"Add a step for {app.name}, or say that it is not needed."))
    found += [
        _finding(f"You named {url}; no step uses this address.", "Put it into the step that should call it.")
        for url in facts.urls
        if url.lower() not in written
    ]
    found += [
        _finding(f"You named {address}; no step writes to it.", "Put it into the step that should write to it.")
        for address in facts.emails
        if address.lower() not in written
    ]
    return found


def _finding(message: str, next_step: str) -> Finding:
    return Finding(code="draft-contradiction", severity="warning", message=message, next_step=next_step)


def _uses(spec: Spec, app: App) -> bool:
    names = {app.id.replace("_", ""), app.name.lower().replace(" ", "").replace(".", "")}
    if any(name in text for text in _told(spec) for name in names):
        return True
    if app.sort == "model":
        return any(step.uses.startswith("llm") for step in every_step(spec.steps))
    if app.sort == "mail":
        return any(step.uses.startswith("email") for step in every_step(spec.steps)) or any(
            t.__class__.__name__ == "Email" for t in spec.when
        )
    return app.connector != app.id and any(step.uses.startswith(f"{app.connector}.") for step in every_step(spec.steps))


def _told(spec: Spec) -> Iterator[str]:
    for step in every_step(spec.steps + spec.errors):
        values = (step.uses, step.name, step.account or "", step.about, json.dumps(step.with_, default=str))
        yield " ".join(values).lower().replace(" ", "").replace("_", "").replace("-", "").replace(".", "")
    for trigger in spec.when:
        yield json.dumps(to_json(trigger), default=str).lower().replace("_", "").replace("-", "")


def every_step(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, inner ones behind the one that holds them."""
    for step in steps:
        yield step
        yield from every_step(step.steps)
