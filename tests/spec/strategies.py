"""Hypothesis strategies for the spec: ``specs()`` draws whole valid specs, full of texts that are hard to write down."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from plainwork.spec import model, scan
from plainwork.spec.names import RESERVED, expression_name, is_id, is_reserved, slug
from plainwork.spec.problems import prose_problem

NASTY = [
    *(
        "",
        "yes",
        "on",
        "off",
        "null",
        "~",
        "True",
        "12:30",
        "012",
        "+49",
        "1e5",
        "0x1f",
        "1_000",
        "-",
        "---",
        "...",
        "- a",
        "a: b",
        "a:",
    ),
    *(
        "a #b",
        "#",
        "{{ x }}",
        "a {{ x.y }} b",
        "`a`",
        "```",
        "````yaml step",
        "  x",
        "x ",
        "\tx",
        "a\nb",
        "a\n\nb\n",
        "\na",
        "a\n b",
    ),
    *(
        "a\n  \nb",
        "\u2028",
        "\x85",
        "\ufeff",
        "é",
        "日本語",
        "👩‍👩‍👧",
        "a\\b",
        "'",
        '"',
        "''",
        "!x",
        "&a",
        "*a",
        "@a",
        "%a",
        "|",
        ">",
        "? a",
    ),
    *(
        "<<",
        "=",
        "x,y",
        "[a]",
        "{a}",
        "http://a.b/c?d=e#f",
        "x\r\ny",
        "\0",
        "a\x07",
        "2020-01-01",
        "one of [a, b]",
        "0.05 USD",
        "→",
    ),
    *(
        "# heading",
        "### Step",
        "- If `x` → stop",
        "{{ join(x, '\n') }}",
        "-1",
        "1.0",
        "1.50",
        "[a](#b)",
        "<!-- c -->",
        "a\\nb",
        "\\",
    ),
]
PROSE = [
    *(
        "Plain words.",
        "Two\nlines.",
        "A list:\n\n- one\n- two",
        "| a | b |\n|---|---|",
        "```python\nprint(1)\n```",
        "<!-- note\n# x\n-->",
    ),
    *(
        "~~~\n### not a step\n~~~",
        "    indented",
        "1. one",
        "> quote",
        "**bold** `code`",
        "- If only it worked",
        "trailing\u2003.",
        "a\n\n\n\nb",
    ),
    *(
        "```mermaid\ngraph\n```",
        "- [ ] todo",
        "---",
        "***",
        "&nbsp;",
        "#tag",
        "\\# x",
        "日本語のメモ",
        "setext\n===",
        "Then → there",
        "a\tb",
        "####### seven",
    ),
]
USES = [
    "http",
    "set",
    "filter",
    "condition",
    "llm",
    "email.send",
    "code",
    "wait",
    "todo",
    "reddit.top",
    "x",
    "what: ever",
]
NAMES = [
    "Fetch the posts",
    "Is it new?",
    "Mail it",
    "C #",
    "A [b] c",
    "`code` name",
    "Wait 5 min",
    "Être",
    "日本",
    "x → y",
    "50 % off!",
    "If",
    "a-b",
    "!!!",
]

_letters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(_letters, max_size=12),
    st.text("ab \n:#-'\"{}[],`~|>&*!%@\\0123.", max_size=20),
)
numbers = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
configs = st.one_of(
    st.just({}),
    st.dictionaries(
        st.one_of(st.sampled_from(["url", "to", "items", "where", "body"]), texts), json_values, max_size=3
    ),
)
durations = st.sampled_from(["10s", "5 minutes", "1h30m", "250ms", "20"])
remembering = st.sampled_from(("from now", "all"))
maybe_text = st.one_of(st.none(), texts)


def one_line(*candidates: str) -> st.SearchStrategy[str]:
    """Names: one line, no blanks around."""
    free = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
    return st.one_of(st.sampled_from(candidates or NAMES), free.map(str.strip).filter(bool))


def prose(context: str) -> st.SearchStrategy[str]:
    """Prose that is prose in that context."""
    joined = st.lists(st.one_of(st.sampled_from(PROSE), st.text(_letters, max_size=15)), max_size=3).map("\n\n".join)
    return joined.map(scan.prose).map(lambda text: text if prose_problem(text, context) is None else "")


maps: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}), st.dictionaries(st.sampled_from(["a", "b c"]), texts, max_size=2)
)
triggers: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        model.Schedule,
        phrase=st.one_of(st.sampled_from(["every day at 7", "every 15 minutes", "chat", "error of"]), texts),
        missed=st.sampled_from(["last", "skip", "all", "all up to 7"]),
        overlap=st.sampled_from(["allow", "skip", "queue", "cancel previous"]),
        jitter=maybe_text,
        map=maps,
    ),
    st.builds(model.Schedule, cron=st.just("0 7 * * 1-5"), timezone=st.sampled_from([None, "Europe/Berlin"]), map=maps),
    st.builds(
        model.Webhook,
        path=texts,
        verify=maybe_text,
        respond=st.sampled_from(["at once", "when done", "stream"]),
        once_per=maybe_text,
        map=maps,
    ),
    st.builds(
        model.Poll, uses=texts, every=maybe_text, account=maybe_text, remember=remembering, with_=configs, map=maps
    ),
    st.builds(model.Form, title=texts, map=maps),
    st.builds(model.Chat, map=maps),
    st.builds(model.Email, every=maybe_text, account=maybe_text, remember=remembering, with_=configs, map=maps),
    st.builds(model.ErrorOf, agent=texts, map=maps),
    st.builds(model.Manual, map=maps),
)
inputs = st.builds(
    model.Input,
    type=st.sampled_from(["text", "list of text", "one of [a, b]", "yes/no", "number"]),
    default=st.one_of(st.just(msgspec.UNSET), json_values),
    about=texts,
    required=st.booleans(),
)
outputs = st.builds(model.Output, value=st.one_of(json_values, st.builds(lambda v: {"value": v}, texts)), about=texts)
retries = st.builds(
    model.Retry,
    times=st.integers(0, 9),
    wait=durations,
    backoff=st.one_of(st.just(2.0), st.floats(0, 1e18)),
    on=st.sampled_from([("retry", "timeout"), ("retry",), ()]),
)
_costs = st.one_of(st.none(), st.floats(0, 1e6), st.sampled_from([0.05, 1.0, 1e-9]))
_counts = st.one_of(st.none(), st.integers(0, 10**6))
limits = st.builds(
    model.Limits,
    cost_per_run_usd=_costs,
    cost_per_day_usd=_costs,
    time_per_run=st.one_of(st.none(), durations),
    runs_per_day=_counts,
    tokens_per_run=_counts,
    steps_per_run=_counts,
    runs_at_once=_counts,
    priority=st.sampled_from([None, "low", "normal", "high"]),
)
models = st.one_of(st.none(), texts, st.lists(texts, max_size=2).map(tuple))
tests = st.one_of(
    st.sampled_from(["x > 1", "`a`", "len(a.b) == 0", " x ", "a -> b", "[a](#b)", "→", "``"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(lambda t: bool(t.strip())),
)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly None."""
    return st.one_of(st.none(), st.none(), strategy)


