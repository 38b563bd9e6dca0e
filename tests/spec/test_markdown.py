"""What the text means, rule by rule, and what is said about texts that mean nothing."""

from __future__ import annotations

import time

import msgspec
import pytest

from plainwork.errors import Finding
from plainwork.spec import model
from plainwork.spec.markdown import parse, problems, render

HEAD = "---\nagentspec: 1\n---\n\n# T\n\n"


def step(body: str = "uses: set", after: str = "", name: str = "A", level: int = 3) -> str:
    return f"{'#' * level} {name}\n```yaml step\n{body}\n```\n{after}"


def spec_of(text: str) -> model.Spec:
    parsed = parse(text)
    assert [str(f) for f in parsed.findings if f.severity == "error"] == []
    assert parsed.spec is not None
    return parsed.spec


def one(text: str) -> Finding:
    """The only finding."""
    parsed = parse(text)
    assert parsed.spec is None
    assert len(parsed.findings) == 1, [str(f) for f in parsed.findings]
    return parsed.findings[0]


def front(text: str) -> model.Spec:
    return spec_of(f"---\nagentspec: 1\n{text}\n---\n# T\n")


def steps_of(*steps: str) -> tuple[model.Step, ...]:
    return spec_of(HEAD + "## Steps\n\n" + "\n".join(steps)).steps


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("every weekday at 07:30 in Europe/Berlin", model.Schedule(phrase="every weekday at 07:30 in Europe/Berlin")),
        (
            "{cron: 30 7 * * 1-5, timezone: Europe/Berlin}",
            model.Schedule(cron="30 7 * * 1-5", timezone="Europe/Berlin"),
        ),
        (
            "{schedule: every day at 7, map: {day: trigger.at}}",
            model.Schedule(phrase="every day at 7", map={"day": "trigger.at"}),
        ),
        (
            "{schedule: every hour, missed: all up to 20, overlap: cancel previous, jitter: 2 minutes}",
            model.Schedule(phrase="every hour", missed="all up to 20", overlap="cancel previous", jitter="2 minutes"),
        ),
        ("{webhook: /x}", model.Webhook(path="/x")),
        (
            '{webhook: /x, respond: stream, once per: "{{ trigger.body.id }}"}',
            model.Webhook(path="/x", respond="stream", once_per="{{ trigger.body.id }}"),
        ),
        (
            "{webhook: /x, method: PUT, verify: SIGNING, respond: when done}",
            model.Webhook(path="/x", method="PUT", verify="SIGNING", respond="when done"),
        ),
        (
            "{poll: rss.new_item, every: 5 minutes, with: {url: u}}",
            model.Poll(uses="rss.new_item", every="5 minutes", with_={"url": "u"}),
        ),
        ("{form: Ask us}", model.Form(title="Ask us")),
        ("chat", model.Chat()),
        ("{chat: , map: {text: trigger.text}}", model.Chat(map={"text": "trigger.text"})),
        ("email", model.Email()),
        ("{email: MAILBOX}", model.Email(account="MAILBOX")),
        ("{email: true, account: MAILBOX}", model.Email(account="MAILBOX")),
        (
            "{email: MAILBOX, every: 5 minutes, with: {subject: order, after: mark read}}",
            model.Email(account="MAILBOX", every="5 minutes", with_={"subject": "order", "after": "mark read"}),
        ),
        ("{error of: Digest}", model.ErrorOf(agent="Digest")),
        ("{error_of: Digest}", model.ErrorOf(agent="Digest")),
        ("manual", model.Manual()),
    ],
)
def test_a_trigger_can_be_written(text: str, trigger: model.Trigger) -> None:
    assert front(f"when: {text}").when == (trigger,)
    assert (
        front(f"when: [chat, {text}]" if "," not in text or "{" in text else f"when:\n- chat\n- {text}").when[1]
        == trigger
    )


