"""From an event to a trigger that is asked again and again: how often, about what, and what a person is asked about that."""

from __future__ import annotations

from plainwork.drafting.answers import often_of
from plainwork.drafting.desk import Desk
from plainwork.drafting.naming import input_name
from plainwork.drafting.text import Tokens, tokenize
from plainwork.drafting.triggers import Event
from plainwork.drafting.watched import Watch, watch_of
from plainwork.spec.model import Poll

POLLED_EVERY = "5 minutes"
_CALLS = frozenset(["webhook", "webhooks", "call", "calls", "push"])


def poll_of(desk: Desk, event: Event, text: Tokens) -> tuple[Watch, Poll] | None:
    """What is watched for an event, and the trigger that does it; None when nothing can be asked for it, or the service is to
    call instead. What each item is called becomes the event's ``noun``."""
    watch = watch_of(desk.catalogue, event, text)
    if watch is None:
        return None
    noun = watch.thing if event.how == "watch" or event.noun in watch.thing.split() else event.noun
    every = _how_often(desk, noun, watch)
    if every is None:
        return None
    event.noun = noun
    for name in watch.untold:
        _ask(desk, watch, name)
    account = desk.account(watch.app) if watch.app and watch.kind.account_required else None
    taken = {input_name(noun): "{{ trigger.item }}"}
    return watch, Poll(uses=watch.kind.id, every=every, account=account, with_=watch.config, map=taken)


def _how_often(desk: Desk, noun: str, watch: Watch) -> str | None:
    """How often it is asked; None when the service is to call instead."""
    place = "The feed" if watch.kind.account is None else watch.app.name if watch.app else "The list"
    if watch.app is None or not watch.app.push:
        desk.assume(f"{place} is asked for each new {noun} every {POLLED_EVERY}.")
        return POLLED_EVERY
    answer = desk.question(
        f"How does it learn of each new {noun}?",
        f"It asks {place} every {POLLED_EVERY}",
        f"{place} can call a webhook instead, at once, when that is set up at {place}.",
        minor=True,
    )
    if answer and _CALLS & {token.lower for token in tokenize(answer)}:
        return None
    every = often_of(answer) if answer else None
    if answer and every is None:
        desk.cannot_use(answer)
    return every or POLLED_EVERY


def _ask(desk: Desk, watch: Watch, name: str) -> None:
    """Asks for a setting that the text does not tell."""
    default = str(watch.config[name])
    place = f" at {watch.app.name}" if watch.app and watch.app.sort != "feed" else ""
    answer = desk.question(
        f"What does it watch{place}? {watch.about(name)}",
        default,
        f"Until it is told, {default} stands in its place under “when”, and nothing is found.",
    )
    if answer and watch.takes(name, read := watch.read(name, answer)):
        watch.config[name] = read
    elif answer:
        desk.cannot_use(answer)