class _Ids:
    """Hands out ids that no other step has."""

    def __init__(self) -> None:
        self.taken: set[str] = set(RESERVED)

    def take(self, wanted: str) -> str:
        name = wanted
        while not is_id(name) or is_reserved(name) or expression_name(name) in self.taken:
            name = f"step-{len(self.taken)}{'x' if name.startswith('step-') else ''}"
            wanted = name
        self.taken.add(expression_name(name))
        return name


def _routes(draw: st.DrawFn, later: list[str], rescue: list[str]) -> tuple[model.Route, ...]:
    """Routes to later steps of the level (and, for failures, to ``rescue``): the graph stays without cycles."""
    if not later + rescue or not draw(st.booleans()):
        return ()
    found: list[model.Route] = []
    for lead in draw(
        st.lists(
            st.sampled_from(["if", "if", "when", "otherwise", "then", "error", "timeout"]), max_size=3, unique=False
        )
    ):
        pool = later + rescue if lead in ("error", "timeout") else later
        if lead in ("otherwise", "then", "timeout") and any(r.lead == lead for r in found):
            continue
        test = (
            draw(tests)
            if lead in ("if", "when")
            else draw(optional(st.sampled_from(["auth", "retry"])))
            if lead == "error"
            else None
        )
        ends = st.sampled_from([("stop",), ("fail",)])
        to = draw(
            st.one_of(ends, st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True).map(tuple))
            if pool
            else ends
        )
        found.append(model.Route(lead=lead, test=test, to=to))  # type: ignore[arg-type]
    return tuple(found)


