"""The tree as steps: each action filled, branches as conditions with routes, loops as foreach, everything wired."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.answers import test_of
from plainwork.drafting.approvals import complete, decision_in, is_decided_by, lead_on_by_decision
from plainwork.drafting.conditions import Test, negated, read_plain, read_test
from plainwork.drafting.desk import Desk, Label, Made
from plainwork.drafting.fill import fill
from plainwork.drafting.fill_models import fields_of, judged_noun, labels_of
from plainwork.drafting.naming import condition_phrase, input_name, phrase, url_noun, with_app
from plainwork.drafting.nodes import Arm, Do, Each, Fork, If, Node
from plainwork.drafting.reach import label_in
from plainwork.drafting.text import Token, Tokens, words_of
from plainwork.drafting.values import Value
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Route, Step
from plainwork.spec.names import expression_name

_LINKS = {"fetch": "from", "send": "to", "call": "in", "media": "with"}
_TO = frozenset(("upload", "save", "store", "add", "append", "write", "push", "insert", "export", "back", "publish"))
_SCORES = frozenset(("score", "rating", "grade", "rank", "value", "result"))
_BROKEN = frozenset(("down", "offline", "unreachable", "unavailable", "failing"))
_DOWN = _BROKEN | {"up", "reachable", "online", "available", "responding"}
_GENERIC = w.VAGUE | frozenset(["url", "json", "csv", "file", "response"])


class Assembler:
    """Makes the steps of one draft; what is not steps goes to its desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.made: dict[str, Made] = {}
        self.tested = ""
        self.arms = 0

    def steps(self, nodes: Sequence[Node]) -> tuple[Step, ...]:
        """The steps of the main section."""
        return _finished(self.level(nodes, Label()), self.desk.catalogue)

    def level(self, nodes: Sequence[Node], after: Label) -> list[Made]:
        """The steps of one level; ``after`` is where its end leads to."""
        made: list[Made] = []
        previous = Label()
        for at, node in enumerate(nodes):
            following = after if at + 1 == len(nodes) else Label()
            new = self._node(node, following, made[-1] if made else None)
            if at and new:
                previous.target = new[0].id
                if isinstance(node, Fork):
                    previous.beside = tuple(one.id for one in new[1:])
                    _lead_on(made[-1], previous)
                    for one in new:
                        _lead_on(one, following)
            elif at:
                previous.same_as = following
            made += new
            previous = following
        return made

    def _node(self, node: Node, following: Label, before: Made | None) -> list[Made]:
        if isinstance(node, Do):
            made = self._action(node.action)
            lead_on_by_decision(made, following)
            return [made]
        if isinstance(node, Each):
            return [self._each(node)]
        if isinstance(node, Fork):
            return self._side_by_side(node)
        if before is not None and is_decided_by(node, before):
            before.routes, before.labels = [], ["approved", "rejected"]
            made_of_arms = self._arms(node, before, following)
            complete(before, following)
            return made_of_arms
        return self._branch(node, following)

    def _side_by_side(self, node: Fork) -> list[Made]:
        """Each begins with what was known before; all they give is known behind them."""
        made, given = [], []
        mark = self.desk.values.mark()
        for one in node.branches:
            made.append(self._action(one.action))
            given += self.desk.values.since(mark)
            self.desk.values.forget(mark)
        for value in given:
            self.desk.values.add(value)
        return made

    # One action

    def _action(self, action: Action) -> Made:
        name, step_id = self.desk.names.take(self._name(action))
        filled = fill(self.desk, action, expression_name(step_id))
        if filled.gives:
            self.desk.values.add(filled.gives)
        made = Made(step_id, name, filled.uses, filled.config, filled.about, filled.account)
        self.made[expression_name(step_id)] = made
        return made

    def _name(self, action: Action) -> str:
        value = self.desk.values.best(action.object, "list", "text", "data")
        last = self.desk.values.last
        value = last if last and last.shape == "item" and _says_it(action.object) else value
        unknown = judged_noun(action) if value is None and action.do == "classify" else "result"
        noun = value.noun if value and value.noun not in _GENERIC else unknown
        started = self.desk.values.under(self.desk.payload or "")
        if action.verb in ("reply", "respond") and action.do == "send" and started:
            noun = started.noun
        if action.verb == "sync" and "sync" in {token.lower for token in action.object}:
            return f"Keep {phrase(action.object)}"
        if action.named == "question":
            return f"Decide whether {phrase(action.object, noun)}"
        lowers = {token.lower for token in action.object}
        verb = f"{action.verb} up" if action.verb in ("look", "back") and "up" not in lowers else action.verb
        if action.do == "approve":
            link = "for" if action.verb in ("approve", "authorise", "authorize", "send", "submit") else "from"
            asked = "" if action.verb == "wait" else phrase(action.object)
            asked = asked.replace(" to ", " from ") if link == "for" else asked
            return f"Get approval {link} {asked}" if asked else "Get approval"
        tokens = _with_kind(_to_whom(action) if self.arms else action.object, noun)
        if action.do == "classify":
            tokens = tokens[
                : next(
                    (at for at, token in enumerate(tokens) if at and token.lower in ("as", "into", "between")),
                    len(tokens),
                )
            ]
        if action.do == "extract" and len(fields := list(fields_of(action.object))) in (2, 3):
            return f"{action.verb} {', '.join(fields[:-1])} and {fields[-1]}".replace("_", " ")
        if action.do == "respond":
            return f"Respond with {phrase(tokens, noun).removeprefix('with ')}" if phrase(tokens) else "Respond"
        shown = phrase(tokens, noun)
        if not shown:
            url = next((token.text for token in (*action.object, *action.words) if token.kind == "url"), "")
            host = urlsplit(url).hostname or "" if url else ""
            shown = (
                f"the {url_noun(url)}"
                if url and url_noun(url)
                else host or ("" if action.app else self._it(action, noun))
            )
        link = "with" if action.channel in ("mail", "phone") else _LINKS.get(action.do, "with")
        link = "to" if action.verb in _TO and action.do == "call" else link
        link = "on" if link == "to" and any(token.kind == "channel" for token in tokens) else link
        return with_app(f"{verb} {shown}".strip(), action.app if action.do != "llm" else None, link)

    def _it(self, action: Action, noun: str) -> str:
        return "for a while" if action.do == "wait" else f"the {noun}"

    # Branches

    def _branch(self, node: If, following: Label) -> list[Made]:
        holder = self._decider(node) if node.decider else self._condition(node)
        made = [holder, *self._arms(node, holder, following)]
        if all(lead != "otherwise" for lead, _, _ in holder.routes):
            holder.routes.append(("otherwise", None, following))
        return made

    def _arms(self, node: If, holder: Made, following: Label) -> list[Made]:
        made: list[Made] = []
        mark = self.desk.values.mark()
        for arm in node.arms:
            target = Label()
            reason, self.desk.reason = self.desk.reason, words_of(arm.test) or self.desk.reason
            self.arms += 1
            lead, test = _lead_to(holder, arm)
            after = Label() if (holder.uses, test) == ("approval", "rejected") else following
            body = self.level(arm.body, after)
            self.arms -= 1
            self.desk.reason = reason
            self.desk.values.forget(mark)
            if body:
                target.target = body[0].id
                _lead_on(body[-1], after)
            else:
                target.same_as = after
            holder.routes.append((lead, test, target))
            made += body
        return made

    def _decider(self, node: If) -> Made:
        assert node.decider is not None
        labels, sure = labels_of(node.decider)
        if not sure:
            spoken = [" ".join(_label_words(arm.test)) for arm in node.arms if arm.test]
            labels = [label for label in dict.fromkeys(spoken) if label] or labels
            labels = labels if len(labels) > 1 else [*labels, "other"]
        made = self._action(node.decider)
        made.config["labels"] = labels
        if not sure:
            self.desk.questions = [
                question for question in self.desk.questions if question.step != expression_name(made.id)
            ]
        made.labels = labels
        return made

    def _condition(self, node: If) -> Made:
        first = next((arm for arm in node.arms if arm.test), node.arms[0])
        lead = "Check whether"
        subject, many, noun = self._subject(first.test)
        called = self.made.get(subject.removesuffix(".body"))
        host = urlsplit(str(called.config.get("url", ""))).hostname if called and noun == "data" else None
        named = condition_phrase(first.test, noun or "result")
        named = named.replace("the data", host) if host else named
        named = _denied(named) if first.negated else named
        name, step_id = self.desk.names.take(f"{lead} {named}" if named else "Decide")
        tests: dict[int, Test] = {}
        self.tested, before = "", None
        for arm in node.arms:
            if arm.test:
                subject, many, noun = self._subject(arm.test)
                self.tested = subject
                judged = self._judged(arm.test) or self._answers(arm.test, subject) or self._of_text(arm.test, subject)
                test = judged or self._of_model(read_test(arm.test, subject, many=many, noun=noun), subject)
                test = _same_field(test, before, arm.test)
                before = test
                test = self._explained(test, arm, name, subject)
                tests[id(arm)] = negated(test) if arm.negated else test
        return Made(step_id, name, "condition", tests=tests)

    def _judged(self, tokens: Sequence[Token]) -> Test | None:
        """A condition on a label that an earlier step gave: ``if it is a bug`` some steps after the classification."""
        for value in reversed(self.desk.values.latest(60, asides=True)):
            label = label_in(value.labels, tokens)
            if label:
                return Test(f"{value.expression} == {json.dumps(label, ensure_ascii=False)}", "label")
        return None

    def _answers(self, tokens: Sequence[Token], subject: str) -> Test | None:
        """``if it is down``, of an address that was called: its status tells, so every answer is taken."""
        made = self.made.get(subject.removesuffix(".body"))
        lowers = {token.lower for token in tokens}
        if made is None or made.uses != "http" or not lowers & _DOWN or "expect" in made.config or made.account:
            return None
        made.config["expect"] = "any"
        up = bool(lowers & {"up", "reachable", "online", "available"}) == bool(lowers & {"not", "isn't"})
        return Test(f"{subject.removesuffix('.body')}.status {'>=' if up or lowers & _BROKEN else '<'} 400", "status")

    def _of_text(self, tokens: Sequence[Token], subject: str) -> Test | None:
        """The test of an input that is one text or one number."""
        value = self.desk.values.under(subject)
        if subject == "inputs.answers" and (asked := self._form_field(tokens)):
            return asked
        plain = value is not None and value.shape == "text" and subject.startswith("inputs.")
        return read_plain(tokens, subject, value.noun) if value and plain else None

    def _form_field(self, tokens: Sequence[Token]) -> Test | None:
        """``if the budget is above 10000``, of a form: it asks for the budget."""
        test = read_test(tokens, "inputs", noun="submission")
        if not test.sure or f"inputs.{test.field}" not in test.expression:
            return None
        kind = "number" if re.search(r"[<>=]=? -?[\d.]+$", test.expression) else "text"
        self.desk.ask(test.field, kind, test.field.replace("_", " ").capitalize())
        self.desk.names.reserve(test.field)
        return test

    def _of_model(self, test: Test, subject: str) -> Test:
        """The test of something that a model wrote: the model gives the field that is tested beside its text."""
        value = self.desk.values.under(subject)
        if value and value.scored and test.field in _SCORES:
            return replace(test, expression=test.expression.replace(f"{subject}.{test.field}", f"{subject}.score"))
        made = self.made.get(subject.removesuffix(".text")) if subject.endswith(".text") else None
        if made is None or made.uses != "llm" or not test.field.isidentifier() or "." not in test.expression:
            return test
        new = subject.removesuffix(".text") + ".data"
        number = bool(re.search(r"[<>=]=? -?[\d.]+$", test.expression))
        kind = "number" if number else "string" if test.sure else "boolean"
        schema = made.config.setdefault("schema", {"type": "object", "properties": {"text": {"type": "string"}}})
        schema["properties"][test.field] = {"type": kind}
        schema["required"] = list(schema["properties"])
        self.desk.values.restate(subject, f"{new}.text")
        if not test.sure:
            return Test(f"{new}.{test.field}", test.field)
        return replace(test, expression=test.expression.replace(f"{subject}.{test.field}", f"{new}.{test.field}"))

    def _subject(self, tokens: Sequence[Token]) -> tuple[str, str | None, str]:
        """What a condition speaks of: its expression, the list it may count, and what it is called."""
        latest = self.desk.values.last
        if (
            latest
            and latest.shape in ("data", "list")
            and {"exists", "exist", "found"} & {token.lower for token in tokens}
        ):
            return latest.expression, latest.items, w.singular(latest.noun)
        if self.desk.item:
            spoken = {w.singular(token.lower) for token in tokens}
            value = None if self.desk.item in spoken else self.desk.values.named(tokens)
            if value and value.expression != self.desk.item and value.shape in ("data", "text") and not value.labels:
                return value.expression, None, w.singular(value.noun)
            return self.desk.item, None, self.desk.item.replace("_", " ")
        found = self.desk.values.best(tokens, "data", "list", "item")
        if tokens and tokens[0].lower in ("it", "this") and self.desk.values.last and self.tested:
            found = self.desk.values.under(self.tested) or found
        if found is None:
            return self.desk.ask("data", "object", "What the condition looks at", {}).strip("{} "), None, ""
        countable = found.shape == "list" or found.expression.endswith(".body")
        return found.expression, found.items if countable else None, w.singular(found.noun)

    def _explained(self, test: Test, arm: Arm, name: str, subject: str) -> Test:
        """The test with what it takes for granted told; the one that was answered where the words were not sure."""
        bound = re.search(r"inputs\.((?:least|most)_\w+)", test.expression)
        if bound:
            self.desk.ask(bound.group(1), "number", f"The limit meant by “{words_of(arm.test)}”", 1)
            self.desk.assume(
                f"“{words_of(arm.test)}” compares with the input {bound.group(1)}, 1 unless you set it.", name
            )
        if test.sure:
            return test
        answer = self.desk.question(
            f"How can it tell that “{words_of(arm.test)[:120]}”?",
            test.expression,
            "The branch is taken by whatever field or judgement you name.",
            name,
        )
        chosen = test_of(answer, subject) if answer else None
        if answer and chosen is None:
            self.desk.cannot_use(answer, name)
        return chosen or test

    # Loops

    def _each(self, node: Each) -> Made:
        value = self.desk.values.best(node.over, "list", "data")
        noun = _item_noun(node.over, value.noun if value else "")
        items = (
            f"{{{{ {value.items} }}}}"
            if value
            else self.desk.ask(input_name(w.plural(noun)), "list of object", f"The {w.plural(noun)} to go through")
        )
        name, step_id = self.desk.names.take(
            f"For each {_one(phrase(node.over, noun, most=5)).removeprefix('the ') or noun}"
        )
        variable = self._variable(noun)
        mark, before = self.desk.values.mark(), self.desk.item
        self.desk.item = variable
        words = frozenset((noun.replace("_", " "), w.singular(noun), *(t.lower for t in node.over if t.kind == "word")))
        self.desk.values.add(Value(variable, noun, "item", words))
        body = self.level(node.body, Label())
        self.desk.values.forget(mark)
        self.desk.item = before
        results = f"{expression_name(step_id)}.results"
        self.desk.values.add(Value(results, "results", "list", frozenset(("result", "results"))))
        return Made(step_id, name, "foreach", {"items": items, "as": variable}, steps=body)

    def _variable(self, noun: str) -> str:
        name = expression_name(input_name(noun))
        reserved = {"stop", "fail", "inputs", "secrets", "index", "run", "trigger", "vars", "error", "last"}
        if name in reserved or name in self.desk.inputs or not name.isascii():
            name = "item"
        if name != "item":
            self.desk.names.reserve(name)
        return name


