"""What starts an agent, in words: ``every weekday at 08:30 in Europe/Berlin``, ``webhook /alerts``, ``by hand``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from plainwork.spec.flow import Flow, Node
from plainwork.spec.graph import TRIGGER

BY_HAND: Final = "by hand"


def triggers_of(flow: Flow) -> list[Node]:
    """The nodes that start it, in the order of the document."""
    return [node for node in flow.nodes if node.type.startswith(TRIGGER)]


def starts_of(triggers: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """All triggers, each as its node's type and configuration; ``by hand`` when there is none."""
    return " or ".join(start_of(type_, config) for type_, config in triggers) or BY_HAND


def start_of(type_: str, config: Mapping[str, Any]) -> str:
    """One trigger by its node's type (``trigger.schedule@1``) and configuration."""
    kind = type_.removeprefix(TRIGGER).partition("@")[0]
    match kind:
        case "schedule":
            return _schedule(config)
        case "webhook":
            return f"webhook {config.get('path', '')}".rstrip()
        case "poll":
            every, what = config.get("every"), _what(str(config.get("uses", "poll")))
            return f"{what}, asked {_often(every)}" if every else what
        case "form":
            return f"form “{config.get('title', '')}”"
        case "email":
            return "a mail that arrives"
        case "error":
            return f"a failure of {config.get('agent', 'another agent')}"
        case "manual":
            return BY_HAND
        case _:
            return kind


def _what(uses: str) -> str:
    """``github.new_pull_request`` → ``a new pull request in github``."""
    place, _, thing = uses.partition(".")
    return f"a {thing} in {place}".replace("_", " ").replace("-", " ") if thing.startswith("new_") else uses


def _often(every: str) -> str:
    """``15 minutes`` → ``every 15 minutes``; what says it itself (``every weekday at 09:00``) stays."""
    return every if every.lower().startswith("every") else f"every {every}"


def _schedule(config: Mapping[str, Any]) -> str:
    from plainwork.spec.cron import ScheduleError
    from plainwork.spec.schedule_text import render_schedule

    phrase, cron, zone = config.get("phrase"), config.get("cron"), config.get("timezone")
    if phrase:
        return str(phrase)
    if not cron:
        return "a schedule that cannot be read"
    try:
        said = render_schedule(cron, zone)
    except ScheduleError:
        said = None
    return said or f"cron {cron}" + (f" in {zone}" if zone else "")
