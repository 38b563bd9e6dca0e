from __future__ import annotations

import base64
import json
import time
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.connectors.code.mail_message import (
    LARGEST_CONTENTS,
    LONGEST_HTML,
    LONGEST_TEXT,
    identity,
    read,
    sender_and_subject,
)


def written(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = headers.pop("sender", "Ada Lovelace <ada@example.org>")
    message["To"] = headers.pop("to", "desk@example.org")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def test_a_mail_is_read_with_all_it_needs() -> None:
    message = written(
        Subject="Grüße ✓",
        to='"Desk, the" <desk@example.org>, Bo <bo@example.org>',
        Cc="cy@example.org",
        Reply_To="Ada <ada+reply@example.org>",
        Date="Mon, 23 Nov 2026 10:30:00 +0100",
        Message_ID="<1@example.org>",
        In_Reply_To="<0@example.org>",
    )
    message.set_content("Where is my order?\n")
    message.add_alternative("<p>Where is my <b>order</b>?</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung für Ada.pdf")
    message.add_attachment("a,b\n1,2\n", subtype="csv", filename="../../etc/rows.csv")
    found = read(message.as_bytes(), contents=True)
    assert found == {
        "from": "ada@example.org",
        "from_name": "Ada Lovelace",
        "to": ["desk@example.org", "bo@example.org"],
        "cc": ["cy@example.org"],
        "reply_to": "ada+reply@example.org",
        "subject": "Grüße ✓",
        "text": "Where is my order?\n",
        "html": "<p>Where is my <b>order</b>?</p>\n",
        "date": "2026-11-23T09:30:00Z",
        "message_id": "<1@example.org>",
        "in_reply_to": "<0@example.org>",
        "automatic": False,
        "attachments": [
            {"name": "Rechnung für Ada.pdf", "type": "application/pdf", "size": 4, "base64": "JVBERg=="},
            {"name": "rows.csv", "type": "text/csv", "size": 8, "text": "a,b\n1,2\n"},
        ],
        "problems": [],
    }
    assert [set(one) for one in read(message.as_bytes())["attachments"]] == [{"name", "type", "size"}] * 2


def test_a_mail_in_html_only_has_a_text_too() -> None:
    message = written()
    message.set_content("<style>p {}</style><p>Hello</p><p>there</p>", subtype="html")
    assert read(message.as_bytes())["text"] == "Hello\n\nthere"


def test_a_forwarded_mail_is_an_attachment_and_its_text_is_not_ours() -> None:
    inner = written(Subject="Inner")
    inner.set_content("inner text")
    outer = written(Subject="Outer")
    outer.set_content("outer text")
    outer.add_attachment(inner)
    found = read(outer.as_bytes())
    assert (found["subject"], found["text"]) == ("Outer", "outer text\n")
    assert found["attachments"] == [{"name": "", "type": "message/rfc822", "size": None}]


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        (b"Subject: =?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?q?_f=FCr_Sie?=\n\n", "subject", "Grüße für Sie"),
        ("Subject: Grüße roh\n\n".encode(), "subject", "Grüße roh"),
        ("Subject: Grüße roh\n\n".encode("latin-1"), "subject", "Grüße roh"),
        (b"Subject: =?nonsense?q?abc?=\n\n", "subject", "abc"),
        (b"Subject: a\n b\n\n", "subject", "a b"),
        (b"From: ada@example.org, bo@example.org\n\n", "from", "ada@example.org"),
        (b"From: Ada Lovelace ada@example.org\n\n", "from", "ada@example.org"),
        (b"From: <ada@example.org\n\n", "from", "ada@example.org"),
        (b"From: nobody\n\n", "from", ""),
        (b"To: friends: ada@example.org, bo@example.org;\n\n", "to", ["ada@example.org", "bo@example.org"]),
        (b"To: undisclosed-recipients:;\n\n", "to", []),
        (b"Date: yesterday\n\n", "date", None),
        (b"Date: Mon, 23 Nov 2026 10:30:00 -0000\n\n", "date", "2026-11-23T10:30:00Z"),
        (b"Content-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe", "text", "Grüße"),
        (b"Content-Type: text/plain; charset=punycode\n\nGr\xc3\xbc\xc3\x9fe", "text", "Grüße"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGFs!bG8", "text", "Hallo"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: odd\n\nHallo", "text", "Hallo"),
        (b"Content-Type: nonsense\n\nHallo", "text", "Hallo"),
        (b"Content-Type: multipart/mixed\n\nno boundary", "text", ""),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nunfinished", "text", "unfinished"),
        (b"Auto-Submitted: auto-replied; x=y\n\n", "automatic", True),
        (b"Auto-Submitted: no\nPrecedence: first-class\n\n", "automatic", False),
        (b"Precedence: Bulk\n\n", "automatic", True),
        (b"Return-Path: <>\n\n", "automatic", True),
        (b"\x00\x01\x02", "subject", ""),
        (b"Subject: a\x00b\n\nc\x00d", "text", "cd"),
        (b"", "text", ""),
    ],
)
def test_what_is_odd_is_read_as_far_as_it_can_be(raw: bytes, field: str, value: Any) -> None:
    assert read(raw)[field] == value