def _same_field(test: Test, before: Test | None, told: Sequence[Token]) -> Test:
    """``it is France`` behind ``the country is Germany``: the same field with another value."""
    compared = re.match(r'(.+ [!=]=) "[^"]*"$', before.expression) if before else None
    says = [token.lower for token in told[:2]]
    if compared is None or test.sure or says not in (["it", "is"], ["it", "equals"]) or len(told) > 5:
        return test
    value = words_of(told[2:]).lower().strip("\"'")
    return replace(test, expression=f"{compared[1]} {json.dumps(value, ensure_ascii=False)}", sure=True)


def _lead_to(holder: Made, arm: Arm) -> tuple[str, str | None]:
    """(lead, test) of the route to an arm."""
    if not arm.test:
        return "otherwise", None
    if not holder.labels:
        return "if", holder.tests[id(arm)].expression
    return "when", _label(holder, arm)


def _label(holder: Made, arm: Arm) -> str:
    if holder.uses == "approval":
        return decision_in(arm)
    if holder.labels == ["yes", "no"]:
        return "no" if arm.negated else "yes"
    words = set(_label_words(arm.test))
    taken = {test for _, test, _ in holder.routes}
    free = [label for label in holder.labels if label not in taken]
    fitting = [label for label in free if words & set(label.split())]
    return (fitting or free or holder.labels)[0]


