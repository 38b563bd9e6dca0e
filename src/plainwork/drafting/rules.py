"""Drafting without a model: English in, a valid spec out, in milliseconds and always the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.answers import fields_of, retimed, schedule_of
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.asking import POLLED_EVERY, poll_of
from plainwork.drafting.assemble import Assembler
from plainwork.drafting.clauses import Act, Failure, Piece, Unread, read_sentence
from plainwork.drafting.desk import Desk
from plainwork.drafting.facts import Facts, read_facts
from plainwork.drafting.naming import clean, input_name, title_of
from plainwork.drafting.needs import estimate_of, needs_of
from plainwork.drafting.nodes import Do, Node
from plainwork.drafting.nominal import with_verb
from plainwork.drafting.outline import Statement, statements
from plainwork.drafting.parting import parted
from plainwork.drafting.places import Setting, home_of
from plainwork.drafting.result import MOST_QUESTIONS, Assumption, Draft, Question
from plainwork.drafting.schedule import Timing, find_timing, without_schedule
from plainwork.drafting.simplify import details_only, simplify, source_of, with_texts
from plainwork.drafting.text import Tokens, check_bounds, tokenize, words_of
from plainwork.drafting.tree import Builder
from plainwork.drafting.triggers import Event, Reading, find_event
from plainwork.drafting.values import Value, Values
from plainwork.drafting.verbs import readings as verb_readings
from plainwork.drafting.watched import mail_settings
from plainwork.errors import Finding
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import (
    Chat,
    Defaults,
    Email,
    Form,
    Input,
    Output,
    Poll,
    Retry,
    Schedule,
    Spec,
    Step,
    Trigger,
    Webhook,
)
from plainwork.spec.schedule_text import ScheduleError

SAFE = Defaults(retry=Retry(times=3, wait="5s", backoff=2.0), timeout="2 minutes")
"""What every draft says about failure; steps do not repeat it."""
MOST_STATEMENTS = 200
"""A description with more is read up to here; the rest becomes an assumption."""
_WHAT = "What should the agent do?"
_HEADINGS = re.compile(r"(?:^|(?<=\s))#+(?=\s|$|\W)")
_LOOKED_EVERY = "every 15 minutes"


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules' draft, and the hard facts that any other draft is held against."""

    draft: Draft
    facts: Facts


def draft_by_rules(english: str, catalogue: Catalogue, zone: str = "UTC") -> Draft:
    """The draft of a description. Raises Invalid when the text is empty, is no text or is too long."""
    return read(english, catalogue, zone).draft


def read(english: str, catalogue: Catalogue, zone: str = "UTC", answers: Mapping[str, str] | None = None) -> Ruled:
    """As ``draft_by_rules``, with the facts of the text. ``answers``: question → answer, to those of an earlier draft."""
    text = check_bounds(english)
    if answers and _WHAT in answers:
        text = check_bounds(f"{text.rstrip(' .')}. {answers[_WHAT]}")
    told = statements(text)
    timing, problem = find_timing(told, text, zone)
    done = [statement for statement in told if statement.origin != "aside"]
    readings = _read(done[:MOST_STATEMENTS])
    facts = read_facts(text, readings, told)
    home = home_of([token for statement in told for token in (*statement.label, *statement.tokens)])
    event = find_event(readings, timed=timing is not None, home=home)
    desk = Desk(catalogue, dict(facts.inputs), zone, answers)
    desk.constraints = facts.limits
    return Ruled(_Draughtsman(text, told, readings, facts, timing, problem, event, desk).draft(), facts)


