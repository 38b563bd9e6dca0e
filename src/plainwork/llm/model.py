"""What goes into the gateway and what comes out: plain frozen data, the same for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DEFAULT_MODEL = "local:smollm2-135m"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    ``model``: ``provider:model``, or several as a fallback chain (when one fails, the next is asked); None or empty:
    the gateway's default. Give ``prompt`` or ``messages`` (both: the prompt is the last user turn). ``schema``: a JSON
    Schema the answer must satisfy. ``temperature`` 0 unless said, so that answers repeat as far as the provider allows.
    ``run``, ``node``, ``agent`` and ``version`` only travel into the ledger.
    """

    model: str | tuple[str, ...] | None = None
    prompt: str | None = None
    messages: tuple[Message, ...] = ()
    system: str | None = None
    schema: Mapping[str, Any] | None = None
    max_tokens: int | None = None
    temperature: float = 0.0
    timeout_s: float = 120.0
    run: str | None = None
    node: str | None = None
    agent: str | None = None
    version: str | None = None

    @property
    def conversation(self) -> tuple[Message, ...]:
        """All turns in order, the system text first."""
        first = (Message("system", self.system),) if self.system else ()
        last = (Message("user", self.prompt),) if self.prompt is not None else ()
        return first + self.messages + last


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. ``cached`` are part of ``input``, ``reasoning`` of ``output``."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. ``data`` is the parsed answer when a schema was asked for. ``model`` is the full name that
    answered. ``cost_usd`` None: the price of this model is not known. ``weak``: the small embedded model wrote it."""

    text: str
    model: str
    usage: Usage = Usage()
    data: Any = None
    cost_usd: float | None = None
    latency_s: float = 0.0
    first_token_s: float | None = None
    finish: str = "stop"
    weak: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of the ledger: one call on the wire, answered or failed (``failure`` then says how)."""

    provider: str
    model: str
    usage: Usage
    cost_usd: float | None
    latency_s: float
    first_token_s: float | None = None
    failure: str | None = None
    run: str | None = None
    node: str | None = None
    agent: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What a provider's sealed secret opens to. ``base_url`` overrides the provider's own address."""

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
