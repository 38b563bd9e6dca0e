"""Drafting with a model: it proposes out of a closed vocabulary, the checker answers, and it may mend twice. The schedule,
the trigger and the hard facts stay those that the rules found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from plainwork import log
from plainwork.drafting.agreement import contradictions, every_step
from plainwork.drafting.begun_json import begun_json
from plainwork.drafting.naming import Names
from plainwork.drafting.result import MOST_QUESTIONS, Assumption, Draft, Question
from plainwork.drafting.rules import SAFE, Ruled, finish
from plainwork.drafting.vocabulary import answer_schema, guess_of, instructions, items_of, kinds_for
from plainwork.errors import CallFailed, Finding
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import FAIL, STOP, Input, Route, Spec, Step, to_json
from plainwork.spec.names import slug

if TYPE_CHECKING:
    from plainwork.llm import Answer, Gateway, Request

REPAIRS = 2


async def draft_by_model(
    english: str,
    catalogue: Catalogue,
    ruled: Ruled,
    gateway: Gateway,
    model: str | None,
    answers: Mapping[str, str] | None = None,
    watch: Callable[[str], None] | None = None,
) -> Draft:
    """The model's draft; the rules' own, with a note, when the model cannot be asked or its draft stays invalid.

    ``answers``: question → answer, to those of an earlier draft. ``watch`` is told the markdown while the model writes.
    """
    from plainwork.llm import Message, Request

    used = [step.uses for step in every_step(ruled.draft.spec.steps)]
    kinds = kinds_for(english, catalogue, used)
    system = instructions(kinds, _trigger_of(ruled.draft.spec, catalogue), guess_of(to_json(ruled.draft.spec)))
    schema = answer_schema(kinds)
    messages = [Message("user", _request(english, answers or {}))]
    best: Draft | None = None
    name = model or "the model"
    for turn in range(REPAIRS + 1):
        try:
            request = Request(model=model, messages=tuple(messages), system=system, schema=schema, max_tokens=8000)
            answer = await _answer(gateway, request, ruled.draft.spec, watch)
        except CallFailed as failure:
            return best or _fallen_back(ruled.draft, f"{name} could not be asked ({failure.message})")
        name = answer.model
        if answer.weak:
            return _fallen_back(ruled.draft, f"{name} is too small to draft with")
        best = _drafted(answer.data, ruled, catalogue, name)
        complaints = _complaints(best)
        if not complaints or turn == REPAIRS:
            break
        messages += [
            Message("assistant", json.dumps(answer.data, ensure_ascii=False)),
            Message("user", _request_to_mend(complaints)),
        ]
    if best is None or any(finding.severity == "error" for finding in best.findings):
        return _fallen_back(ruled.draft, f"What {name} drafted was still not valid after {REPAIRS} corrections")
    return best


def _request(english: str, answers: Mapping[str, str]) -> str:
    told = "\n".join(f"- {question}\n  {answer}" for question, answer in answers.items())
    return f"{english}\n\nYour questions were answered; do not ask them again:\n{told}" if told else english


async def _answer(gateway: Gateway, request: Request, ruled: Spec, watch: Callable[[str], None] | None) -> Answer:
    """The model's answer. While it is written, ``watch`` is told what of it makes steps already."""
    with log.bound(redactor=log.Redactor()):  # it learns the key from whoever opens it
        if watch is None:
            return await gateway.complete(request)
        growing = Growing(ruled, watch)
        async with aclosing(gateway.stream(request)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, str):
                    return piece
                growing.add(piece)
    raise CallFailed("The model's answer ended before it was whole.", uncertain=True)


class Growing:
    """A model's JSON as it arrives, told as the document that its whole steps make."""

    def __init__(self, ruled: Spec, watch: Callable[[str], None]) -> None:
        self._ruled = ruled
        self._watch = watch
        self._text = ""
        self._told = ""

    def add(self, piece: str) -> None:
        """Takes the next piece; tells the document when a part of it became whole."""
        self._text += piece
        if not any(closing in piece for closing in '}],"'):
            return
        markdown = self._markdown()
        if markdown and markdown != self._told:
            self._told = markdown
            self._watch(markdown)

    def _markdown(self) -> str:
        from plainwork.spec.render import render

        data = begun_json(self._text)
        if not isinstance(data, dict) or not isinstance(data.get("title"), str) or not data["title"].strip():
            return ""
        try:
            return render(spec_of({"title": data["title"], "steps": _whole_steps(data.get("steps"))}, self._ruled))
        except (TypeError, ValueError, KeyError, AttributeError):
            return ""  # not of the form that was asked for; the whole answer is checked when it is there