def test_a_mail_is_the_same_wherever_it_is_stored_and_no_other_is() -> None:
    head = b"Message-ID: <1@example.org>\r\nDate: Mon, 23 Nov 2026 10:30:00 +0000\r\nFrom: ada@example.org\r\nSubject: Hi\r\n there\r\n\r\n"
    moved = b"Received: from elsewhere\r\nFrom: ada@example.org\r\nsubject:  Hi there\r\nDATE: Mon, 23 Nov 2026 10:30:00 +0000\r\nMessage-Id: <1@example.org>\r\n\r\n"
    assert identity(head) == identity(moved)
    assert identity(head) != identity(head.replace(b"<1@", b"<2@")) != identity(head.replace(b"Hi", b"Ho"))
    assert sender_and_subject(head) == (" <ada@example.org>", "Hi there")


def nested(depth: int, body: bytes = b"deep") -> bytes:
    lines = [b"MIME-Version: 1.0"]
    for level in range(depth):
        lines += [b"Content-Type: multipart/mixed; boundary=b%d" % level, b"", b"--b%d" % level]
    return b"\r\n".join([*lines, b"Content-Type: text/plain", b"", body])


ATTACKS = {
    "nested deeply": nested(5_000),
    "nested, with many lines": nested(100, b"x\r\n" * 190_000),
    "nested under comments": nested(400).replace(b"multipart/", b"(c)multipart(c)/"),
    "mails in mails": b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
    "many lines": b"Subject: x\r\n\r\n" + b"\r\n" * 2_000_000,
    "many parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 2_900,
    "many headers": b"X: y\r\n" * 150_000 + b"\r\nhi",
    "a long address list": b"To: " + b", ".join(b"a%d@example.org" % i for i in range(50_000)) + b"\r\n\r\n",
    "open comments": b"From: " + b"(" * 100_000 + b"\r\n\r\n",
    "open quotes": b"From: " + b'"' * 100_001 + b"\r\nTo: " + b'"\\' * 50_000 + b"\r\n\r\n",
    "open angles": b"From: " + b"<" * 100_000 + b"\r\nReply-To: " + b"a<" * 50_000 + b"\r\n\r\n",
    "groups": b"To: " + b"a:" * 50_000 + b"\r\n\r\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?=C3?= " * 20_000 + b"\r\n\r\n",
    "open encoded words": b"Subject: " + b"=?" * 100_000 + b"\r\n\r\n",
    "parameters": b"Content-Type: text/plain; " + b"; ".join(b"a*%d*=x" % i for i in range(20_000)) + b"\r\n\r\n",
    "open brackets in an id": b"Message-ID: " + b"<" * 50_000 + b"\r\n\r\n",
    "deep html": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 300_000,
    "base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 1_000_000,
    "quoted": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n=3D" * 90_000,
    "uuencoded": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M" + b"0" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_mails_are_read_quickly_and_bounded(attack: str) -> None:
    began = time.process_time()
    found = read(ATTACKS[attack], contents=True)
    identity(ATTACKS[attack])
    assert time.process_time() - began < 4
    assert len(found["text"]) <= LONGEST_TEXT
    assert len(found["html"]) <= LONGEST_HTML
    assert len(json.dumps(found)) < LONGEST_TEXT + LONGEST_HTML + 2 * LARGEST_CONTENTS


def test_contents_of_attachments_are_bounded_in_sum() -> None:
    message = written()
    message.set_content("see attached")
    for number in range(4):
        message.add_attachment(bytes(200_000), maintype="application", subtype="octet-stream", filename=f"{number}")
    found = read(message.as_bytes(), contents=True)["attachments"]
    assert [("base64" in one, one["size"]) for one in found] == [(n < 1, 200_000) for n in range(4)]
    assert base64.b64decode(found[0]["base64"]) == bytes(200_000)


def test_a_mail_that_was_cut_off_says_so() -> None:
    message = written(Subject="Large")
    message.set_content("the text")
    message.add_attachment(bytes(100_000), maintype="application", subtype="zip", filename="all.zip")
    found = read(message.as_bytes()[:20_000], cut=True)
    assert (found["subject"], found["text"], found["attachments"][0]["name"]) == ("Large", "the text\n", "all.zip")
    assert found["problems"] == ["The mail is larger than is read; its end is missing."]


_PIECES = st.sampled_from(
    b'From: |To: |Date: |Mon, 99 Nov|Subject: |\r\n|\n|--x|--x--|=?utf-8?b?|?=|"|<|>|@|(|a@b|;| name*0*=|\xff|\x00|charset=idna|'
    b"Content-Type: multipart/mixed; boundary=x|Content-Type: message/rfc822|Content-Type: text/html; |"
    b"Content-Transfer-Encoding: base64|Content-Disposition: attachment; filename=".split(b"|")
)


@given(st.lists(_PIECES | st.binary(max_size=6), max_size=40).map(b"".join))
def test_anything_can_be_read(raw: bytes) -> None:
    found = read(raw, contents=True)
    json.dumps(found).encode()
    assert "\0" not in str(found)
    json.dumps(found, ensure_ascii=False).encode()
    assert len(identity(raw)) == 64
    sender_and_subject(raw)
