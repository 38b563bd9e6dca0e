"""A workspace as files: the same bytes for the same workspace, and what is no workspace's file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.errors import Invalid, LimitReached
from plainwork.releases import files
from plainwork.releases.files import AgentState, Bundle, SecretNeed

slugs = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
states = st.builds(
    AgentState, name=texts, live=st.booleans(), paused=st.booleans(), paused_triggers=st.tuples(texts) | st.just(())
)
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.lists(texts, max_size=3)
needs = st.builds(SecretNeed, about=texts, connector=st.none() | texts, hosts=st.none() | st.tuples(texts))
bundles = st.dictionaries(slugs, st.tuples(texts, states), max_size=4).flatmap(
    lambda agents: st.builds(
        Bundle,
        documents=st.just({slug: text for slug, (text, _) in agents.items()}),
        states=st.just({slug: state for slug, (_, state) in agents.items()}),
        variables=st.dictionaries(texts, values, max_size=3),
        secrets=st.dictionaries(texts, needs, max_size=3),
    )
)


@given(bundles)
def test_what_is_written_is_read(bundle: Bundle) -> None:
    assert files.read(files.write(bundle)) == bundle


@given(bundles, st.randoms())
def test_the_order_in_which_things_are_found_does_not_show(bundle: Bundle, chance: Any) -> None:
    def shuffled(mapping: Any) -> dict[str, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    again = Bundle(*(shuffled(part) for part in (bundle.documents, bundle.states, bundle.variables, bundle.secrets)))
    assert list(files.write(again).items()) == list(files.write(bundle).items())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"agents/../../etc/passwd.md": ""}, "unknown-file"),
        ({"../agents/a.md": ""}, "unknown-file"),
        ({"/agents/a.md": ""}, "unknown-file"),
        ({"agents/A.md": ""}, "unknown-file"),
        ({"agents/a.md\n": ""}, "unknown-file"),
        ({"agents\\a.md": ""}, "unknown-file"),
        ({"agents/a/b.md": ""}, "unknown-file"),
        ({"agents/.md": ""}, "unknown-file"),
        ({"README.md": ""}, "unknown-file"),
        ({"plainwork.json": "{"}, "bad-file"),
        ({"plainwork.json": '{"agents": {}}'}, "bad-file"),
        ({"plainwork.json": '{"format": 1, "surplus": 1}'}, "bad-file"),
        ({"plainwork.json": '{"format": 2}'}, "unknown-format"),
        ({"plainwork.json": '{"format": 1, "agents": {"a": {"name": "A"}}}'}, "missing-file"),
        ({"variables.json": "[]"}, "bad-file"),
        ({"variables.json": "[" * 100_000}, "bad-file"),
        ({"secrets.json": '{"a": {"value": "in clear"}}'}, "bad-file"),
        ({"secrets.json": '{"a": "\ud800"}'}, "bad-file"),
    ],
)
def test_what_does_not_belong_is_a_finding(given: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        files.read(given)
    assert [finding.code for finding in refused.value.findings] == [code]


def test_there_is_a_most() -> None:
    with pytest.raises(LimitReached):
        files.read({f"agents/a{number}.md": "" for number in range(files.MOST_AGENTS + 4)})


def test_files_may_be_left_out() -> None:
    assert files.read({}) == Bundle({}, {}, {}, {})
    assert files.read({"agents/a.md": "# A"}) == Bundle({"a": "# A"}, {}, {}, {})


def test_json_is_written_for_people_and_diffs() -> None:
    written = files.write(Bundle({}, {}, {"b": "ü", "a": 1}, {}))
    assert written["variables.json"] == '{\n  "a": 1,\n  "b": "ü"\n}\n'
    assert json.loads(written["plainwork.json"]) == {"agents": {}, "format": 1}