def test_front_matter_is_read_into_the_model() -> None:
    spec = front(
        "id: digest\non failure: tell-me\nenabled: no\ntags: [a, 2]\nowner: me\nmodel: [a:b, c:d]\n"
        "limits: {cost per run: 0.05 USD, cost_per_day: $2, time per run: 5 minutes, runs per day: 4}\n"
        "defaults: {retry: {times: 2}, timeout: 20s}\nsecrets: {MAIL: mails}\n"
        "inputs: {a: , b: number, c: {type: 'one of [x, y]', default: null, required: no}}\n"
        "outputs: {n: '{{ x }}', m: {value: 1, about: one}, o: {deep: 1}}"
    )
    assert (spec.id, spec.on_failure, spec.enabled, spec.tags, spec.owner) == (
        "digest",
        "tell-me",
        False,
        ("a", "2"),
        "me",
    )
    assert spec.model == ("a:b", "c:d")
    assert spec.limits == model.Limits(
        cost_per_run_usd=0.05, cost_per_day_usd=2.0, time_per_run="5 minutes", runs_per_day=4
    )
    assert spec.defaults == model.Defaults(retry=model.Retry(times=2), timeout="20s")
    assert spec.inputs["a"] == model.Input()
    assert spec.inputs["b"] == model.Input(type="number")
    assert spec.inputs["c"] == model.Input(type="one of [x, y]", default=None, required=False)
    assert spec.inputs["b"].default is msgspec.UNSET
    assert spec.outputs["n"] == model.Output(value="{{ x }}")
    assert spec.outputs["m"] == model.Output(value=1, about="one")
    assert spec.outputs["o"] == model.Output(value={"deep": 1})


def test_yaml_means_what_json_would() -> None:
    (read,) = steps_of(
        step(
            "uses: set\nwith: {on: yes, a: 12:30, b: 012, c: 2020-01-01, d: +49, e: 0x1f, f: 1e3,\n"
            "  g: ~, h: True, i: -0.5, j: 1_000}"
        )
    )
    wanted = {"on": "yes", "a": "12:30", "b": "012", "c": "2020-01-01", "d": "+49", "e": "0x1f", "f": 1000.0, "g": None}
    assert read.with_ == wanted | {"h": True, "i": -0.5, "j": "1_000"}
    assert read.with_["h"] is True


def test_texts_take_scalars_as_they_were_written() -> None:
    (read,) = steps_of(step("uses: wait\nnote: 1.10\ntimeout: 20\nif: true\naccount: 007"))
    assert (read.note, read.timeout, read.if_, read.account) == ("1.10", "20", "true", "007")


def test_a_step_has_prose_blocks_and_routes() -> None:
    first, second = steps_of(
        "### Ask: the model\nSay why.\n\n```python\nexample()\n```\n```yaml step\nid: ask\nuses: llm\nwith: {n: 1}\n```\n"
        "````text prompt\nHello\n```\n{{ n }}\n\n````\nMore.\n- If `a → b` → stop\n"
        "* when `yes` -> [B](#b), [B](#b)\n- On error `auth` → fail\n- On Timeout → stop\n",
        step(name="B"),
    )
    assert first.about == "Say why.\n\n```python\nexample()\n```\n\nMore."
    assert first.id == "ask"
    assert first.name == "Ask: the model"
    assert first.with_ == {"n": 1, "prompt": "Hello\n```\n{{ n }}\n"}
    assert first.blocks == {"prompt": "text"}
    assert [(r.lead, r.test, r.to) for r in first.routes] == [
        ("if", "a → b", ("stop",)),
        ("when", "yes", ("b", "b")),
        ("error", "auth", ("fail",)),
        ("timeout", None, ("stop",)),
    ]
    assert second.id == "b"


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ("- If `a` → stop", "a"),
        ("- If `` a`b `` → stop", "a`b"),
        ("- If `  a  ` → stop", " a "),
        ("-   If `a`   ->   stop  ", "a"),
        ("- IF `a`→stop", "a"),
        ("   - If `[x](#y)` → stop", "[x](#y)"),
    ],
)
def test_conditions_are_code_spans(line: str, test: str) -> None:
    (read,) = steps_of(step(after=line + "\n"))
    assert read.routes == (model.Route(lead="if", test=test, to=("stop",)),)


@pytest.mark.parametrize(
    "line",
    [
        "- If only it worked.",
        "- When it rains",
        "- Then we go",
        "- Otherwise nothing",
        "    - If `code` → stop",
        "1. If x → stop",
        "- On errors we call → Bob",
        "- Iffy → stop",
        "- a → b",
    ],
)
def test_other_bullets_are_prose(line: str) -> None:
    (read,) = steps_of(step(after=line + "\n"))
    assert read.routes == ()
    assert line.strip() in read.about


