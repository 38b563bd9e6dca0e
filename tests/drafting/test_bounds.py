"""Whatever is given: a draft that is valid, or one clear refusal; quickly, and the same again."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.drafting import Draft, draft_by_rules
from plainwork.drafting.text import MAX_CHARACTERS, tokenize, words_of
from plainwork.engine.catalogue import load
from plainwork.errors import Invalid
from plainwork.spec.compile import compile as compile_spec
from plainwork.spec.markdown import parse, render
from tests.cases import cases
from tests.drafting.support import drafted, every

VERBS = ["fetch", "get", "keep", "create", "update", "delete", "send", "mail", "post", "summarise", "classify", "extract", "sort", "merge", "save", "wait",
         "approve", "translate", "upload", "check", "notify", "filter", "convert", "reply with", "search"]  # fmt: skip
OBJECTS = ["the posts", "a Jira issue", "it", "them", "each ticket", "the file", "an email", "https://example.com/a.json", "a@example.org", "'a text'",
           "the rows from the Google Sheet", "items with score over 3", "orders from Shopify and HubSpot", "a message to #ops on Slack", "users", "",
           "5 minutes", "the summary to Telegram", "an image", "name, email and phone", "duplicates", "the database"]  # fmt: skip
JOINTS = [", ", " and ", ". ", ", then ", "; ", " as well as ", "\n- ", "\n1. ", " or ", " while ", ": ", " → "]
LEADS = ["", "if it is urgent ", "For each item ", "every Monday at 9 ", "When a new mail arrives, ", "otherwise ", "unless it is paid, ", "If so, ",
         "check whether it exists. ", "This workflow ", "The Slack node ", "## How it works\n", "If it fails, ", "use GPT-4 to ", "For bad reviews, "]  # fmt: skip


def sound(draft: Draft) -> None:
    """Valid, within its promises, and the same document when it is written and read again."""
    assert [str(f) for f in draft.findings if f.severity == "error"] == []
    assert draft.spec.steps
    assert len(draft.questions) <= 3
    again = parse(draft.markdown)
    assert again.findings == []
    assert again.spec == draft.spec
    assert render(draft.spec) == draft.markdown
    assert compile_spec(draft.spec) == draft.flow
    kinds = load()
    assert all(step.uses in kinds for step in every(draft.spec.steps + draft.spec.errors))
    assert msgspec.json.decode(msgspec.json.encode(draft), type=Draft) == draft


def attempt(text: str) -> None:
    try:
        draft = drafted(text)
    except Invalid as error:
        refused = error
    else:
        sound(draft)
        return
    assert refused.findings
    assert refused.next_step


@settings(max_examples=cases(60), deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_valid_draft_or_a_clear_refusal(text: str) -> None:
    attempt(text)


clauses = st.tuples(
    st.sampled_from(LEADS), st.sampled_from(VERBS), st.just(" "), st.sampled_from(OBJECTS), st.sampled_from(JOINTS)
)


@settings(max_examples=cases(150), deadline=None)
@given(st.lists(clauses.map("".join), min_size=1, max_size=7).map("".join))
def test_any_pile_of_clauses_gives_a_valid_draft(text: str) -> None:
    sound(drafted(text))


@settings(max_examples=cases(60), deadline=None)
@given(st.text(alphabet=st.sampled_from(list("abc .,;:-–'\"“”`#*_|()[]{}<>!?@/\\\n\t0123456789→é中🙂")), max_size=200))
def test_marks_never_break_a_document(text: str) -> None:
    attempt("Fetch " + text + " and send it")


@settings(max_examples=cases(60), deadline=None)
@given(st.text(max_size=200))
def test_no_word_is_lost_between_text_and_tokens(text: str) -> None:
    kept = "".join(words_of(tokenize(text)).split())
    letters = [letter for letter in text if letter.isalnum() and letter.isascii()]
    assert [letter for letter in kept if letter.isalnum() and letter.isascii()] == letters


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "draft-empty"),
        ("  \n\t ", "draft-empty"),
        ("12 34 !!", "draft-empty"),
        ("\x00\x01\x02\x03" * 40 + "PK abc", "draft-not-text"),
        ("\ufffd" * 60 + "abc", "draft-not-text"),
        ("send mail " * 4000, "draft-too-long"),
    ],
)
def test_what_cannot_be_drafted_is_refused_with_a_next_step(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        drafted(text)
    assert [finding.code for finding in caught.value.findings] == [code]
    assert caught.value.next_step


@pytest.mark.parametrize(
    "piece",
    ["a", "-a", "a.", '"a ', "'", "(", "http://a.b ", "if ", "send, ", "and ", "then ", "every day ", "for each item send ", "- fetch x\n", "1. a ",
     "(variable a ", "check if x is over 5. ", "if title contains ", "If it is over 5, mail a@b.org and create a Jira issue. ", "Google ", "**", "`", "# "],
)  # fmt: skip
def test_the_longest_texts_are_drafted_in_bounded_time(piece: str) -> None:
    text = (piece * MAX_CHARACTERS)[: MAX_CHARACTERS - 20] + " fetch the posts"
    begin = time.process_time()
    attempt(text)
    assert time.process_time() - begin < 10


def test_a_sentence_is_drafted_in_milliseconds() -> None:
    text = "When an order is placed in Shopify, if the total is over 100, post it to #sales on Slack, otherwise add it to Notion."
    drafted(text)
    begin = time.process_time()
    for _ in range(5):
        drafted(text)
    assert (time.process_time() - begin) / 5 < 0.25


def test_the_same_text_gives_the_same_draft() -> None:
    text = "Get the leads from HubSpot. For each lead, if the country is Spain, mail it to es@example.org, else post it to Slack."
    assert drafted(text) == drafted(text)


def test_nothing_of_a_clause_that_no_rule_reads_is_lost() -> None:
    draft = drafted("Fetch https://example.com/a.json. Blorp the gnarfle sideways. Mail it to a@example.org.")
    told = " ".join(
        [
            *(one.text for one in draft.assumptions),
            *(one.text for one in draft.questions),
            draft.markdown.split("## Steps")[1],
        ]
    )
    assert "Blorp the gnarfle sideways" in told


def test_without_a_kind_a_step_is_left_open() -> None:
    from plainwork.spec.kinds import Catalogue

    small = Catalogue([kind for name, kind in load().items() if name in ("http", "todo", "condition")])
    draft = draft_by_rules("Fetch https://example.com/a.json, summarise it and mail it to a@example.org", small)
    assert {step.uses for step in draft.spec.steps} == {"http", "todo"}
    assert [f for f in draft.findings if f.severity == "error"] == []
