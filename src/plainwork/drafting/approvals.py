"""Asking a person: the approval step, and where its two decisions lead."""

from __future__ import annotations

from plainwork.drafting.actions import Action
from plainwork.drafting.data import words
from plainwork.drafting.desk import Desk, Filled, Label, Made
from plainwork.drafting.naming import phrase
from plainwork.drafting.nodes import Arm, If
from plainwork.drafting.values import Value

_DECISIONS = ("approved", "rejected")
_NAMES = frozenset(("approval", "approved", "decision", "rejected", "approve"))
_YES, _NO = words("approving"), words("rejecting")


def as_approve(desk: Desk, action: Action, step: str) -> Filled:
    """The step that asks; who decides is named by address, or stays open to the workspace's editors."""
    person = "" if action.verb == "wait" else phrase(action.object)
    if "approval" not in desk.catalogue:
        asked = f"Ask for approval: {person or 'who decides is open'}"
        return Filled("todo", {"text": asked}, Value(step, "approval", "data", _NAMES, aside=True))
    config: dict[str, object] = {"title": "May this go on?"}
    if desk.values.last is not None:
        config["show"] = f"{{{{ {desk.values.last.expression} }}}}"
    people = [token.text for token in (*action.object, *action.words) if token.kind == "email"]
    if people:
        config["who"] = list(dict.fromkeys(people))
    elif person:
        desk.assume(
            f"Any editor of the workspace may decide for “{person}”. Write e-mail addresses under `who` to ask those alone.",
            step,
        )
    decided = Value(f"{step}.decision", "approval", "data", _NAMES, labels=_DECISIONS, aside=True)
    return Filled("approval", config, decided)


def lead_on_by_decision(made: Made, following: Label) -> None:
    """What is approved goes on; what is rejected ends there, unless the words say otherwise."""
    if made.uses == "approval":
        made.routes = [("when", "approved", following), ("when", "rejected", Label())]


def is_decided_by(node: If, made: Made | None) -> bool:
    """Whether a branch asks for the decision of the step right before it."""
    if made is None or made.uses != "approval":
        return False
    return any({token.lower for token in arm.test} & (_YES | _NO) for arm in node.arms)


def decision_in(arm: Arm) -> str:
    """The decision that an arm is for."""
    is_no = bool({token.lower for token in arm.test} & _NO) or "not" in {token.lower for token in arm.test}
    return _DECISIONS[is_no != arm.negated]


def complete(made: Made, following: Label) -> None:
    """The ways that the words leave out: approved goes on, rejected ends."""
    told = {test or "" for _, test, _ in made.routes}
    if any(lead == "otherwise" for lead, _, _ in made.routes):
        return
    for decision, label in (("approved", following), ("rejected", Label())):
        if decision not in told:
            made.routes.append(("when", decision, label))
