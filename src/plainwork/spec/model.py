"""The AgentSpec as data: what the markdown says, field for field. ``docs/agent-spec.md`` is the prose.

Every struct is frozen, refuses unknown fields and leaves defaults out of its JSON, so two specs are equal exactly
when their JSON is. Texts that people write (schedule phrases, durations, input types) stay texts here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import field

Effect = Literal["none", "read", "keyed", "once"]
Priority = Literal["low", "normal", "high"]
Lead = Literal["if", "when", "otherwise", "then", "error", "timeout"]
Overlap = Literal["allow", "skip", "queue", "cancel previous"]
STOP = "stop"
FAIL = "fail"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a spec and a flow have in common."""

    def __post_init__(self) -> None:
        # Defaults are left out of JSON by identity, so a text that merely equals the default must become it.
        for name, default in _texts_by_default(type(self)):
            value = getattr(self, name)
            if value is not default and value == default:
                msgspec.structs.force_setattr(self, name, default)


@cache
def _texts_by_default(part: type[Part]) -> tuple[tuple[str, Any], ...]:
    fields = msgspec.structs.fields(part)
    return tuple(
        (one.name, one.default) for one in fields if one.default and isinstance(one.default, (str, float, tuple))
    )


class Schedule(Part, frozen=True, kw_only=True, tag_field="kind", tag="schedule"):
    """Starts by the clock: a phrase (``every weekday at 07:30 in Europe/Berlin``), or ``cron`` with ``timezone``.

    ``missed``: which of the times that passed while nothing could start are made up for (``skip``, ``last``, ``all``,
    ``all up to 20``). ``overlap``: what happens while the run before is still going on. ``jitter``: a duration over which
    the starts are spread."""

    phrase: str | None = None
    cron: str | None = None
    timezone: str | None = None
    missed: str = "last"
    overlap: Overlap = "allow"
    jitter: str | None = None
    map: dict[str, str] = field(default_factory=dict)


