"""The tree of a description: actions, branches and loops, before any step kind is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from plainwork.drafting.actions import Action
from plainwork.drafting.text import Tokens


@dataclass(slots=True)
class Do:
    """One action; ``statement`` numbers the sentence it comes from."""

    action: Action
    statement: int = 0


@dataclass(slots=True)
class Arm:
    """What happens under a condition; no ``test``: otherwise."""

    test: Tokens
    body: list[Node] = field(default_factory=list)
    negated: bool = False


@dataclass(slots=True)
class If:
    """A branch. ``decider``: the classification whose labels the arms are, where there is one."""

    arms: list[Arm]
    decider: Action | None = None


@dataclass(slots=True)
class Each:
    """A loop over what ``over`` names."""

    over: Tokens
    body: list[Node] = field(default_factory=list)
    leading: bool = False


@dataclass(slots=True)
class Fork:
    """Actions that happen side by side."""

    branches: list[Do]


Node: TypeAlias = Do | If | Each | Fork
