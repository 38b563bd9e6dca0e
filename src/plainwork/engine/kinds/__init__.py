"""Performing one step. ``perform`` does any kind; ``perform_pure`` those that only reshape data, without awaiting.

A performer returns the step's output, ``Done`` when it also has a named outcome, or ``Waiting`` when the step is to be
taken again at a time. It raises ``CallFailed`` (``retry | auth | rejected | timeout``) or another ``PlainworkError``.
"""

from __future__ import annotations

from plainwork.engine.kinds.call import Account, Call, Done, Reach, Waiting, failure_of
from plainwork.engine.kinds.performers import is_pure, perform, perform_pure, waits_for_others

__all__ = [
    "Account",
    "Call",
    "Done",
    "Reach",
    "Waiting",
    "failure_of",
    "is_pure",
    "perform",
    "perform_pure",
    "waits_for_others",
]