def _label_words(tokens: Sequence[Token]) -> list[str]:
    gone = w.STOP_WORDS | {
        "classified",
        "category",
        "label",
        "labeled",
        "labelled",
        "marked",
        "email",
        "message",
        "ticket",
        "issue",
        "text",
    }
    return [token.value.lower() for token in tokens if token.kind in ("word", "quoted") and token.lower not in gone][:4]


def _item_noun(tokens: Sequence[Token], otherwise: str) -> str:
    noun = w.head_noun(tokens)
    noun = otherwise if noun in _GENERIC or not noun else noun
    return w.singular(noun) if noun and noun not in _GENERIC else "item"


def _says_it(tokens: Sequence[Token]) -> bool:
    """Whether the words begin with a lone ``it``."""
    return bool(tokens) and tokens[0].lower == "it"


def _with_kind(tokens: Tokens, noun: str) -> Tokens:
    """``the urgent ones`` → ``the urgent tickets``."""
    many = Token(w.plural(noun), w.plural(noun), "word")
    known = noun not in _GENERIC | {"result"}
    return tuple(many if token.lower == "ones" and known else token for token in tokens)


def _to_whom(action: Action) -> Tokens:
    """The object with addresses as names: where a branch parts ways, they say which way it is (``to sales``)."""
    told = []
    for at, token in enumerate(action.object):
        name = re.sub(r"[._+-]+", " ", token.text.partition("@")[0]) if token.kind == "email" else ""
        named = bool(name) and at > 0 and action.object[at - 1].lower == "to"
        told.append(replace(token, text=name, lower=name.lower()) if named else token)
    return tuple(told)