class Webhook(Part, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """Starts when an HTTP request arrives at ``path``; ``once_per``: a template that says of two requests whether they are
    the same one, sent twice."""

    path: str
    method: str = "POST"
    verify: str | None = None
    respond: Literal["at once", "when done", "stream"] = "at once"
    once_per: str | None = None
    map: dict[str, str] = field(default_factory=dict)


class Poll(Part, frozen=True, kw_only=True, tag_field="kind", tag="poll"):
    """Starts for each new thing that a connector's trigger (``rss.new_item``) finds. ``remember``: what is done about what
    is there at first: nothing (``from now``), or runs are started for it too (``all``)."""

    uses: str
    every: str | None = None
    account: str | None = None
    remember: Literal["from now", "all"] = "from now"
    with_: dict[str, Any] = field(name="with", default_factory=dict)
    map: dict[str, str] = field(default_factory=dict)


class Form(Part, frozen=True, kw_only=True, tag_field="kind", tag="form"):
    """Starts when a person sends the hosted form."""

    title: str
    map: dict[str, str] = field(default_factory=dict)


class Chat(Part, frozen=True, kw_only=True, tag_field="kind", tag="chat"):
    """Starts with a message in the hosted chat."""

    map: dict[str, str] = field(default_factory=dict)


class Email(Part, frozen=True, kw_only=True, tag_field="kind", tag="email"):
    """Starts when a mail arrives; ``account`` names the mailbox, ``with`` says which mails (``from``, ``subject`` …)."""

    account: str | None = None
    every: str | None = None
    remember: Literal["from now", "all"] = "from now"
    with_: dict[str, Any] = field(name="with", default_factory=dict)
    map: dict[str, str] = field(default_factory=dict)


class ErrorOf(Part, frozen=True, kw_only=True, tag_field="kind", tag="error"):
    """Starts when a run of ``agent`` fails."""

    agent: str
    map: dict[str, str] = field(default_factory=dict)


class Manual(Part, frozen=True, kw_only=True, tag_field="kind", tag="manual"):
    """Starts when a person or a program asks for it."""

    map: dict[str, str] = field(default_factory=dict)


Trigger: TypeAlias = Schedule | Webhook | Poll | Form | Chat | Email | ErrorOf | Manual


class Input(Part, frozen=True, kw_only=True):
    """One input: ``type`` in words (``list of text``, ``one of [a, b]``); required unless it has a default."""

    type: str = "text"
    default: Any = msgspec.UNSET
    about: str = ""
    required: bool = True


class Output(Part, frozen=True, kw_only=True):
    """One output: ``value`` is a template (``{{ write_the_digest.text }}``)."""

    value: Any
    about: str = ""


class Retry(Part, frozen=True, kw_only=True):
    """``times`` further attempts after the first; ``wait`` (a duration) before the first, then × ``backoff``."""

    times: int = 3
    wait: str = "1s"
    backoff: float = 2.0
    on: tuple[str, ...] = ("retry", "timeout")


class Limits(Part, frozen=True, kw_only=True):
    """Bounds of a run, or (on a step) of that step."""

    cost_per_run_usd: float | None = None
    cost_per_day_usd: float | None = None
    time_per_run: str | None = None
    runs_per_day: int | None = None
    tokens_per_run: int | None = None
    steps_per_run: int | None = None
    runs_at_once: int | None = None
    priority: Priority | None = None


class Defaults(Part, frozen=True, kw_only=True):
    """What a step gets that does not say otherwise."""

    retry: Retry | None = None
    timeout: str | None = None
    account: str | None = None


class Route(Part, frozen=True, kw_only=True):
    """Where a run goes after a step. ``test``: the expression of ``if``, the label of ``when``, the failure kind of
    ``error`` (None: any). ``to``: step ids, or ``stop`` / ``fail``."""

    lead: Lead
    to: tuple[str, ...]
    test: str | None = None


class Step(Part, frozen=True, kw_only=True):
    """One step. ``with_`` is its whole configuration; ``blocks`` tells which of its keys stand in the markdown as
    fenced text, and in which language (``{"prompt": "text"}``). ``id`` is the heading's slug unless the text says
    otherwise."""

    id: str
    name: str
    uses: str
    about: str = ""
    with_: dict[str, Any] = field(name="with", default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    account: str | None = None
    model: str | tuple[str, ...] | None = None
    retry: Retry | None = None
    timeout: str | None = None
    join: Literal["all", "any"] = "all"
    if_: str | None = field(name="if", default=None)
    limits: Limits | None = None
    cache: str | None = None
    effect: Effect | None = None
    on_uncertain: Literal["ask", "repeat", "skip"] = "ask"
    note: str | None = None
    routes: tuple[Route, ...] = ()
    steps: tuple[Step, ...] = ()


class Example(Part, frozen=True, kw_only=True):
    """A test that the document carries: inputs and mocked step results (keys: step names as expressions write them),
    and what is expected (``ran``, ``not_ran``, ``outputs``, ``sent``, ``status``, ``cost_at_most``)."""

    name: str
    about: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    expect: dict[str, Any] = field(default_factory=dict)


class Section(Part, frozen=True, kw_only=True):
    """A second-level section of pure prose, and which part of the document it stands before."""

    title: str
    text: str = ""
    before: Literal["steps", "errors", "examples", "end"] = "end"


class Spec(Part, frozen=True, kw_only=True):
    """A whole agent."""

    agentspec: int = 1
    title: str
    about: str = ""
    id: str | None = None
    when: tuple[Trigger, ...] = ()
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    model: str | tuple[str, ...] | None = None
    limits: Limits | None = None
    defaults: Defaults | None = None
    on_failure: str | None = None
    enabled: bool = True
    tags: tuple[str, ...] = ()
    owner: str | None = None
    steps: tuple[Step, ...] = ()
    errors: tuple[Step, ...] = ()
    examples: tuple[Example, ...] = ()
    sections: tuple[Section, ...] = ()


def to_json(value: Part) -> Any:
    """The JSON form (dicts, lists, scalars) of a spec, a flow or any part of one."""
    return msgspec.to_builtins(value)


def spec_from_json(data: Any) -> Spec:
    """A spec from its JSON form. Raises ``msgspec.ValidationError``, which names the path (``$.steps[2].uses``)."""
    return msgspec.convert(data, Spec)
