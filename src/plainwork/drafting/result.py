"""What drafting gives back: a spec with everything a person needs to judge it."""

from __future__ import annotations

import msgspec

from plainwork.errors import Finding
from plainwork.spec.flow import Flow
from plainwork.spec.model import Effect, Spec

MOST_QUESTIONS = 3


class Assumption(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the description leaves open, and how the draft took it. ``step``: the step it is about."""

    text: str
    step: str | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question whose answers give different flows. ``default``: what the draft does now; ``differs``: what changes."""

    text: str
    default: str
    differs: str
    step: str | None = None


class Need(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one step, or what starts the agent, needs from outside: an account (and which kind), the hosts it reaches, and the
    data it sends there."""

    step: str
    title: str
    effect: Effect = "none"
    account: str | None = None
    account_kind: str | None = None
    hosts: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The need as a sentence."""
        parts = [
            f"account {self.account}" if self.account else "",
            f"reaches {', '.join(self.hosts)}" if self.hosts else "",
        ]
        parts.append(f"sends {', '.join(self.sends)}" if self.sends else "")
        return f"{self.title}: {'; '.join(part for part in parts if part) or 'a language model'}."


class Estimate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run is likely to cost. ``cost_per_run_usd`` None: the model that will be used has no known price."""

    model_calls_per_run: int = 0
    cost_per_run_usd: float | None = 0.0
    runs_per_month: int | None = None
    cost_per_month_usd: float | None = None
    about: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A drafted agent. ``drafted_by``: ``rules``, or the model's name. ``questions`` has at most MOST_QUESTIONS entries."""

    spec: Spec
    markdown: str
    flow: Flow
    assumptions: tuple[Assumption, ...] = ()
    questions: tuple[Question, ...] = ()
    needs: tuple[Need, ...] = ()
    findings: tuple[Finding, ...] = ()
    drafted_by: str = "rules"
    estimate: Estimate = Estimate()
