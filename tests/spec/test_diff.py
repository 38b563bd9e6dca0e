"""What a diff says of two agents."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from plainwork.spec.compile import compile
from plainwork.spec.decompile import decompile
from plainwork.spec.diff import Change, Diff, Names, StepName, diff
from plainwork.spec.flow import Condition, Flow
from plainwork.spec.model import Email, Example, Input, Limits, Output, Retry, Route, Schedule, Spec, Step, Webhook
from tests.cases import cases
from tests.spec.flows import flows
from tests.spec.kinds import CATALOGUE


def step(name: str, uses: str = "set", *routes: Route, **more: Any) -> Step:
    fields: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "uses": uses,
        "routes": routes,
        **more,
    }
    return Step(**fields)


FETCH = step("Fetch posts", "http", with_={"url": "https://a.example/x", "method": "GET"}, timeout="10s")
KEEP = step("Keep", "filter", with_={"items": "{{ fetch_posts.body }}", "where": "item.score > 5"})
MAIL = step("Mail", "email.send", with_={"to": "a@example.org", "body": "{{ keep.items }}"}, account="MAIL")
BASE = Spec(
    title="Posts",
    when=(Schedule(phrase="every day at 09:00 in Europe/Berlin"),),
    inputs={"topic": Input(default="x")},
    secrets={"MAIL": "for mail"},
    steps=(FETCH, KEEP, MAIL),
)


def change(**fields: Any) -> Diff:
    return diff(BASE, msgspec.structs.replace(BASE, **fields), CATALOGUE)


def replace(one: Step, **fields: Any) -> Step:
    return msgspec.structs.replace(one, **fields)


def test_the_same_agent_has_no_difference() -> None:
    assert diff(BASE, BASE, CATALOGUE) == Diff()
    assert diff(BASE, BASE, CATALOGUE).is_same


def test_ways_to_write_the_same_are_no_difference() -> None:
    wordy = (replace(FETCH, routes=(Route(lead="then", to=("keep",)),)), KEEP, MAIL)
    assert change(steps=wordy).is_same


def test_a_setting_field_by_field() -> None:
    fetch = replace(FETCH, with_={"url": "https://a.example/x", "expect": [200]}, timeout="20s", retry=Retry(times=5))
    found = change(steps=(fetch, KEEP, MAIL))
    assert len(found.changed) == 1
    assert sorted(found.changed[0].fields, key=lambda one: one.field) == [
        Change(field="retry.backoff", after=2.0),
        Change(field="retry.on", after=["retry", "timeout"]),
        Change(field="retry.times", after=5),
        Change(field="retry.wait", after="1s"),
        Change(field="timeout", before="10s", after="20s"),
        Change(field="with.expect", after=[200]),
        Change(field="with.method", before="GET"),
    ]
    assert "Step “Fetch posts”: timeout was 10s, is now 20s." in found.summary
    assert "Step “Fetch posts”: method is no longer set (it was GET)." in found.summary


def test_a_new_step() -> None:
    tell = step("Tell", "http", with_={"url": "https://hooks.example/y", "method": "POST"})
    found = change(steps=(FETCH, KEEP, MAIL, tell))
    assert found.added == (StepName(id="tell", name="Tell", uses="http"),)
    assert [(route.from_, route.to) for route in found.routes_added] == [("mail", "tell")]
    assert found.hosts == Names(added=("hooks.example",))
    assert found.acts == Names(added=("tell",))
    assert found.summary == (
        "It newly reaches the host hooks.example.",
        "Step “Tell” newly acts on the outside.",
        "New step “Tell” (http).",
        "After “Mail” the run goes to “Tell”.",
    )


def test_a_step_that_is_gone() -> None:
    found = change(steps=(FETCH, KEEP))
    assert found.removed == (StepName(id="mail", name="Mail", uses="email.send"),)
    assert found.secrets == Names(removed=("MAIL",))
    assert "It no longer uses the secret MAIL." in found.summary
    assert "Step “Mail” (email.send) is gone." in found.summary


def test_a_renamed_step_is_not_a_new_one() -> None:
    fetch = replace(FETCH, id="read-the-posts", name="Read the posts")
    keep = replace(KEEP, with_={**KEEP.with_, "items": "{{ read_the_posts.body }}"})
    found = change(steps=(fetch, keep, MAIL))
    assert (found.added, found.removed, found.routes_added, found.routes_removed) == ((), (), (), ())
    assert [(c.id, c.was, c.fields) for c in found.changed] == [
        ("read-the-posts", "fetch-posts", (Change(field="name", before="Fetch posts", after="Read the posts"),))
    ]
    assert found.summary == ("Step “Fetch posts” is now called “Read the posts”.",)


def test_two_steps_that_swap_their_names() -> None:
    one, two = step("One", "http", with_={"url": "https://a.example"}), step("Two", "llm", with_={"prompt": "x"})
    last = step("Last", with_={"x": "{{ one.body }} {{ two.text }}"})
    before = Spec(title="T", steps=(one, two, last))
    after = Spec(title="T", steps=(replace(one, name="Two"), replace(two, name="One"), last))
    assert [(c.id, c.was) for c in diff(before, after, CATALOGUE).changed] == [("one", None), ("two", None)]


def test_a_renamed_step_may_change_as_well() -> None:
    fetch = replace(FETCH, id="read", name="Read", timeout="99s")
    keep = replace(KEEP, with_={**KEEP.with_, "items": "{{ read.body }}"})
    found = change(steps=(fetch, keep, MAIL))
    assert [(c.id, c.was) for c in found.changed] == [("read", "fetch-posts")]
    assert "Step “Read”: timeout was 10s, is now 99s." in found.summary


def test_another_kind_of_step_is_a_new_one() -> None:
    found = change(steps=(step("Get", "llm", with_=FETCH.with_), KEEP, MAIL))
    assert ([s.id for s in found.added], [s.id for s in found.removed]) == (["get"], ["fetch-posts"])


def test_a_moved_step() -> None:
    found = change(steps=(FETCH, MAIL, KEEP))
    assert [(c.id, c.moved, c.from_, c.to) for c in found.changed] in (
        [("mail", True, None, None)],
        [("keep", True, None, None)],
    )
    assert {(r.from_, r.to) for r in found.routes_added} == {("fetch-posts", "mail"), ("mail", "keep")}


def test_a_step_that_moved_into_another() -> None:
    box = step("Box", "group", steps=(KEEP,))
    found = change(steps=(FETCH, box, MAIL))
    assert [(c.id, c.from_, c.to) for c in found.changed] == [("keep", "", "box")]
    assert "Step “Keep” moved from the top level to “Box”." in found.summary
    away = change(steps=(FETCH, KEEP), errors=(MAIL,))
    assert [(c.id, c.from_, c.to) for c in away.changed] == [("mail", "", "errors")]


def test_routes() -> None:
    mail = replace(MAIL, routes=(Route(lead="error", to=("fail",)),))
    keep = replace(
        KEEP, routes=(Route(lead="if", test="keep.count == 0", to=("stop",)), Route(lead="otherwise", to=("mail",)))
    )
    found = change(steps=(FETCH, keep, mail))
    assert [(r.from_, r.to, r.condition) for r in found.routes_added] == [
        ("keep", "@stop", Condition(if_="keep.count == 0")),
        ("keep", "mail", Condition(else_=True)),
        ("mail", "@fail", Condition(on="error")),
    ]
    assert [(r.from_, r.to, r.condition) for r in found.routes_removed] == [("keep", "mail", None)]
    assert "After “Keep” the run goes to the end if `keep.count == 0`." in found.summary
    assert "After “Mail” the run goes to a failure on an error." in found.summary
    assert "After “Keep” it no longer goes to “Mail”." in found.summary


def test_triggers_inputs_outputs_and_settings() -> None:
    found = change(
        when=(Webhook(path="/posts"), Email(account="BOX")),
        inputs={"topic": Input(default="y"), "more": Input()},
        outputs={"page": Output(value="{{ keep.items }}")},
        model="openai:gpt-5-mini",
        limits=Limits(runs_per_day=3),
        examples=(Example(name="One"),),
        enabled=False,
    )
    assert found.triggers == Names(
        added=("webhook /posts", "email"), removed=("schedule every day at 09:00 in Europe/Berlin",)
    )
    assert found.inputs == Names(added=("more",), changed=("topic",))
    assert found.outputs == Names(added=("page",))
    assert found.examples == Names(added=("One",))
    assert found.secrets == Names(added=("BOX",))
    assert set(found.settings) == {
        Change(field="model", after="openai:gpt-5-mini"),
        Change(field="limits.runs_per_day", after=3),
        Change(field="enabled", before=True, after=False),
    }
    assert "The input topic changed." in found.summary


def test_models() -> None:
    ask = step("Ask", "llm", with_={"prompt": "x"})
    before = Spec(title="T", model="a:b", steps=(ask,))
    after = Spec(title="T", model="a:b", steps=(replace(ask, model=("c:d", "e:f")),))
    assert diff(before, after, CATALOGUE).models == Names(added=("c:d", "e:f"), removed=("a:b",))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://b.example/x/{{ inputs.topic }}", "b.example"),
        ("https://user:secret@b.example:8443/", "b.example:8443"),
        ("https://{{ inputs.topic }}/x", "any host"),
        ("{{ inputs.topic }}", "any host"),
        ("https://{{ inputs.topic }}.example", "any host"),
        ("HTTPS://B.Example", "b.example"),
    ],
)
def test_hosts(url: str, host: str) -> None:
    found = change(steps=(replace(FETCH, with_={"url": url}), KEEP, MAIL))
    assert found.hosts == Names(added=(host,), removed=("a.example",))


def test_hosts_of_a_kind() -> None:
    found = change(steps=(FETCH, KEEP, MAIL, step("Rows", "sql.query", with_={"query": "select 1"}, account="DB")))
    assert found.hosts == Names(added=("db.example.org",))
    assert found.secrets == Names(added=("DB",))


def test_it_is_json() -> None:
    found = change(steps=(KEEP, MAIL), title="Other")
    data = msgspec.json.decode(msgspec.json.encode(found))
    assert data["settings"] == [{"field": "title", "before": "Posts", "after": "Other"}]
    assert msgspec.convert(data, Diff) == found


@settings(max_examples=cases(100), deadline=None)
@given(flows, flows)
def test_any_two_agents(one: Flow, two: Flow) -> None:
    a, b = decompile(one), decompile(two)
    there, back = diff(a, b, CATALOGUE), diff(b, a, CATALOGUE)
    assert {s.id for s in there.added} | {c.id for c in there.changed} >= {s.id for s in b.steps} - {
        s.id for s in a.steps
    }
    assert len(there.added) == len(back.removed)
    assert there.hosts == Names(added=back.hosts.removed, removed=back.hosts.added)
    assert all(isinstance(line, str) and line.endswith(".") for line in there.summary)
    assert there.is_same == (compile(a) == compile(b))


@settings(max_examples=cases(60), deadline=None)
@given(flows)
def test_an_agent_and_itself(flow: Flow) -> None:
    spec = decompile(flow)
    assert diff(spec, decompile(compile(spec)), CATALOGUE).is_same
