"""Model steps: prompts, labels and fields out of the words of a clause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.answers import listed
from plainwork.drafting.clauses import split_objects
from plainwork.drafting.data import data
from plainwork.drafting.desk import Desk, Filled
from plainwork.drafting.naming import input_name, phrase
from plainwork.drafting.text import Token, Tokens, words_of
from plainwork.drafting.values import Value

_RESULTS: dict[str, str] = data("results.yaml")
"""What a verb of writing makes: ``summarise`` → ``summary``."""
_LONGEST_TITLE = 40
_MOODS = ["positive", "neutral", "negative"]
_LEVELS = ["high", "medium", "low"]


_SCORES = frozenset(["score", "rate", "rank", "grade"])
_SCORED: dict[str, object] = {
    "type": "object",
    "properties": {"score": {"type": "number"}, "reason": {"type": "string"}},
    "required": ["score", "reason"],
}


def as_llm(desk: Desk, action: Action, step: str) -> Filled:
    """An ``llm`` step whose prompt repeats the clause and carries the data."""
    _use_model(desk, action)
    head = w.head_noun(action.object)
    noun = _RESULTS.get(action.verb) or (head if head in w.TEXTS else "text")
    value = desk.values.best(action.object, "list", "data", "item", "text")
    config: dict[str, object] = {}
    it = value.noun if value else "it"
    task = f"{action.verb.capitalize()} {_task(action.object, it)}".strip()
    prompt = f"{task}."
    if desk.constraints:
        prompt += " " + " ".join(f"{text[:1].upper()}{text[1:]}." for text in desk.constraints)
    given = _given(desk, value)
    if given:
        config.update(given)
        prompt += "\n\n" + "\n\n".join(f"{{{{ {name} }}}}" for name in given)
    config["prompt"] = prompt
    if action.verb in _SCORES:
        config["schema"] = _SCORED
        names = frozenset((noun, action.verb, "score", "rating", "grade", "rank", "result", head))
        return Filled("llm", config, Value(f"{step}.data", "evaluation", "data", names, scored=True))
    return Filled(
        "llm",
        config,
        Value(
            f"{step}.text",
            noun,
            "text",
            frozenset((noun, w.singular(noun), head, action.verb, "text", "output")),
            title=_title(action, noun),
        ),
    )


def _title(action: Action, noun: str) -> str:
    """``translate the titles into German`` → ``translation of the titles``."""
    about = re.split(r" (?:into|in|to|for|with|as|from|on|by)\b", phrase(w.noun_phrase(action.object)))[0]
    told = action.verb in _RESULTS and about and w.head_noun(action.object) not in w.VAGUE
    return f"{noun} of {about}" if told and len(about) <= _LONGEST_TITLE else ""


def _given(desk: Desk, value: Value | None) -> dict[str, object]:
    """What the prompt is about, under the names that the prompt uses."""
    if value is not None and not value.expression.startswith("inputs."):
        return {input_name(value.noun if value.noun.isascii() else "data"): f"{{{{ {value.expression} }}}}"}
    asked = [name for name in desk.inputs if not name.endswith("url") and _tells(desk, name)]
    if not asked and value is None:
        desk.ask("text", "long text", "What the model works on")
        asked = ["text"]
    return {name: f"{{{{ inputs.{name} }}}}" for name in asked[:6]}


def _tells(desk: Desk, name: str) -> bool:
    """Whether an input is something to work on, and not a setting of a step (which channel, whose address)."""
    return name == "text" or desk.values.under(f"inputs.{name}") is not None


def _task(tokens: Tokens, it: str) -> str:
    words = [
        f"the {it}" if token.lower in ("it", "them", "this", "these", "those") and len(tokens) == 1 else token.text
        for token in tokens
    ]
    return " ".join(words).replace(" ,", ",").replace(" .", ".") or f"the {it}"


def _use_model(desk: Desk, action: Action) -> None:
    if action.app is None or desk.model is not None:
        return
    from plainwork.llm.providers import providers

    provider = providers().get(action.app.id)
    if provider is not None and provider.default:
        desk.model = f"{action.app.id}:{provider.default}"
        desk.assume(f"You name {action.app.name}; the agent uses {desk.model}, which needs a key for it.")
    else:
        desk.assume(f"You name {action.app.name}; no model of it is chosen, so the workspace's own model is used.")


def as_classify(desk: Desk, action: Action, step: str) -> Filled:
    """An ``llm.classify`` step. Its labels are those that the text lists, else the usual ones of the matter."""
    _use_model(desk, action)
    labels, sure = labels_of(action)
    if not sure:
        answer = desk.question(
            f"Which categories should “{action.verb} {phrase(action.object) or 'it'}” choose from?",
            ", ".join(labels),
            "Each category can lead to steps of its own.",
            step,
        )
        told = listed(answer) if answer else []
        if len(told) > 1:
            labels = told
        elif answer:
            desk.cannot_use(answer, step)
    value = desk.values.best(action.object, "item", "text", "data", "list")
    if value is None:
        desk.ask("text", "long text", "What is judged")
        noun = judged_noun(action)
        value = Value("inputs.text", noun, "text", frozenset((noun, "text")))
        desk.values.add(value)
    config: dict[str, object] = {
        "text": f"{{{{ {value.expression} }}}}",
        "labels": labels,
    }
    if action.named == "question":
        config["instructions"] = f"Answer yes or no: {_asked(words_of(action.object), value)}?"
    elif action.verb == "decide" and action.object[:1] and action.object[0].lower == "what":
        noun = value.noun if value else "text"
        said = re.sub(r"^what it\b", f"what the {noun}", words_of(action.object)).replace(" as ", ": ", 1)
        config["instructions"] = f"Decide {said}."[:500]
    elif action.object:
        config["instructions"] = f"{action.verb.capitalize()} {words_of(action.object)}."[:500]
    return Filled(
        "llm.classify",
        config,
        Value(
            f"{step}.label",
            "category",
            "text",
            frozenset(("category", "label", "class", "sentiment", "type")),
            labels=tuple(labels) if sure and action.named != "question" else (),
            aside=True,
        ),
    )


def judged_noun(action: Action) -> str:
    """What the words call the thing that is judged; ``text`` when they do not say."""
    asks = action.object[:1] and action.object[0].lower == "what"
    spoken = words_of(action.words if asks else action.object).rpartition(" of ")[2]
    noun = w.singular(w.head_noun_of(spoken))
    return noun if noun and noun not in w.VAGUE | {"what"} else "text"


def _asked(told: str, value: Value | None) -> str:
    """``it is a question`` → ``is the email a question``."""
    told = re.sub(r"^(?:it|this)\b", f"the {value.noun}" if value else "it", told)
    match = re.match(r"(.+?) (is|are) (.+)$", told)
    return f"{match[2]} {match[1]} {match[3]}" if match else told


def labels_of(action: Action) -> tuple[list[str], bool]:
    """The labels of a classification, and whether the text says them."""
    if action.named == "question":
        return ["yes", "no"], True
    tokens = action.object
    for at, token in enumerate(tokens):
        if token.lower in ("as", "into", "between", "either") or token.text == ":":
            found = _listed(tokens[at + 1 :])
            if len(found) >= 2:
                return found, True
    quoted = list(dict.fromkeys(token.value for token in tokens if token.kind == "quoted" and token.value))
    if len(quoted) >= 2:
        return quoted[:20], True
    lowers = {token.lower for token in (*tokens, *action.words)} | {action.verb}
    if "sentiment" in lowers or "tone" in lowers:
        return list(_MOODS), True
    if lowers & {"urgency", "priority", "prioritise", "prioritize", "severity", "importance"}:
        return list(_LEVELS), True
    return (["spam", "not spam"], True) if "spam" in lowers else (["important", "ordinary"], False)


def _listed(tokens: Sequence[Token]) -> list[str]:
    found = []
    for part in split_objects(
        tuple(t for t in tokens if t.lower not in ("one", "of", "following", "categories", "the", "category"))
    ):
        text = words_of(part).strip("\"'“”‘’ :;.").lower()
        text = re.sub(r"^(?:a|an|the|or|either)\s+", "", text)
        if not text or len(text.split()) > 4:
            return []
        found.append(text)
    return list(dict.fromkeys(found))[:20]


def as_extract(desk: Desk, action: Action, step: str) -> Filled:
    """An ``llm.extract`` step with one field for each thing that the clause lists."""
    _use_model(desk, action)
    fields = fields_of(action.object)
    value = desk.values.best(_behind(action.object), "item", "text", "data")
    text = f"{{{{ {value.expression} }}}}" if value else desk.ask("text", "long text", "What the fields are taken from")
    others = [name for name in desk.inputs if value and value.expression == f"inputs.{name}"]
    config: dict[str, object] = {"text": text, "fields": fields}
    notes = [words_of(action.object), *desk.constraints]
    more = [
        name
        for name in desk.inputs
        if name not in others and not name.endswith("url") and name not in ("send_to", "phone", "text")
    ]
    if value and value.expression.startswith("inputs.") and more:
        notes += [f"{name}: {{{{ inputs.{name} }}}}" for name in more[:4]]
    config["instructions"] = ". ".join(f"{note[:1].upper()}{note[1:]}" for note in notes if note)[:1500]
    noun = "details" if len(fields) > 1 else w.head_noun(action.object) or "data"
    return Filled(
        "llm.extract",
        config,
        Value(
            f"{step}.data", noun, "data", frozenset((noun, w.singular(noun), *fields, "information", "data", "details"))
        ),
    )


def _behind(tokens: Tokens) -> Tokens:
    for at, token in enumerate(tokens):
        if token.lower in ("from", "of", "in"):
            return tokens[at:]
    return tokens


def fields_of(tokens: Tokens) -> dict[str, str]:
    """The fields that an extraction lists, each with its type."""
    listed: Sequence[Token] = tokens
    for at, token in enumerate(tokens):
        if token.lower in ("including", "namely", "like", "such") or token.text in (":", "–", "—"):
            listed = tuple(t for t in tokens[at + 1 :] if t.lower not in ("as", "including"))
            break
    fields: dict[str, str] = {}
    for part in split_objects(tuple(_until_source(listed))):
        name = (
            input_name(
                *(
                    t.lower.removesuffix("'s")
                    for t in part
                    if t.lower not in w.STOP_WORDS and t.kind in ("word", "quoted", "code")
                )
            )
            if part
            else ""
        )
        if name and name != "value" and len(fields) < 20:
            fields[name] = _field_type(name)
    return fields or {"result": "text"}


def _until_source(tokens: Sequence[Token]) -> Sequence[Token]:
    for at, token in enumerate(tokens):
        if at and (
            token.lower in ("from", "in", "out", "for", "into", "using", "with", "via", "by")
            or token.text in ("–", "—")
        ):
            return tokens[:at]
    return tokens


def _field_type(name: str) -> str:
    if re.search(r"(?:^|_)(?:amount|total|price|cost|number_of|count|quantity|sum|score|age)(?:_|$)", name):
        return "number"
    if re.search(r"(?:^|_)(?:date|due|deadline|birthday)(?:_|$)", name):
        return "date"
    return (
        "list of text"
        if w.is_plural(name.rsplit("_", 1)[-1]) and not name.endswith(("address", "status", "details"))
        else "text"
    )
