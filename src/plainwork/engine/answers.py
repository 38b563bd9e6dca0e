"""Answers that equal calls may be given from memory: of steps that only look, for as long as their ``cache`` says."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from plainwork.db import json
from plainwork.engine.plan import GraphStep

MOST_BYTES = 64 * 1024 * 1024
_LARGEST_SHARE = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step gave: its output as JSON, without secrets, and its outcome. ``until``: by ``time.monotonic``."""

    content: bytes
    outcome: str | None
    until: float


class Answers:
    """The answers that one worker remembers, at most ``most_bytes`` of them; the least recently used go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()

    def find(self, key: bytes) -> Answer | None:
        """The answer kept under the key, unless its time is over."""
        answer = self._kept.get(key)
        if answer is None:
            return None
        if answer.until <= time.monotonic():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def keep(self, key: bytes, content: bytes, outcome: str | None, for_s: float) -> None:
        """Remembers an answer for some seconds; one that would drive out many others is not kept."""
        if len(content) * _LARGEST_SHARE > self._most:
            return
        self._forget(key)
        self._kept[key] = Answer(content, outcome, time.monotonic() + for_s)
        self._bytes += len(content)
        while self._bytes > self._most:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: bytes) -> None:
        answer = self._kept.pop(key, None)
        if answer is not None:
            self._bytes -= len(answer.content)


def key_of(workspace_id: UUID, agent_id: UUID, step: GraphStep, config: dict[str, Any]) -> bytes:
    """What makes calls equal: the workspace, the kind of step, who signs, which model, and every setting. With an account
    the agent too: an account may be bound to some agents, and what it shows is for those alone."""
    whose = [str(workspace_id)] if step.account is None else [str(workspace_id), str(agent_id)]
    same = [whose, step.kind.type, step.account, step.model, config]
    return hashlib.blake2b(json.encode(same), digest_size=16).digest()