@pytest.mark.parametrize(
    "line",
    [
        "- If len(x) == 0 → stop",
        "- If x -> [B](#b)",
        "- When yes → [B](#b)",
        "- When yes => stop",
        "- Otherwise [B](#b)",
        "- Then: stop",
        "- Then → B",
        "- Then → [B](#b) [C](#c)",
        "- Then → [B](#b) or [C](#c)",
        "- Then → ",
        "- If `x` stop",
        "- If `x → stop",
        "- If `` → stop",
        "- If → stop",
        "- Otherwise `x` → stop",
        "- Then → stop and fail",
        "- On error → nowhere",
        "- Else → [B](#b)",
    ],
)
def test_a_bullet_that_looks_like_a_route_is_no_prose(line: str) -> None:
    finding = one(HEAD + "## Steps\n" + step(after=line + "\n") + step(name="B") + step(name="C"))
    assert finding.code in ("bad-route", "condition-without-backquotes")
    assert finding.line == 12
    assert finding.node == "a"


def test_loops_hold_the_deeper_headings() -> None:
    (loop, after) = steps_of(
        step("uses: foreach", name="Each"),
        step("uses: group", name="Box", level=4),
        step(name="In", level=5),
        step(name="Last", level=4),
        step(name="After"),
    )
    assert [s.id for s in loop.steps] == ["box", "last"]
    assert [s.id for s in loop.steps[0].steps] == ["in"]
    assert after.id == "after"


def test_sections_keep_their_place() -> None:
    text = (
        HEAD
        + "Intro.\n\n### not a step\n\n## Background\nWhy.\n### still prose\n\n## What happens\nIn short.\n\n"
        + step()
        + "\n## Notes\n- If x → y\n\n## Tests\n### E\nAbout.\n#### more\n```yaml expect\nran: [a]\n```\n## Last\n"
    )
    spec = spec_of(text)
    assert spec.about == "Intro.\n\n### not a step"
    assert [(s.title, s.before) for s in spec.sections] == [
        ("Background", "steps"),
        ("", "steps"),
        ("Notes", "examples"),
        ("Last", "end"),
    ]
    assert spec.sections[0].text == "Why.\n### still prose"
    assert spec.sections[1].text == "In short."
    assert spec.examples == (model.Example(name="E", about="About.\n#### more", expect={"ran": ["a"]}),)
    assert spec_of(render(spec)) == spec


