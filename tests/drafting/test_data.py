"""The data files and the small programs: consistent, complete, and tried out in the sandbox."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from plainwork.drafting.apps import find_apps, known
from plainwork.drafting.data import data
from plainwork.drafting.snippets import SNIPPETS, Snippet
from plainwork.drafting.text import check_bounds, tokenize
from plainwork.drafting.verbs import look_up, table
from plainwork.engine.catalogue import load
from plainwork.sandbox import Sandbox


def test_there_are_many_services_and_each_name_means_one() -> None:
    rows = data("apps.yaml")
    assert len(rows) >= 150
    names = Counter(
        name.lower() for row in rows.values() for name in {row["name"].lower(), *map(str.lower, row.get("also", ()))}
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert {row["sort"] for row in rows.values()} == {
        *(
            "message",
            "mail",
            "phone",
            "tracker",
            "records",
            "storage",
            "sheet",
            "database",
            "forms",
            "feed",
            "model",
            "media",
            "other",
        )
    }


@pytest.mark.parametrize("app_id", sorted(known()))
def test_each_service_is_found_by_its_name(app_id: str) -> None:
    app = known()[app_id]
    found = [mention.app.id for mention in find_apps(tokenize(check_bounds(f"put it to {app.name} account")))]
    assert found == [app_id]


def test_connectors_that_exist_are_reached_by_their_services() -> None:
    prefixes = {name.partition(".")[0].replace("-", "_") for name, kind in load().items() if kind.account}
    reachable = {app.connector for app in known().values()} | {"email", "http"}
    assert prefixes <= reachable


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a box folder and a box of chocolates", ["Box"]),
        ("close the linear issue in front of them", ["Linear"]),
        ("Notion's page", ["Notion"]),
        ("GPT-4 Turbo, claude-3.5 and Hubspot1 node", ["OpenAI", "Anthropic", "HubSpot"]),
        ("the Foo Bar API and via Quux", ["Foo Bar", "Quux"]),
        ("read r/python on Monday, then monday.com", ["Reddit", "Monday.com"]),
        ("the JSON API of the IT team", []),
    ],
)
def test_names_in_text(text: str, names: list[str]) -> None:
    assert [mention.app.name for mention in find_apps(tokenize(text))] == names


def test_verbs_are_found_in_all_forms_and_with_two_letters_swapped() -> None:
    forms = {
        "sends": "send",
        "sending": "send",
        "sent": "send",
        "classified": "classify",
        "merges": "merge",
        "recieves": "receive",
        "fetched": "fetch",
    }
    for word, lemma in forms.items():
        verb = look_up(word)
        assert verb is not None
        assert verb.lemma == lemma
    assert look_up("gnarfle") is None
    assert all(verbs for verbs in table().values())


PROGRAMS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("xml", "json"): (
        '<?xml version="1.0"?><a x="1"><b>one &amp; two</b><b/><c><d>3</d></c></a>',
        {"a": {"@x": "1", "b": ["one & two", {}], "c": {"d": "3"}}},
    ),
    ("csv", "json"): (
        'name,age\r\n"Lovelace, Ada",36\nBob,"4""2"\n',
        [{"name": "Lovelace, Ada", "age": "36"}, {"name": "Bob", "age": '4"2'}],
    ),
    ("json", "csv"): ([{"a": 1, "b": "x,y"}, {"a": None, "c": 'q"'}], 'a,b,c\n1,"x,y",\n,,"q"""'),
}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: f"{snippet.takes}-{snippet.gives}")
def test_each_program_does_what_it_says(snippet: Snippet) -> None:
    box = Sandbox()
    try:
        given, wanted = PROGRAMS.get((snippet.takes, snippet.gives), PROGRAMS["json", "csv"])
        assert box.run_sync(snippet.code, {snippet.variable: given}).result == wanted
    finally:
        box.close()