def _read(told: Sequence[Statement]) -> list[Reading]:
    found: list[Reading] = []
    lead_app: Tokens = ()
    for statement in told:
        timed = without_schedule(statement)
        pieces = read_sentence(timed.tokens)
        if statement.lead and pieces and all(isinstance(piece, Unread) for piece in pieces):
            own = _app_words(timed.tokens)
            lead_app = own or lead_app
            joined = (*_lead_verb(statement.lead), *(() if own else lead_app), *timed.tokens)
            pieces = read_sentence(joined) if joined != timed.tokens else pieces
        else:
            lead_app = ()
        pieces = _with_label(pieces, statement.label)
        if not any(isinstance(piece, Act) for reading in found for piece in reading.pieces):
            pieces = [piece.said if isinstance(piece, Failure) and piece.said else piece for piece in pieces]
        found.append(Reading(statement, tuple(pieces)))
    if not any(isinstance(piece, Act) for reading in found for piece in reading.pieces):
        return [replace(reading, pieces=tuple(_spelt_out(reading.pieces))) for reading in found]
    return found


def _spelt_out(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Clauses without a verb, with the verb that their noun stands for."""
    for piece in pieces:
        spelt = with_verb(piece.tokens) if isinstance(piece, Unread) else ()
        if spelt:
            yield from read_sentence(spelt)
        else:
            yield piece


def _with_label(pieces: list[Piece], label: Tokens) -> list[Piece]:
    """``Telegram: sends the briefing``: the label names who does it."""
    if not find_apps(label) or "trigger" in {token.lower for token in label}:
        return pieces
    return [
        replace(piece, subject=label) if isinstance(piece, Act) and not piece.subject and not piece.passive else piece
        for piece in pieces
    ]


def _lead_verb(lead: Tokens) -> Tokens:
    """The words of a list's introduction from its last verb on: ``Please create the following``→ ``create``."""
    for at in range(len(lead) - 1, -1, -1):
        if any(verb.form == "base" and verb.act not in ("goal", "begin") for verb in verb_readings(lead[at].lower)):
            rest = tuple(
                token for token in lead[at + 1 :] if token.lower not in ("the", "following", "these", "steps", "things")
            )
            return (lead[at], *rest)
    return ()


def _app_words(tokens: Tokens) -> Tokens:
    mentions = find_apps(tokens)
    return tokens[mentions[0].start : mentions[0].end] if mentions else ()


class _Draughtsman:
    """One draft by rules, from the readings to the result."""

    def __init__(
        self,
        text: str,
        told: Sequence[Statement],
        readings: list[Reading],
        facts: Facts,
        timing: Timing | None,
        problem: ScheduleError | None,
        event: Event | None,
        desk: Desk,
    ) -> None:
        self.text, self.told, self.readings, self.facts = text, told, readings, facts
        self.timing, self.problem, self.event, self.desk = timing, problem, event, desk
        self.tokens = tuple(token for statement in told for token in (*statement.label, *statement.tokens))
        self.first: list[Node] = []

    def draft(self) -> Draft:
        when = self._trigger()
        nodes, errors, unread = self._tree()
        assembler = Assembler(self.desk)
        steps = assembler.steps(nodes)
        error_steps = self._on_failure(assembler, errors)
        self._tell_background(unread, bool(steps))
        if not steps:
            steps = assembler.steps([Do(Action("open", "decide", tokenize(self.text[:400])))])
        spec = Spec(
            title=title_of(steps),
            about=self._about(),
            when=(when,) if when else (),
            inputs=self.desk.inputs,
            outputs=self._outputs(steps),
            secrets=self.desk.secrets,
            model=self.desk.model,
            defaults=SAFE,
            on_failure=error_steps[0].id if error_steps else None,
            steps=steps,
            errors=error_steps,
        )
        return finish(spec, self.desk.catalogue, self._assumptions(), tuple(self.desk.asked[:MOST_QUESTIONS]))

    def _on_failure(self, assembler: Assembler, errors: list[Node]) -> tuple[Step, ...]:
        """The steps for a run that fails: they tell of the failure, not of what was read before it."""
        known, self.desk.values = self.desk.values, Values()
        said, self.desk.reason = self.desk.reason, "the agent could not finish its run"
        steps = assembler.steps(errors)
        self.desk.values, self.desk.reason = known, said
        return steps

    # What starts it

    def _trigger(self) -> Trigger | None:
        desk, event = self.desk, self.event
        if self.timing:
            return self._timed(self.timing)
        if self.problem is not None:
            answer = desk.question(
                f"When should it run? {self.problem.message}",
                "Only when somebody starts it",
                "A schedule starts it by itself.",
            )
            if answer and (chosen := self._scheduled(answer)):
                return chosen
        if event is None:
            return None
        return self._event_trigger(event)

    def _timed(self, timing: Timing) -> Schedule:
        said = timing.trigger.phrase or timing.trigger.cron or ""
        answer = None
        if timing.asked:
            answer = self.desk.question("At what time should it run?", said, "The schedule changes; the steps stay.")
        chosen = retimed(timing.trigger, answer, self.desk.zone) if answer else None
        if answer and chosen is None:
            self.desk.cannot_use(answer)
        for text in timing.assumed:
            if chosen is None or "time of day" not in text:
                self.desk.assume(text)
        return chosen or timing.trigger

    def _scheduled(self, answer: str) -> Schedule | None:
        """The schedule of an answer; what is none is noted."""
        found = schedule_of(answer, self.desk.zone)
        if found is None:
            self.desk.cannot_use(answer)
        return found

    def _event_trigger(self, event: Event) -> Trigger:
        desk = self.desk
        if event.how == "mail":
            return self._mailbox(event)
        if chosen := self._watching(event):
            return chosen
        if event.how == "watch":
            often = Schedule(phrase=f"{_LOOKED_EVERY} in {self.desk.zone}")
            answer = desk.question("How often should it look?", _LOOKED_EVERY, "The schedule changes; the steps stay.")
            return (self._scheduled(answer) if answer else None) or often
        if event.how == "chat":
            desk.inputs.setdefault("message", Input(type="long text", about="What was said in the chat"))
            self._known("message", "message", "text")
            return Chat()
        if event.how == "form":
            if not desk.inputs:
                self._ask_fields()
            return Form(title=clean(event.noun + " form") if event.noun != "form" else "Form")
        if event.app and not event.app.push and event.app.sort != "forms":
            return self._polled(event, event.app)
        return self._hook(event)

    def _mailbox(self, event: Event) -> Email:
        self._payload("email", "The mail that arrived")
        account = self.desk.account(event.app) if event.app else "MAILBOX"
        self.desk.secrets.setdefault(account, "The mailbox that is watched")
        return Email(account=account, with_=mail_settings(event, self.tokens), map={"email": "{{ trigger }}"})

    def _watching(self, event: Event) -> Poll | None:
        """The event as something that is asked for again and again; None: where it cannot be, or that is not wished."""
        found = poll_of(self.desk, event, self.tokens)
        if found is None:
            return None
        self.desk.watch, trigger = found
        if event.how == "watch":  # to look for it is no step any more
            pieces = (piece for reading in self.readings for piece in reading.pieces)
            event.used += [piece for piece in pieces if isinstance(piece, Act) and piece.object is event.words]
        self._payload(event.noun, f"The {event.noun} that started it")
        return trigger

    def _ask_fields(self) -> None:
        """What the form asks for: the fields that were answered, else one long text."""
        answer = self.desk.question(
            "What should the form ask for?", "One long text", "Each answer becomes an input of its own."
        )
        for name, about in fields_of(answer).items() if answer else ():
            self.desk.inputs[name] = Input(type="text", about=f"{about[:1].upper()}{about[1:]}")
            self.desk.names.reserve(name)
            names = frozenset((name, *about.lower().split()))
            self.desk.values.add(Value(f"inputs.{name}", about.lower(), "text", names, aside=True))
        if self.desk.inputs:
            names = frozenset(("submission", "form", "answers", "data"))
            self.desk.values.add(Value("inputs", "submission", "item", names))
        else:
            self.desk.inputs["answers"] = Input(type="long text", about="What the form asks for")
            self._known("answers", "submission", "text")

    def _polled(self, event: Event, app: App) -> Trigger:
        """A service that calls no webhook is asked every few minutes."""
        noun = event.noun if event.noun != "event" else "item"
        words = tokenize(f"new {noun if w.is_plural(noun) else noun + 's'} from {app.name}")
        self.first.append(Do(Action("fetch", "list", words, app, words=words)))
        self.desk.assume(
            f"{app.name} is asked for new {noun}s every {POLLED_EVERY}, because it does not call webhooks by itself."
        )
        return Schedule(phrase=f"every {POLLED_EVERY} in {self.desk.zone}")

    def _hook(self, event: Event) -> Trigger:
        noun = event.noun
        self._payload(noun, f"The {noun} that started it" + (f", as {event.app.name} sends it" if event.app else ""))
        parts = (event.app.id if event.app else "", input_name(noun))
        path = "/" + "/".join(part.replace("_", "-") for part in parts if part)
        if event.app:
            self.desk.assume(
                f"{event.app.name} calls this agent's webhook for each new {noun}; set that up at {event.app.name}."
            )
        answers = self._answers()
        return Webhook(
            path=path, respond="when done" if answers else "at once", map={input_name(noun): "{{ trigger.body }}"}
        )

    def _payload(self, noun: str, about: str) -> None:
        name = input_name(noun)
        self.desk.inputs.setdefault(name, Input(type="object", default={}, about=about))
        self.desk.payload, self.desk.event_app = f"inputs.{name}", self.event.app if self.event else None
        self._known(name, noun, "item")

    def _known(self, name: str, noun: str, shape: Any) -> None:
        self.desk.names.reserve(name)
        names = frozenset((noun, name, w.singular(noun), "body", "subject", "attachment", "data", "payload"))
        self.desk.values.add(Value(f"inputs.{name}", noun, shape, names))

    def _answers(self) -> bool:
        """Whether the text says that the caller gets an answer."""
        return any(
            isinstance(piece, Act) and piece.verb.act == "respond" and piece.verb.lemma != "display"
            for reading in self.readings
            for piece in reading.pieces
        )

    # What it does

    def _tree(self) -> tuple[list[Node], list[Node], list[Tokens]]:
        answers = self.event is not None and (self.event.how in ("web", "form", "chat") or _is_form(self.event))
        home = home_of(self.tokens)
        if home and self.event and self.event.how == "web" and self.event.app is None:
            answers = False
        channels = [app for app in self.facts.apps if app.sort in ("message", "mail", "phone") and app.id != "imap"]
        channel = channels[0] if len(channels) == 1 else None
        setting = Setting(answers=answers, home=home, inputs=frozenset(self.facts.inputs), channel=channel)
        setting.mailed = self.event is not None and self.event.how == "mail"
        if self.event and self.event.app:
            setting.meet(self.event.app)
        self._seed()
        used = {id(piece) for piece in self.event.used} if self.event else set()
        readings = [
            replace(reading, pieces=tuple(p for p in reading.pieces if id(p) not in used)) for reading in self.readings
        ]
        builder = Builder(setting, self.event)
        for reading in details_only(parted(readings, self.event), setting):
            builder.add(reading)
        nodes = with_texts(simplify(builder.root))
        background = [tokenize(text) for text in setting.background]
        if not self.first and self.desk.values.last is None:
            self.first = source_of(nodes)
        return [*self.first, *nodes], simplify(builder.errors), [*builder.unread, *background]

    def _seed(self) -> None:
        for name, declared in self.facts.inputs.items():
            words = frozenset((*(token.lower for token in tokenize(declared.about)), name))
            noun = w.head_noun(tokenize(declared.about)) or name
            shape = "list" if declared.type.startswith("list") else "text"
            self.desk.values.add(Value(f"inputs.{name}", noun, shape, words))  # type: ignore[arg-type]

    def _outputs(self, steps: Sequence[Any]) -> dict[str, Output]:
        found = {}
        for name, about in self.facts.outputs.items():
            value = (
                self.desk.values.named(tokenize(f"{about} {name.replace('_', ' ')}"), "text", "data", "list")
                or self.desk.values.last
            )
            if value and not value.expression.startswith("inputs."):
                found[name] = Output(value=f"{{{{ {value.expression} }}}}", about=about)
        asked = next((told for told in self._returned()), None)
        last = self.desk.values.last
        if asked is not None and not found and last and not any(step.uses == "respond" for step in steps):
            found["result"] = Output(value=f"{{{{ {last.expression} }}}}", about=asked)
        return found

    def _returned(self) -> Iterator[str]:
        """What the text wants to get back from a run."""
        for reading in self.readings:
            for piece in reading.pieces:
                if isinstance(piece, Act) and piece.verb.act == "respond" and not piece.subject:
                    yield f"{piece.verb.lemma.capitalize()} {words_of(piece.object)}"[:160]

    def _tell_background(self, unread: Sequence[Tokens], any_steps: bool) -> None:
        shown = [words_of(tokens) for tokens in unread if len(tokens) > 1]
        for text in shown[:6]:
            if text not in self.facts.limits and not text.lower().startswith(
                ("the input", "inputs", "input", "output", "the output")
            ):
                self.desk.assume(f"No step was made of “{text[:160]}”.")
        asides = [statement.text for statement in self.told if statement.origin == "aside"]
        if asides:
            self.desk.assume(
                f"Read as background, not as something to do: “{asides[0][:120]}”"
                + (f" and {len(asides) - 1} more." if asides[1:] else ".")
            )
        over = sum(statement.origin != "aside" for statement in self.told) - MOST_STATEMENTS
        if over > 0:
            self.desk.assume(f"Only the first {MOST_STATEMENTS} sentences were read; {over} more were left out.")
        if not any_steps:
            self.desk.question(_WHAT, "One open step", "The steps are made from your answer.")

    # How it is presented

    def _assumptions(self) -> tuple[Assumption, ...]:
        over = self.desk.asked[MOST_QUESTIONS:]
        more = [Assumption(text=f"{question.text} Taken: {question.default}", step=question.step) for question in over]
        unheard = [
            Assumption(text=f"Your answer to “{text[:160]}” changed nothing: the draft no longer asks that.")
            for text in self.desk.answers
            if text not in self.desk.heard and text != _WHAT
        ]
        return (*self.desk.assumptions, *more, *unheard)

    def _about(self) -> str:
        line = " ".join(self.text.split())
        line = line if len(line) <= 400 else line[:399].rsplit(" ", 1)[0] + "…"
        return _HEADINGS.sub(" ", line.replace("`", "'")).strip().lstrip("-*>+ 0123456789.)=|~")


def _is_form(event: Event) -> bool:
    return event.app is not None and (event.app.sort == "forms" or event.noun == "submission")


def finish(
    spec: Spec,
    catalogue: Catalogue,
    assumptions: tuple[Assumption, ...],
    questions: tuple[Question, ...],
    by: str = "rules",
) -> Draft:
    """The draft of a spec: rendered, compiled, checked, with its needs and its likely cost."""
    from plainwork.spec.check import check_spec
    from plainwork.spec.compile import compile
    from plainwork.spec.markdown import parse, render

    markdown = render(spec)
    parsed = parse(markdown)
    used = parsed.spec or spec
    findings: list[Finding] = [*parsed.findings, *check_spec(used, catalogue, parsed.source if parsed.spec else None)]
    price = 0.0 if used.model is None or str(used.model).startswith("local:") else None
    return Draft(
        spec=used,
        markdown=markdown,
        flow=compile(used),
        assumptions=assumptions,
        questions=questions,
        needs=needs_of(used, catalogue),
        findings=tuple(findings),
        drafted_by=by,
        estimate=estimate_of(used, price),
    )