def test_comments_hide_structure() -> None:
    (read,) = steps_of(step() + "<!--\n" + step(name="B") + "-->\n")
    assert read.about.startswith("<!--")


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        (HEAD.replace("# T\n", ""), "missing-title", 1, "title"),
        (HEAD + "# U\n", "second-title", 7, "##"),
        ("---\nagentspec: 2\n---\n# T\n", "unknown-version", 2, "agentspec: 1"),
        ("---\nagentspec: 1\n# T\n", "unclosed-front-matter", 1, "---"),
        ("---\nagentspec: 1\nwen: x\n---\n# T\n", "unknown-key", 3, '"when"'),
        ("---\nagentspec: 1\nid: a\nid: b\n---\n# T\n", "duplicate-key", 4, "twice"),
        ("---\nagentspec: 1\non failure: a\non_failure: b\n---\n# T\n", "duplicate-key", 4, "twice"),
        ("---\nagentspec: 1\nlimits: {cost per run: cheap}\n---\n# T\n", "wrong-type", 3, "0.05 USD"),
        ("---\nagentspec: 1\nlimits: {runs per day: 1.5}\n---\n# T\n", "wrong-type", 3, "whole number"),
        ("---\nagentspec: 1\nwhen: {webook: /x}\n---\n# T\n", "unknown-trigger", 3, "webhook"),
        ("---\nagentspec: 1\nwhen: webhook\n---\n# T\n", "incomplete-trigger", 3, "webhook: /path"),
        ("---\nagentspec: 1\nwhen: {webhook: /x, respond: later}\n---\n# T\n", "wrong-type", 3, "at once"),
        ("---\nagentspec: 1\nwhen: {webhook: }\n---\n# T\n", "wrong-type", 3, "empty"),
        ("---\nagentspec: 1\nx: [\n---\n# T\n", "bad-yaml", 4, "brackets"),
        (HEAD + "## Steps\n### A\n", "missing-block", 8, "yaml step"),
        (HEAD + "## Steps\n" + step() + "```yaml step\nuses: x\n```\n", "two-blocks", 12, "###"),
        (HEAD + "## Steps\n" + step("with: {}"), "missing-uses", 9, "uses: http"),
        (HEAD + "## Steps\n" + step("use: set"), "unknown-key", 10, '"uses"'),
        (HEAD + "## Steps\n" + step("uses: set\nretry: {time: 1}"), "unknown-key", 11, '"times"'),
        (HEAD + "## Steps\n" + step("uses: set\nretry: 3"), "wrong-type", 11, "mapping"),
        (HEAD + "## Steps\n" + step("uses: set\njoin: each"), "wrong-type", 11, "all, any"),
        (HEAD + "## Steps\n" + step("uses: [set]"), "wrong-type", 10, "text"),
        (HEAD + "## Steps\n" + step("uses: set\nwith: {a: {{ x }}}"), "unquoted-template", 11, "quotes"),
        (HEAD + "## Steps\n" + step("uses: set\nwith: [1]"), "wrong-type", 11, "mapping"),
        (HEAD + "## Steps\n" + step(after="```text a\nx\n```\n```text a\ny\n```\n"), "duplicate-key", 15, "Keep one"),
        (HEAD + "## Steps\n" + step("uses: set\nwith: {a: 1}", "```text a\nx\n```\n"), "duplicate-key", 13, "Keep one"),
        (HEAD + "## Steps\n" + step() + step(), "duplicate-id", 12, "id:"),
        (
            HEAD + "## Steps\n" + step("id: a-b\nuses: x") + step("id: a_b\nuses: x", name="C"),
            "duplicate-id",
            13,
            "same name",
        ),
        (HEAD + "## Steps\n" + step(name="Stop"), "reserved-id", 8, "id:"),
        (HEAD + "## Steps\n" + step(name="!!"), "missing-id", 8, "id:"),
        (HEAD + "## Steps\n" + step("id: a b\nuses: x"), "bad-id", 8, "letters"),
        (
            HEAD + "## Steps\n" + step(after="- Then → [Fecth](#fecth)\n") + step(name="Fetch"),
            "dangling-link",
            12,
            "#fetch",
        ),
        (HEAD + "## Steps\n" + step() + step(name="B", level=4), "heading-too-deep", 12, "###"),
        (HEAD + "## Steps\n" + step("uses: foreach") + step(name="B", level=5), "heading-level", 12, "####"),
        (HEAD + "## Stesp\n" + step(), "step-outside", 9, "## Steps"),
        (HEAD + "## Steps\n" + step() + "## Flow\n", "second-section", 12, "one"),
        (HEAD + "## Steps\n" + step() + "```\nx\n", "unclosed-fence", 12, "backquotes"),
        (HEAD + "<!-- x\n", "unclosed-comment", 7, "-->"),
        (HEAD + "## Steps\n### A\n  ```yaml step\n  uses: x\n  ```\n", "indented-block", 9, "start of the line"),
        (HEAD + "## Examples\n### E\n```yaml given\n- a\n```\n", "wrong-type", 10, "mapping"),
        (HEAD + "## Steps\n###\n```yaml step\nid: a\nuses: x\n```\n", "empty-heading", 8, "name"),
    ],
)
def test_a_finding_names_the_line_and_the_way_out(text: str, code: str, line: int, says: str) -> None:
    finding = one(text)
    assert (finding.code, finding.line) == (code, line)
    assert says in str(finding)


def test_missing_front_matter_is_only_a_warning() -> None:
    parsed = parse("# T\n\n## Steps\n" + step())
    assert [(f.code, f.severity) for f in parsed.findings] == [("missing-version", "warning")]
    assert parsed.spec is not None


def test_findings_know_the_step_and_the_field() -> None:
    finding = one(HEAD + "## Steps\n" + step("uses: set\nretry: {times: often}"))
    assert (finding.node, finding.field, finding.column) == ("a", "retry.times", 16)


def test_the_source_map_places_everything() -> None:
    text = "---\nagentspec: 1\nwhen: every day at 7\nlimits: {cost per run: 1 USD}\n---\n\n# Title\n\nIntro.\n\n## Steps\n\n"
    text += (
        step(
            "uses: llm\nwith:\n  url: http://x.y/\n  list: [a, b]",
            "```text prompt\nHi\n```\n- Then → stop\n",
            name="Ask",
        )
        + "\nafter\n"
    )
    source = parse(text).source

    def said(span: object) -> str:
        assert span is not None
        return text[span.start : span.end]  # type: ignore[attr-defined]

    assert said(source.field("ask", "with.url")) == "http://x.y/"
    assert said(source.field("ask", "with.list.1")) == "b"
    assert said(source.field("ask", "with.prompt")) == "Hi\n"
    assert said(source.field("ask", "with.missing")).startswith("url:")
    assert said(source.field("ask", "timeout")) == "Ask"
    assert said(source.field("ask", "name")) == "Ask"
    assert said(source.field(None, "limits.cost_per_run_usd")) == "1 USD"
    assert said(source.field(None, "when.0.phrase")) == "every day at 7"
    assert said(source.field(None, "title")) == "Title"
    assert said(source.node("trigger-1")) == "every day at 7"
    assert said(source.route("ask", 0)) == "- Then → stop\n"
    assert said(source.node("ask")).endswith("after")
    assert source.node("nobody") is None
    span = source.field("ask", "with.url")
    assert span is not None
    assert (span.line, span.column) == (17, 8)


