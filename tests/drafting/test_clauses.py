"""Sentences as pieces: acts with their objects, conditions, loops, events."""

from __future__ import annotations

import pytest

from plainwork.drafting.clauses import Act, Cond, Failure, Loop, Piece, Unread, When, read_sentence
from plainwork.drafting.outline import statements
from plainwork.drafting.text import tokenize, words_of


def told(piece: Piece) -> str:
    match piece:
        case Act():
            subject = f"{words_of(piece.subject)} " if piece.passive else ""
            return f"{piece.verb.lemma}({subject}{words_of(piece.object)})"
        case Cond():
            return f"{piece.kind}[{words_of(piece.tokens)}]{'<' if piece.trailing else ''}"
        case Loop():
            return f"each[{words_of(piece.tokens)}]{'<' if piece.trailing else ''}"
        case When():
            return f"when[{words_of(piece.tokens)}]"
        case Failure():
            return "failure"
        case Unread():
            return f"?({words_of(piece.tokens)})"


@pytest.mark.parametrize(
    ("english", "pieces"),
    [
        ("Fetch the posts and mail them", "fetch(the posts) mail(them)"),
        ("read and summarise the mail", "read(the mail) summarise(the mail)"),
        ("send an email and a text message", "send(an email and a text message)"),
        ("It takes the text and translates it", "take(the text) translate(it)"),
        ("The Slack node posts a message", "post(a message)"),
        ("A report is created in Notion and an email is sent", "create(a report in Notion) send(an email )"),
        ("Use Gmail to mail the file", "mail(the file)"),
        ("I want to save the post and label it", "save(the post) label(it)"),
        ("notify the team by sending a text", "send(a text)"),
        ("A workflow that reads the news by querying an API", "query(an API)"),
        ("If it is over 100, post it, otherwise drop it", "if[it is over 100] post(it) else[] drop(it)"),
        ("post it if it is urgent", "post(it) if[it is urgent]<"),
        ("if the title contains cats it will send a mail", "if[the title contains cats] send(a mail)"),
        ("if urgent text me", "if[urgent] text(me)"),
        ("For every user, unless he is away, mail him", "each[user] unless[he is away] mail(him)"),
        ("mail each of them for each order", "mail(each of them) each[order]<"),
        ("get the users, for each user delete the file", "get(the users) each[user] delete(the file)"),
        ("When a form is submitted, save it", "when[a form is submitted] save(it)"),
        ("Save it to the database so that you can find it", "save(it to the database)"),
        ("if the request fails, tell me", "failure tell(me)"),
        ("The weather in Rome", "?(The weather in Rome)"),
        ("Aggregates feeds, filters articles and sorts them", "aggregate(feeds) filter(articles) sort(them)"),
        ("The image is then finally shared on Discord", "share(the image on Discord)"),
        ("check whether it exists", "check() if[it exists]<"),
        ("Query the API to get the weather", "query(the API to get the weather)"),
        ("For bad reviews, write a letter", "if[bad reviews] write(a letter)"),
    ],
)
def test_a_sentence_is_read_into_pieces(english: str, pieces: str) -> None:
    assert " ".join(told(piece) for piece in read_sentence(tokenize(english))) == pieces


def test_markdown_is_taken_apart_and_set_up_notes_set_aside() -> None:
    text = """# Title
This *workflow* reads [the docs](https://example.com). It sends them.

## Setup
1. Add your API key

## How it works
- **Slack node**: posts it (see [this](https://x.example))
* Email: mails it
1. Import the workflow
```js
let x = 1;
```
"""
    found = [(s.origin, words_of(s.label), words_of(s.tokens)) for s in statements(text)]
    assert found == [
        ("prose", "", "This workflow reads the docs"),
        ("prose", "", "It sends them"),
        ("item", "Slack node", "posts it (see this)"),
        ("item", "Email", "mails it"),
        ("aside", "", "Import the workflow"),
    ]


def test_an_inline_list_has_its_lead() -> None:
    found = [(words_of(s.lead), words_of(s.tokens)) for s in statements("Create: 1. a task 2. a card 3. a note")]
    assert found == [("Create", "a task"), ("Create", "a card"), ("Create", "a note")]


def test_initials_and_dotted_names_do_not_end_a_sentence() -> None:
    found = [words_of(s.tokens) for s in statements("Use A.I. to read monday.com, i.e. the board. Then stop.")]
    assert found[0].startswith("Use AI to read monday.com")
    assert len(found) == 2