def _denied(text: str) -> str:
    """``the invoice is paid`` → ``the invoice is not paid``."""
    denied = re.sub(r"\b(is|are|was|were|has been|have been|will|can)\b", r"\1 not", text, count=1)
    return denied if denied != text else f"it is not so that {text}"


def _one(text: str) -> str:
    """``users`` → ``user``, ``list of urls`` → ``list of url``: the last word in the singular."""
    *others, last = text.split() or [""]
    return " ".join([*others, w.singular(last)]).strip()


def _lead_on(made: Made, following: Label) -> None:
    """The end of an arm says where it goes, so that it does not fall into the next one."""
    if not made.routes:
        made.routes.append(("then", None, following))


def _finished(made: Sequence[Made], catalogue: Catalogue) -> tuple[Step, ...]:
    steps = []
    for at, one in enumerate(made):
        routes = tuple(_routes(one, last=at + 1 == len(made)))
        kind = catalogue.get(one.uses)
        blocks = (
            {key: language for key, language in kind.blocks.items() if _is_block(one.config.get(key))} if kind else {}
        )
        steps.append(
            Step(
                id=one.id,
                name=one.name,
                uses=one.uses,
                about=one.about,
                with_=one.config,
                blocks=blocks,
                account=one.account,
                routes=routes,
                steps=_finished(one.steps, catalogue),
            )
        )
    return tuple(steps)


def _is_block(value: object) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > 100) and "```" not in value


def _routes(made: Made, last: bool) -> list[Route]:
    found: list[Route] = []
    if made.uses == "approval" and not any(label.steps for _, _, label in made.routes):
        # Nothing hangs on the decision but what others make of it.
        return found if last else [Route(lead="then", to=("stop",))]
    for lead, test, label in made.routes:
        target = label.step
        if lead == "then" and target is None and last:
            continue
        found.append(Route(lead=lead, to=label.steps or ("stop",), test=test))  # type: ignore[arg-type]
    return found