def test_two_hundred_steps_are_read_in_milliseconds() -> None:
    body = 'uses: reddit.top\naccount: A\nwith: {subreddit: "{{ s }}", period: day, limit: 10}\n'
    body += "retry: {times: 3, wait: 10s}\ntimeout: 20s"
    text = HEAD + "## Steps\n" + "".join(step(body, name=f"Fetch {n}") for n in range(200))
    best = 1.0
    for _ in range(5):
        began = time.process_time()
        assert parse(text).spec is not None
        best = min(best, time.process_time() - began)
    assert best < 0.05


def _spec(**fields: object) -> model.Spec:
    return msgspec.structs.replace(model.Spec(title="T", steps=(model.Step(id="a", name="A", uses="set"),)), **fields)


def _one_step(**fields: object) -> model.Spec:
    return _spec(steps=(msgspec.structs.replace(model.Step(id="a", name="A", uses="set"), **fields),))


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (_spec(title=""), "bad-name"),
        (_spec(title="a\nb"), "bad-name"),
        (_spec(agentspec=2), "unknown-version"),
        (_spec(about="## x"), "bad-prose"),
        (_spec(about="\n"), "bad-prose"),
        (_spec(about="```"), "bad-prose"),
        (_spec(about="a\rb"), "bad-prose"),
        (_one_step(about="### x"), "bad-prose"),
        (_one_step(about="- If x → y"), "bad-prose"),
        (_one_step(about="```text prompt\n```"), "bad-prose"),
        (_one_step(id="a b"), "bad-id"),
        (_one_step(id="run"), "reserved-id"),
        (_one_step(name=" A"), "bad-name"),
        (_one_step(with_={"a": float("nan")}), "bad-number"),
        (_one_step(with_={"a": 10**400}), "bad-number"),
        (_one_step(with_={"a": "\ud800"}), "bad-character"),
        (_one_step(with_={"k" * 600: 1}), "bad-key"),
        (_one_step(blocks={"a": "text"}), "bad-block"),
        (_one_step(blocks={"a b": "text"}, with_={"a b": "x"}), "bad-block"),
        (_one_step(blocks={"step": "yaml"}, with_={"step": "x"}), "bad-block"),
        (_one_step(routes=(model.Route(lead="if", to=("stop",)),)), "bad-route"),
        (_one_step(routes=(model.Route(lead="then", to=()),)), "bad-route"),
        (_one_step(routes=(model.Route(lead="then", to=("stop", "a")),)), "bad-route"),
        (_one_step(routes=(model.Route(lead="if", test="a\nb", to=("stop",)),)), "bad-route"),
        (_one_step(routes=(model.Route(lead="then", to=("b",)),)), "dangling-link"),
        (_one_step(steps=(model.Step(id="b", name="B", uses="set"),)), "heading-too-deep"),
        (_spec(steps=(model.Step(id="a", name="A", uses="x"), model.Step(id="a", name="B", uses="x"))), "duplicate-id"),
        (_spec(when=(model.Schedule(timezone="UTC"),)), "unknown-trigger"),
        (_spec(sections=(model.Section(title="Steps"),)), "bad-section"),
        (_spec(sections=(model.Section(title="B"), model.Section(title="A", before="steps"))), "bad-section"),
        (_one_step(with_={"a": "x" * 1_000_000}), "too-large"),
    ],
)
def test_a_spec_without_a_text_form_is_told_why(spec: model.Spec, code: str) -> None:
    assert code in [finding.code for finding in problems(spec)]


def test_values_nested_too_deeply_are_a_problem() -> None:
    value: object = 1
    for _ in range(50):
        value = [value]
    assert [f.code for f in problems(_one_step(with_={"a": value}))] == ["too-deep"]
