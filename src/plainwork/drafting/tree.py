"""The statements of a description as one tree of actions, branches and loops: which act happens under which condition,
and what belongs into which loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.apps import find_apps
from plainwork.drafting.clauses import Act, Cond, Failure, Loop, Piece, Unread, When
from plainwork.drafting.data import words
from plainwork.drafting.fill_models import labels_of
from plainwork.drafting.heads import names_model
from plainwork.drafting.meaning import interpret
from plainwork.drafting.nodes import Arm, Do, Each, Fork, If, Node
from plainwork.drafting.places import Setting
from plainwork.drafting.reach import (
    STATE_VERBS,
    alike,
    asks_first,
    asks_within,
    comes_first,
    each_inside,
    each_of,
    each_person,
    goes_on_within,
    kind_of,
    kinds_of,
    label_in,
    label_of,
    last_judgement,
    loop_parts,
    may_judge,
    mood_of,
    nouns_of,
    picked_ones,
    reads_of,
    says_ones,
    says_parallel,
    side_by_side,
    source_of,
    spread,
    tested,
    without_place,
    without_relative,
)
from plainwork.drafting.text import Token, Tokens, find_words, tokenize
from plainwork.drafting.triggers import Event, Reading
from plainwork.drafting.verbs import Verb

DEEPEST_LOOPS, _DEEPEST_BRANCHES, _DEEPEST_GATES = 3, 8, 5
"""How deep one sentence may nest, and how many questions may each govern all that follows: a heading has six levels."""
_YES = words("agreeing")
_NO = frozenset(["not", "no", "false", "none"])
_IDLE = frozenset(["nothing", "skip", "stop", "end", "ignore"])
FETCH = Verb("get", "fetch", "base", False)
_CAME_ABOUT = frozenset(["won", "lost", "sold", "paid", "closed", "opened", "created", "added", "received", "made"])
_LEFT_OUT = frozenset(["ignore", "drop", "discard", "skip", "omit", "eliminate", "exclude"])
_OUT_OF_LOOP = (
    "finally",
    "at the end",
    "in the end",
    "afterwards",
    "when done",
    "once done",
    "after that",
    "lastly",
    "after all",
    "when all",
)


class Builder:
    """Takes the sentences of a description in order and grows the tree in ``root`` (and ``errors``)."""

    def __init__(self, setting: Setting, event: Event | None) -> None:
        self.setting = setting
        self.used = {id(piece) for piece in event.used} if event else set()
        self.root: list[Node] = []
        self.errors: list[Node] = []
        self.unread: list[Tokens] = []
        self._top = self.root
        self._loop: Each | None = None
        self._last_if: If | None = None
        self._pending: If | None = None
        self._fresh_if = False
        self._here: list[Node] = self.root
        self._begun = 0
        self._number = self._if_number = 0
        self._wrapped: Each | None = None
        self._lists: set[str] = set()
        self._listed: Tokens = ()
        self._parallel = self._by_ones = False
        self._event = w.singular(event.noun).replace("form", "submission") if event else ""
        self._events = {self._event} if event else set()
        self._events |= {"email", "mail", "message"} if event and event.how in ("mail", "chat", "app") else set()
        self._around: list[Node] = self.root
        self._loops = self._branches = self._gates = self._top_loops = self._asked_loops = 0

    def add(self, reading: Reading) -> None:
        """Take in one sentence."""
        self._number += 1
        pieces = [piece for piece in reading.pieces if id(piece) not in self.used]
        self._here = self._level(reading.statement.tokens, pieces)
        self._begun = len(self._here)
        was_if, self._fresh_if = self._fresh_if, False
        self._wrapped = None
        self._parallel = says_parallel(reading.statement.tokens)
        for at, piece in enumerate(pieces):
            self._take(piece, pieces[at - 1] if at else None, chained=was_if and at == 0)
        if self._parallel:
            self._fork(find_words(reading.statement.tokens, *_OUT_OF_LOOP) is not None)

    def _fork(self, ends: bool) -> None:
        """What a sentence does "in parallel": the run of its actions, without what brings them together."""
        end = len(self._here) - ends
        while end > 0 and isinstance(last := self._here[end - 1], Do) and last.action.do in ("merge", "wait"):
            end -= 1
        start = end
        while start and isinstance(one := self._here[start - 1], Do) and one.statement == self._number:
            start -= 1
        while start < end and isinstance(one := self._here[start], Do) and one.action.do == "fetch" and end - start > 2:
            start += 1
        branches = [node for node in self._here[start:end] if isinstance(node, Do)]
        if len(branches) > 1:
            self._here[start:end] = [Fork(branches)]

    def _level(self, tokens: Sequence[Token], pieces: Sequence[Piece]) -> list[Node]:
        first = pieces[0] if pieces else None
        answers = isinstance(first, Cond) and (first.kind == "else" or {t.lower for t in first.tokens} <= _YES | _NO)
        self._branches = 0
        if self._pending and not answers and self._gates < _DEEPEST_GATES:
            self._gates, self._top_loops = self._gates + 1, self._asked_loops
            self._top, self._pending, self._loop = self._pending.arms[0].body, None, None
        if self._loop and not self._stays(tokens, first):
            self._loop = None
        self._loops = self._top_loops + (self._loop is not None)
        return self._loop.body if self._loop else self._top

    def _stays(self, tokens: Sequence[Token], first: Piece | None) -> bool:
        """Whether a sentence after a loop still speaks of one item of it."""
        if self._loop is None or find_words(tokens[:4], *_OUT_OF_LOOP) is not None:
            return False
        noun = w.singular(w.head_noun(self._loop.over))
        lowers = [token.lower for token in tokens]
        spoken = any(
            pair in (("the", noun), ("each", noun), ("that", noun), ("this", noun)) for pair in pairwise(lowers)
        )
        pronoun = bool({"it", "its", "it's", "their", "his", "her"} & set(lowers[1:]))
        chained = isinstance(first, Cond) and (self._loop.leading or self._judged(first.tokens))
        return spoken or chained or (self._loop.leading and pronoun and lowers[0] != "it")

    def _judged(self, tokens: Sequence[Token]) -> bool:
        """Whether a condition names a label of what the loop has just judged."""
        last = self._loop.body[-1] if self._loop and self._loop.body else None
        if isinstance(last, If) and last.decider:
            return True
        labels = labels_of(last.action)[0] if isinstance(last, Do) and last.action.do == "classify" else []
        return bool({token.lower for token in tokens} & {word for label in labels for word in label.split()})

    def _take(self, piece: Piece, before: Piece | None, chained: bool) -> None:
        match piece:
            case Act():
                if self._wrapped and goes_on_within(piece):
                    self._here, self._begun = self._wrapped.body, len(self._wrapped.body)
                self._do(piece)
            case Cond():
                if self._wrapped and piece.kind != "else" and not piece.trailing:
                    self._here, self._begun = self._wrapped.body, len(self._wrapped.body)
                self._condition(piece, before, chained)
            case When():
                self._when(piece, before, chained)
            case Loop():
                self._each(piece.tokens, piece.trailing)
            case Failure():
                self._on_failure(piece)
            case Unread():
                if not _IDLE & {token.lower for token in piece.tokens}:
                    self.unread.append(piece.tokens)

    def _on_failure(self, piece: Failure) -> None:
        last = self._here[-1] if self._here and self._here is not self.errors else None
        if piece.trailing and isinstance(last, Do):
            self.errors.append(self._here.pop())
        else:
            self._here, self._begun = self.errors, len(self.errors)

    def _when(self, piece: When, before: Piece | None, chained: bool) -> None:
        if before is None and self._repeats_event(piece):
            self.unread.append(piece.tokens)
        else:
            self._condition(Cond("if", piece.tokens, piece.trailing), before, chained)

    def _repeats_event(self, piece: When) -> bool:
        """``when a voice message is received`` after the trigger was told: the same event in other words."""
        lowers = {token.lower for token in piece.tokens}
        return (
            not piece.trailing
            and bool(lowers & self._events)
            and bool(lowers & {"received", "sent", "arrives", "receives"})
        )

    # Acts

    def _do(self, act: Act) -> None:
        found = None if act.apart else last_judgement(self._here) or last_judgement(self._top)
        for one in spread(found[2], act) if found else [act]:
            self._do_one(one)

    def _do_one(self, act: Act) -> None:
        self._by_ones = bool(act.apart) or self._by_label(act)
        if self._by_ones and act.verb.act == "filter" and act.verb.lemma in _LEFT_OUT:
            return
        act = each_person(act, self._listed)
        act, relative = (act, ()) if act.apart else without_relative(replace(act, modal="") if self._by_ones else act)
        act, inside = each_inside(act)
        acts = side_by_side(act) if self._parallel else [act]
        nodes: list[Node] = [Do(action, self._number) for one in acts for action in interpret(one, self.setting)]
        if picks := picked_ones(act) if nodes and not self._by_ones else ():
            nodes.insert(0, Do(Action("filter", "keep", picks, words=picks), self._number))
        self._note_lists(nodes)
        begun, self._begun = self._begun, len(self._here)
        self._here += nodes
        if any(isinstance(node, Do) and node.action.do == "approve" for node in nodes) and asks_first(act):
            self._before_writing()
        each, relative = each_of(act, inside, relative)
        each = () if each and len(w.noun_phrase(each)) == 1 and w.singular(w.head_noun(each)) in self._events else each
        if nodes and each:
            self._each(each, trailing=True)
        if nodes and relative:
            self._condition(Cond("if", relative, trailing=True), None, chained=False)
        self._begun = min(begun, len(self._here))

    def _note_lists(self, nodes: Sequence[Node]) -> None:
        for action in reads_of(nodes):
            plural = [noun for noun in nouns_of(action) if w.is_plural(noun)]
            self._lists |= {w.singular(noun) for noun in plural}
            if plural:
                self._listed = tokenize(plural[0])

    def _before_writing(self) -> None:
        """``ask the boss first``: the question comes before what was written last."""
        around = self._around
        writes = len(around) > 1 and isinstance(before := around[-2], Do) and before.action.do in ("call", "send")
        if writes and isinstance(around[-1], If) and around[-1].arms[-1].body is self._here:
            around[-2:] = [around[-1], around[-2]]

    def _by_label(self, act: Act) -> bool:
        """``complaints go to Slack``, ``forward the urgent ones``: what is done with one label of the last judgement."""
        found = last_judgement(self._here) or last_judgement(self._top)
        label = label_of(found[2], act) if found else ()
        if found is None or not label:
            return False
        level, at, judged = found
        node, arm = level[at], Arm(() if label[0].lower == "otherwise" else label)
        if isinstance(node, If):
            node.arms.append(arm)
        elif at + 1 == len(level):
            node = level[at] = If([arm], decider=judged)
            if says_ones(act) and self._listed and level is self._top and self._loops < DEEPEST_LOOPS:
                level[at] = Each(self._listed, [node])
        else:
            level.append(node := If([arm]))
        assert isinstance(node, If)
        self._last_if, self._here, self._begun = node, arm.body, 0
        return True

    # Conditions

    def _condition(self, cond: Cond, before: Piece | None, chained: bool) -> None:
        self._branches += 1
        if self._branches > _DEEPEST_BRANCHES:
            return
        if cond.kind == "else":
            self._otherwise()
        elif cond.asked and isinstance(before, Act) and "depending" in {token.lower for token in before.object}:
            self._wrap(lambda body: self._branch(cond, body), cond.tokens)
        elif cond.asked or (
            cond.trailing and isinstance(before, Act) and before.verb.lemma in ("check", "verify", "see")
        ):
            self._question(cond, before)
        elif {token.lower for token in cond.tokens} <= _YES | _NO and (self._pending or self._last_if):
            self._answer(cond)
        elif cond.trailing and len(self._here) > self._begun:
            self._wrap(lambda body: self._branch(cond, body), cond.tokens)
        elif self._last_if and (cond.chained or self._alternative(cond, before)):
            self._last_if.arms.append(arm := Arm(cond.tokens, negated=cond.kind == "unless"))
            self._here, self._begun = arm.body, 0
        else:
            self._open_arm(cond, chained)

    def _alternative(self, cond: Cond, before: Piece | None) -> bool:
        """``if it is positive …, if it is negative …``: a further answer to what the sentence asks already."""
        asks = self._last_if is not None and self._if_number == self._number and isinstance(before, Act)
        return asks and not cond.trailing and self._last_if is not None and alike(self._last_if, cond.tokens)

    def _branch(self, cond: Cond, body: list[Node]) -> If:
        judgement = None if last_judgement(self._here) else kind_of(cond.tokens, self._spoken_of())
        self._last_if = If([Arm(cond.tokens, body, cond.kind == "unless")], judgement)
        return self._last_if

    def _open_arm(self, cond: Cond, chained: bool) -> None:
        arm = Arm(cond.tokens, negated=cond.kind == "unless")
        last = self._here[-1] if self._here else None
        if (
            chained
            and isinstance(last, Each)
            and last.body
            and isinstance(last.body[-1], If)
            and alike(last.body[-1], cond.tokens)
        ):
            self._here = last.body
            last = last.body[-1]
        elif not chained and self._loop is None and self._one_of_many(cond.tokens):
            each = Each(tuple(w.noun_phrase(cond.tokens[1:])[:1]))
            self._here.append(each)
            self._here, last = each.body, None
        if chained and isinstance(last, If) and (kinds := kinds_of(last, cond.tokens, self._spoken_of())):
            last.decider = kinds
            last.arms.append(arm)
        elif (chained and isinstance(last, If) and alike(last, cond.tokens)) or (
            isinstance(last, If) and self._fresh_if and last.arms[-1].body == []
        ):
            last.arms.append(arm)
        elif isinstance(last, Do) and last.action.do == "classify" and may_judge(last.action, cond.tokens):
            self._here[-1] = If([arm], decider=last.action)
        else:
            judged = last_judgement(self._here)
            known = judged is not None and label_in(labels_of(judged[2])[0], cond.tokens)
            judgement = mood_of(cond.tokens) or kind_of(cond.tokens, self._spoken_of())
            self._here.append(If([arm], decider=None if known else judgement))
        found = self._here[-1]
        assert isinstance(found, If)
        self._last_if, self._fresh_if, self._around = found, True, self._here
        self._if_number = self._number
        self._here, self._begun = arm.body, 0

    def _spoken_of(self) -> str:
        """What "it" is: one item of the loop, else what the event is about."""
        return w.singular(w.head_noun(self._loop.over)) if self._loop else self._event

    def _one_of_many(self, tokens: Tokens) -> bool:
        """``if an order is over 500`` after reading orders: each of them is asked."""
        head = w.singular(tokens[1].lower) if len(tokens) > 1 else ""
        return tokens[0].lower in ("a", "an", "any") and head in self._lists

    def _otherwise(self) -> None:
        last = self._here[-1] if self._here else None
        if self._last_if is None and isinstance(last, Do) and last.action.do == "classify":
            self._here[-1] = self._last_if = If([], decider=last.action)
        if self._last_if is None:
            return
        arm = Arm(())
        self._last_if.arms.append(arm)
        self._here, self._begun = arm.body, 0
        self._fresh_if = False

    def _question(self, cond: Cond, before: Piece | None) -> None:
        """``determine if a reply is needed``: what comes then happens only if so."""
        if isinstance(before, Act) and before.verb.lemma == "ask" and names_model(before.object):
            self._here[self._begun :] = [Do(Action("classify", "decide", cond.tokens), self._number)]
        elif not isinstance(before, Act) or before.verb.act != "check" or asks_within(before):
            return
        last = self._here[-1] if len(self._here) > self._begun else None
        decider = None
        if self._between(cond, before):
            return
        if isinstance(last, Do) and last.action.do == "classify":
            decider = replace(last.action, object=cond.tokens, named="question")
            self._here.pop()
        elif (
            isinstance(last, Do)
            and last.statement == self._number
            and last.action.do == "fetch"
            and not last.action.object
        ):
            self._here.pop()
        if decider is None and not (decider := kind_of(cond.tokens, self._spoken_of())):
            self._here += self._asked_place(cond)
        branch = If([Arm(without_place(cond.tokens))], decider)
        self._here.append(branch)
        self._last_if = self._pending = branch
        self._asked_loops = self._loops
        self._here, self._begun = branch.arms[0].body, 0

    def _asked_place(self, cond: Cond) -> list[Node]:
        """``check if it exists in Salesforce`` reads there first."""
        mention = next((m for m in find_apps(cond.tokens) if m.app.sort != "model"), None)
        if mention is None:
            return []
        vague = cond.tokens[0].lower in ("it", "they", "this", "that", "he", "she")
        spoken = next((at for at, t in enumerate(cond.tokens) if at and t.lower in STATE_VERBS), mention.start)
        noun = "" if vague else w.head_noun(cond.tokens[: min(spoken, mention.start)])
        self.setting.meet(mention.app)
        known = w.singular(w.head_noun(self._loop.over)) if self._loop else "record"
        words = tokenize(f"the {noun if noun and noun not in w.VAGUE else known} in {mention.app.name}")
        return [Do(Action("fetch", "find", words, mention.app, words=words), self._number)]

    def _between(self, cond: Cond, before: Act) -> bool:
        """``determine whether it is about music or about sport`` sorts; further on the labels decide."""
        lowers = [token.lower for token in cond.tokens]
        if "or" not in lowers or before.verb.lemma not in ("determine", "decide", "identify", "detect"):
            return False
        start = next((at + 1 for at, word in enumerate(lowers) if word in ("is", "are", "was")), 0)
        labels = [token for token in cond.tokens[start:] if token.lower != "about"]
        topic = " about" if "about" in lowers else ""
        action = Action("classify", "decide", (*tokenize(f"what it is{topic} as"), *labels), words=cond.tokens)
        if (
            self._here
            and isinstance(last := self._here[-1], Do)
            and last.action.do == "classify"
            and len(self._here) > self._begun
        ):
            self._here.pop()
        self._here.append(Do(action, self._number))
        return True

    def _answer(self, cond: Cond) -> None:
        branch = self._pending or self._last_if
        assert branch is not None
        self._pending = None
        negative = bool({token.lower for token in cond.tokens} & _NO) != (cond.kind == "unless")
        if not negative:
            arm = branch.arms[0]
        elif not branch.arms[0].body and not branch.decider and len(branch.arms) == 1:
            arm = branch.arms[0]
            arm.negated = True
        else:
            arm = Arm(())
            branch.arms.append(arm)
        if cond.trailing and len(self._here) > self._begun:
            moved = self._here[self._begun :]
            del self._here[self._begun :]
            arm.body += moved
        else:
            self._here, self._begun = arm.body, len(arm.body)
        self._last_if = branch

    # Loops

    def _each(self, tokens: Tokens, trailing: bool) -> None:
        self._loops += 1
        if self._loops > DEEPEST_LOOPS:
            return
        over, test = loop_parts(tokens)
        source = source_of(over) or self._place_of(over)
        over = tuple(w.noun_phrase(over)) if source else over
        if source:
            found: list[Node] = [Do(action, self._number) for action in interpret(source, self.setting)]
            at = self._begun if trailing else len(self._here)
            self._here[at:at] = found
            self._begun += len(found)
        if trailing and len(self._here) > self._begun:
            self._wrap(lambda body: Each(over, tested(test, body)))
            last = self._here[-1]
            self._loop = last if isinstance(last, Each) and self._here is self._top else self._loop
            self._wrapped = last if isinstance(last, Each) and not test else None
            return
        each = Each(over, leading=True)
        self._here.append(each)
        if self._here is self._top:
            self._loop = each
        self._here, self._begun = each.body, 0
        if test:
            self._open_arm(Cond("if", test), chained=False)

    def _place_of(self, over: Tokens) -> Act | None:
        """``for each employee in Workday``: the employees are read there, unless that service was read already."""
        new = [
            mention
            for mention in find_apps(over)
            if mention.app.id not in self.setting.seen and mention.app.sort != "model"
        ]
        if not new:
            return None
        at = next((at for at, token in enumerate(over) if at and token.lower in w.PREPOSITIONS), len(over))
        while at > 1 and over[at - 1].lower in _CAME_ABOUT:
            over, at = (*over[: at - 1], *over[at:]), at - 1
        plural = tuple(
            replace(t, text=w.plural(t.text), lower=w.plural(t.lower)) if i == at - 1 else t
            for i, t in enumerate(over[:at])
        )
        return Act(FETCH, (*tokenize("all"), *plural, *over[at:]))

    def _wrap(self, make: Callable[[list[Node]], Node], told: Tokens = ()) -> None:
        """Put what this sentence does last (all that it writes, or its last act) into a branch or loop."""
        nodes = self._here[self._begun :]
        start = max(
            (at + 1 for at, node in enumerate(nodes[:-1]) if isinstance(node, Each) or comes_first(node, told)),
            default=0,
        )
        start = min(start, len(nodes) - 1)
        self._here[self._begun + start :] = [make(nodes[start:])]
