"""What a draft collects while its steps are made: names, inputs, accounts, assumptions, questions and known values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from plainwork.drafting.apps import App
from plainwork.drafting.conditions import Test
from plainwork.drafting.naming import Names, input_name
from plainwork.drafting.result import Assumption, Question
from plainwork.drafting.text import Token
from plainwork.drafting.values import Value, Values
from plainwork.drafting.watched import Watch
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Input


@dataclass(slots=True)
class Made:
    """A step that is being made; ``routes`` hold labels that are resolved when all steps are there. ``tests`` (by the
    arm's identity) and ``labels`` tell how the arms of a branch are chosen."""

    id: str
    name: str
    uses: str
    config: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    account: str | None = None
    routes: list[tuple[str, str | None, Label]] = field(default_factory=list)
    steps: list[Made] = field(default_factory=list)
    tests: dict[int, Test] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """A place a route leads to, known later: a step's id, or None for the end."""

    target: str | None = None
    same_as: Label | None = None
    beside: tuple[str, ...] = ()

    @property
    def step(self) -> str | None:
        """The step's id, when there is one."""
        return self.same_as.step if self.same_as else self.target

    @property
    def steps(self) -> tuple[str, ...]:
        """The step and those that begin beside it; none at the end."""
        if self.same_as:
            return self.same_as.steps
        return (self.target, *self.beside) if self.target else ()


@dataclass(slots=True)
class Filled:
    """How an action is carried out: the kind, its settings, and the value it gives."""

    uses: str
    config: dict[str, Any]
    gives: Value | None = None
    account: str | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Parting:
    """A list that filters take apart: the value it was, and the tests of the parts taken so far."""

    source: Value | None
    tests: tuple[str, ...] = ()


class Desk:
    """The collected parts of one draft."""

    def __init__(
        self, catalogue: Catalogue, inputs: dict[str, Input], zone: str, answers: Mapping[str, str] | None = None
    ) -> None:
        self.catalogue = catalogue
        self.zone = zone
        self.names = Names()
        self.values = Values()
        self.inputs = inputs
        self.secrets: dict[str, str] = {}
        self.assumptions: list[Assumption] = []
        self.questions: list[Question] = []
        self.minor: list[Question] = []
        self.model: str | None = None
        self.constraints: list[str] = []
        self.item: str | None = None
        self.payload: str | None = None
        self.event_app: App | None = None
        self.watch: Watch | None = None
        self.reason = ""
        self.parting: Parting | None = None
        self.answers = dict(answers or {})
        self.heard: set[str] = set()

    def ask(self, name: str, kind: str, about: str, default: Any = msgspec.UNSET) -> str:
        """The template of an input, declared now if it is new."""
        key = input_name(name)
        if key not in self.inputs:
            self.inputs[key] = Input(type=kind, about=about, default=default)
        return f"{{{{ inputs.{key} }}}}"

    def account(self, app: App, about: str | None = None) -> str:
        """The name of the account for an app, listed under the secrets."""
        self.secrets.setdefault(app.account, about or f"The account at {app.name}")
        return app.account

    def assume(self, text: str, step: str | None = None) -> None:
        """Note something that was taken for granted."""
        if not any(one.text == text for one in self.assumptions):
            self.assumptions.append(Assumption(text=text, step=step))

    @property
    def asked(self) -> list[Question]:
        """All questions, those that matter most first."""
        return [*self.questions, *self.minor]

    def question(
        self, text: str, default: str, differs: str, step: str | None = None, *, minor: bool = False
    ) -> str | None:
        """Note a question whose answers would give different flows; or give its answer, when it has one that is not the
        default. ``minor``: the default will do for most."""
        answer = self.answers.get(text)
        if answer is not None:
            self.heard.add(text)
            return answer if answer.strip().lower() != default.lower() else None
        if not any(one.text == text for one in self.asked):
            (self.minor if minor else self.questions).append(
                Question(text=text, default=default, differs=differs, step=step)
            )
        return None

    def cannot_use(self, answer: str, step: str | None = None) -> None:
        """Note an answer that is not understood, so that nobody takes it for done."""
        self.assume(f"Your answer “{answer[:120]}” was not understood. Change the text where it matters.", step)

    def content(self, tokens: Sequence[Token], *shapes: Any) -> str:
        """The template of what the words mean, or "" when nothing is known yet."""
        value = self.values.best(tokens, *shapes)
        return f"{{{{ {value.expression} }}}}" if value else ""

    def wording(self, tokens: Sequence[Token]) -> str:
        """As ``content``, as a text for people."""
        return self.told(self.values.best(tokens, "text"), tokens) or self.content(tokens, "text")

    def told(self, value: Value | None, tokens: Sequence[Token]) -> str:
        """What a text says of a value that is the item which started the run; empty when it is something else."""
        is_item = self.watch and value and value.expression == self.payload
        return self.watch.told(value.expression, tokens) if self.watch and value and is_item else ""