def _names(draw: st.DrawFn, ids: _Ids, count: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(count):
        name = draw(one_line())
        wanted = draw(st.sampled_from([slug(name), slug(name), slug(name), "own-id", "Own_2"]))
        found.append((ids.take(wanted), name))
    return found


@st.composite
def _level(
    draw: st.DrawFn, ids: _Ids, named: list[tuple[str, str]], depth: int, rescue: list[str]
) -> tuple[model.Step, ...]:
    found = []
    for number, (step_id, name) in enumerate(named):
        inner: tuple[model.Step, ...] = ()
        uses = draw(st.sampled_from(USES))
        if depth < 3 and draw(st.integers(0, 5)) == 0:
            uses = draw(st.sampled_from(["foreach", "repeat", "group"]))
            inner = draw(_level(ids, _names(draw, ids, draw(st.integers(1, 2))), depth + 1, []))
        config = dict(draw(configs))
        blocks = draw(st.sampled_from([{}, {}, {"prompt": "text"}, {"code": "python", "query": "sql"}]))
        for key in blocks:
            config[key] = draw(texts.filter(lambda t: scan.unreadable(t) is None))
        found.append(
            model.Step(
                id=step_id,
                name=name,
                uses=uses,
                about=draw(prose("step")),
                with_=config,
                blocks=blocks,
                routes=_routes(draw, [i for i, _ in named[number + 1 :]], rescue),
                steps=inner,
                **draw(_extras),
            )
        )
    return tuple(found)


_extras: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "account": texts,
            "model": models,
            "retry": retries,
            "timeout": durations,
            "join": st.just("any"),
            "if_": texts,
            "limits": limits,
            "cache": durations,
            "effect": st.sampled_from(["none", "read", "keyed", "once"]),
            "on_uncertain": st.sampled_from(["ask", "repeat", "skip"]),
            "note": texts,
        },
    ),
)


@st.composite
def specs(draw: st.DrawFn, max_steps: int = 5) -> model.Spec:
    """A valid spec: it has a text form, its routes go forward on their level or to the error steps, nothing dangles."""
    ids = _Ids()
    main = _names(draw, ids, draw(st.integers(1, max_steps)))
    errors = _names(draw, ids, draw(st.integers(0, 2)))
    steps = draw(_level(ids, main, 1, [i for i, _ in errors]))
    rescue = draw(_level(ids, errors, 1, []))
    examples = draw(st.lists(_examples, max_size=1))
    return model.Spec(
        title=draw(one_line()),
        about=draw(prose("document")),
        steps=steps,
        errors=rescue,
        examples=tuple(examples),
        sections=draw(_sections()),
        **draw(_front),
    )


_examples = st.builds(
    model.Example,
    name=one_line("A quiet day", "x"),
    about=prose("example"),
    given=st.dictionaries(texts, json_values, max_size=2),
    expect=st.dictionaries(st.sampled_from(["ran", "outputs"]), json_values, max_size=2),
)
_front = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "id": texts,
            "when": st.lists(triggers, max_size=2).map(tuple),
            "inputs": st.dictionaries(st.one_of(st.sampled_from(["topic", "send_to"]), texts), inputs, max_size=2),
            "outputs": st.dictionaries(st.sampled_from(["a", "b"]), outputs, max_size=2),
            "secrets": st.dictionaries(st.sampled_from(["MAIL", "yes"]), texts, max_size=2),
            "model": models,
            "limits": limits,
            "defaults": st.builds(
                model.Defaults, retry=optional(retries), timeout=optional(durations), account=maybe_text
            ),
            "on_failure": texts,
            "enabled": st.booleans(),
            "tags": st.lists(texts, max_size=2).map(tuple),
            "owner": texts,
        },
    ),
)


@st.composite
def _sections(draw: st.DrawFn) -> tuple[model.Section, ...]:
    found: list[model.Section] = []
    for part in ("steps", "errors", "examples", "end"):
        if draw(st.integers(0, 4)) == 0:
            title = draw(one_line("Notes", "Background").filter(lambda t: t.casefold() not in scan.PARTS))
            found.append(model.Section(title=title, text=draw(prose("section")), before=part))
        if (
            part != "end"
            and draw(st.integers(0, 6)) == 0
            and (text := draw(prose("examples" if part == "examples" else "part")))
        ):
            found.append(model.Section(title="", text=text, before=part))
    return tuple(found)