def _whole_steps(told: Any) -> list[dict[str, Any]]:
    """The steps that have arrived far enough to be shown: all but their routes, which may name steps to come."""
    steps = [step for step in told if isinstance(step, dict)] if isinstance(told, list) else []
    return [
        {**step, "routes": (), "steps": _whole_steps(step.get("steps"))}
        for step in steps
        if isinstance(step.get("with"), dict) and step.keys() >= {"name", "uses"}
    ]


def _trigger_of(spec: Spec, catalogue: Catalogue) -> str:
    if not spec.when:
        return "a person starts it"
    told = "; ".join(json.dumps(to_json(trigger), ensure_ascii=False) for trigger in spec.when)
    return f"{told} {items_of(spec, catalogue)}".rstrip(" .")


def _drafted(data: Any, ruled: Ruled, catalogue: Catalogue, name: str) -> Draft:
    spec = spec_of(data, ruled.draft.spec)
    assumptions = tuple(Assumption(text=text[:500]) for text in data.get("assumptions", ())[:20] if text.strip())
    timed = tuple(one for one in ruled.draft.assumptions if one.step is None and "time" in one.text)
    questions = tuple(Question(**question) for question in data.get("questions", ())[:MOST_QUESTIONS])
    draft = finish(spec, catalogue, (*assumptions, *timed), questions, by=name)
    return msgspec.structs.replace(draft, findings=(*draft.findings, *contradictions(draft.spec, ruled.facts)))


def spec_of(data: dict[str, Any], ruled: Spec) -> Spec:
    """A spec of a model's answer (which fits ``vocabulary.answer_schema``), with the trigger that the rules found."""
    names = Names()
    ids: dict[str, str] = {}
    steps = _steps(data["steps"], names, ids)
    inputs = {
        key: Input(type=one["type"], about=one.get("about", ""), default=one.get("default", msgspec.UNSET))
        for key, one in data.get("inputs", {}).items()
    }
    for trigger in ruled.when:
        inputs |= {key: ruled.inputs[key] for key in trigger.map if key in ruled.inputs and key not in inputs}
    secrets = dict(data.get("secrets", {}))
    for account in [
        *(step.account for step in every_step(steps)),
        *(getattr(trigger, "account", None) for trigger in ruled.when),
    ]:
        if account:
            secrets.setdefault(account, ruled.secrets.get(account, "An account of this agent"))
    return Spec(
        title=" ".join(data["title"].split()),
        about=_prose(data.get("about") or ruled.about),
        when=ruled.when,
        inputs=inputs,
        secrets=secrets,
        defaults=SAFE,
        steps=_routed(steps, ids),
    )


def _prose(text: str) -> str:
    """A paragraph that no line of can be taken for a heading, a fence or a route."""
    return " ".join(text.replace("`", "'").split()).lstrip("#-*>+= |~")


def _steps(told: list[dict[str, Any]], names: Names, ids: dict[str, str]) -> tuple[Step, ...]:
    made = []
    for one in told:
        name, step_id = names.take(one["name"])
        ids.setdefault(slug(one["name"]), step_id)
        routes = tuple(
            Route(lead=route["lead"], to=tuple(route["to"]), test=route.get("test")) for route in one.get("routes", ())
        )
        inner = _steps(one.get("steps", []), names, ids)
        made.append(
            Step(
                id=step_id,
                name=name,
                uses=one["uses"],
                about=_prose(one.get("about", "")),
                with_=one["with"],
                account=one.get("account"),
                routes=routes,
                steps=inner,
            )
        )
    return tuple(made)


def _routed(steps: tuple[Step, ...], ids: dict[str, str]) -> tuple[Step, ...]:
    """The steps with their routes led to the ids that the steps were given in the end."""
    found = []
    for step in steps:
        routes = tuple(
            msgspec.structs.replace(
                route, to=tuple(name if name in (STOP, FAIL) else ids.get(slug(name), name) for name in route.to)
            )
            for route in step.routes
        )
        found.append(msgspec.structs.replace(step, routes=routes, steps=_routed(step.steps, ids)))
    return tuple(found)


def _complaints(draft: Draft) -> list[Finding]:
    return [
        finding for finding in draft.findings if finding.severity == "error" or finding.code == "draft-contradiction"
    ]


def _request_to_mend(findings: list[Finding]) -> str:
    listed = "\n".join(f"- {finding}" for finding in findings[:20])
    return f"The checker found this in your draft:\n{listed}\nAnswer with the whole corrected JSON, and change nothing else."


def _fallen_back(draft: Draft, why: str) -> Draft:
    note = Assumption(text=f"{why.rstrip('.')}. This draft was made by rules alone.")
    return msgspec.structs.replace(draft, assumptions=(note, *draft.assumptions))
