"""Mails as they arrived (RFC 5322, MIME), read into plain values.

Whoever knows an address can send anything to it: nothing here raises, takes long, or gives more than the bounds below,
however a mail is made. What is cut off or cannot be read is said under ``problems``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

from plainwork.connectors.charsets import decoded
from plainwork.connectors.html_text import text_of

T = TypeVar("T")
LONGEST_TEXT = 50_000
LONGEST_HTML = 100_000
LARGEST_CONTENTS = 300_000
MOST_PARTS = 200
MOST_ADDRESSES = 200
_LONGEST_HEADER = 4_000
_LONGEST_NAME = 300
_MOST_HEADERS = 2_000
_MOST_LINES = 200_000
_MOST_WORK = 2_000_000  # lines times the parts they may be nested in: what the library compares each line with
_MOST_BOUNDARIES = 3_000
_NESTING = re.compile(rb"multipart|message\s{0,20}[(/]", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_IDENTITY = ("message-id", "date", "from", "subject")
_ADDRESS = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,255}")
_TEXTS = ("text/", "application/json", "application/xml", "application/x-ndjson")


class _Bounded(EmailPolicy):
    """The modern policy; of a header it reads the beginning, for the time it needs grows with the square of the
    length. Bytes that are no ASCII are UTF-8, as RFC 6532 has it, or at least look like something."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and the value of a header."""
        name, value = super().header_source_parse(sourcelines)
        return name, decoded(value[:_LONGEST_HEADER].encode("utf-8", "surrogateescape"))


_POLICY = _Bounded(raise_on_defect=False)


def read(raw: bytes, *, contents: bool = False, cut: bool = False) -> dict[str, Any]:
    """``{from, from_name, to, cc, reply_to, subject, text, html, date, message_id, in_reply_to, automatic, attachments,
    problems}``.

    ``automatic``: it says itself that a program wrote it, so that answering could go round in circles. Addresses are bare
    (``ada@example.org``), the date is UTC (ISO 8601). Attachments are ``{name, type, size}``; with ``contents`` they have
    their ``text``, or ``base64`` when they are none, as far as all of a mail's fit into 300 KB. ``cut``: these are only the
    first bytes of the mail.
    """
    problems = ["The mail is larger than is read; its end is missing."] if cut else []
    message = _parsed(raw, problems)
    senders, replies = _addresses(message, "from"), _addresses(message, "reply-to")
    parts = list(_leaves(message))
    text, html = _body(parts, "text/plain")[:LONGEST_TEXT], _body(parts, "text/html")[:LONGEST_HTML]
    return {
        "from": senders[0].addr_spec if senders else "",
        "from_name": senders[0].display_name if senders else "",
        "to": [address.addr_spec for address in _addresses(message, "to")],
        "cc": [address.addr_spec for address in _addresses(message, "cc")],
        "reply_to": replies[0].addr_spec if replies else "",
        "subject": _header(message, "subject"),
        "text": text if text.strip() else text_of(html)[:LONGEST_TEXT],
        "html": html,
        "date": _date(message),
        "message_id": _header(message, "message-id"),
        "in_reply_to": _header(message, "in-reply-to"),
        "automatic": _is_automatic(message),
        "attachments": _attachments(parts, contents),
        "problems": problems,
    }


def sender_and_subject(head: bytes) -> tuple[str, str]:
    """Who a mail's header says has sent it (name and address), and its subject."""
    message = _parsed(head, [])
    senders = ", ".join(f"{one.display_name} <{one.addr_spec}>" for one in _addresses(message, "from"))
    return senders, _header(message, "subject")


def identity(head: bytes) -> str:
    """What tells a mail apart wherever it is stored: a digest of its id, date, sender and subject."""
    found = dict.fromkeys(_IDENTITY, "")
    for name, value in _parsed(head, []).raw_items():
        if not found.get(name.lower(), "x"):
            found[name.lower()] = " ".join(value.split())
    return hashlib.sha256("\0".join(found.values()).encode("utf-8", "replace")).hexdigest()


def _parsed(raw: bytes, problems: list[str]) -> EmailMessage:
    lines = raw.split(b"\n", _MOST_LINES)
    end = _HEAD_END.search(raw)
    head = raw[: end.end()] if end else raw
    if len(lines) > _MOST_LINES or head.count(b"\n") > _MOST_HEADERS:
        problems.append("The mail has more lines than are read; only its header's beginning was.")
    elif _is_too_nested(raw, len(lines)):
        problems.append("The mail is put together of more parts than are read; only its header was.")
    else:
        whole = _tried(lambda: BytesParser(policy=_POLICY).parsebytes(raw), None)
        if isinstance(whole, EmailMessage):
            return whole
        problems.append("The mail cannot be taken apart; only its header was read.")
    few = b"\n".join(head.split(b"\n", _MOST_HEADERS)[:_MOST_HEADERS])
    head_only = _tried(lambda: BytesParser(policy=_POLICY).parsebytes(few, headersonly=True), None)
    return head_only if isinstance(head_only, EmailMessage) else EmailMessage(_POLICY)


def _is_too_nested(raw: bytes, lines: int) -> bool:
    containers = len(_NESTING.findall(raw))
    return lines * containers > _MOST_WORK or (containers > 0 and raw.count(b"\n--") > _MOST_BOUNDARIES)


def _tried(reads: Callable[[], T], instead: T) -> T:
    """What cannot be read is replaced. The library answers made-up headers and structures with errors of every sort,
    from LookupError to RecursionError, which differ from version to version."""
    try:
        return reads()
    except Exception:
        return instead


def _clean(text: str) -> str:
    """Text that JSON and databases take: without NUL and halves of characters."""
    return text.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "replace").decode()


def _header(message: EmailMessage, name: str) -> str:
    given = _tried(lambda: message.get(name), None)
    if given is None:
        given = _raw(message, name)
    return " ".join(_clean(_tried(lambda: str(given), "")).split())


def _is_automatic(message: EmailMessage) -> bool:
    """RFC 3834 §5, and what was written before there was one."""
    said = _raw(message, "auto-submitted").strip().lower()
    bulk = _raw(message, "precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}
    return bulk or (said != "" and not said.startswith("no")) or _raw(message, "return-path").strip() == "<>"


def _raw(message: EmailMessage, name: str) -> str:
    return next((str(value) for key, value in message.raw_items() if key.lower() == name), "")


def _addresses(message: EmailMessage, name: str) -> list[Address]:
    given: list[Address] = _tried(lambda: [*message[name].addresses], [])
    found = [address for one in given if (address := _tried(partial(_bare, one), None))]
    return (found or [_of_text(text) for text in _ADDRESS.findall(_raw(message, name))])[:MOST_ADDRESSES]


def _bare(address: Address) -> Address | None:
    if not address.username or not address.domain or set(address.username) & set(" \t"):
        return None  # words that stood before an address without angles
    return Address(" ".join(_clean(address.display_name).split()), _clean(address.username), _clean(address.domain))


def _of_text(text: str) -> Address:
    user, _, domain = text.rpartition("@")
    return Address("", user, domain)


def _date(message: EmailMessage) -> str | None:
    def reads() -> str:
        found = parsedate_to_datetime(_header(message, "date")[:100])
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return found.isoformat().replace("+00:00", "Z")

    return _tried(reads, None)


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Its parts that are no containers, in their order; a mail within the mail is one."""
    left, seen = [message], 0
    while left and seen < MOST_PARTS:
        part = left.pop()
        seen += 1
        if _type(part).startswith("multipart/") and part.is_multipart():
            left += reversed([one for one in part.iter_parts() if isinstance(one, EmailMessage)])
        else:
            yield part


def _type(part: EmailMessage) -> str:
    return _tried(part.get_content_type, "application/octet-stream")


def _name(part: EmailMessage) -> str:
    given = _clean(_tried(part.get_filename, None) or "")
    return " ".join(re.split(r"[\\/]", given)[-1].split())[:_LONGEST_NAME]


def _is_attached(part: EmailMessage) -> bool:
    if _type(part) not in {"text/plain", "text/html"}:
        return not _type(part).startswith("multipart/")
    return bool(_name(part)) or _tried(part.get_content_disposition, None) == "attachment"


def _bytes(part: EmailMessage) -> bytes:
    found = _tried(lambda: part.get_payload(decode=True), None)
    return found if isinstance(found, bytes) else b""


def _text(part: EmailMessage) -> str:
    return _clean(decoded(_bytes(part), _tried(part.get_content_charset, None)))


def _body(parts: list[EmailMessage], kind: str) -> str:
    return "\n".join(_text(part) for part in parts if _type(part) == kind and not _is_attached(part))


def _attachments(parts: list[EmailMessage], contents: bool) -> list[dict[str, Any]]:
    found, room = [], LARGEST_CONTENTS if contents else 0
    for part in filter(_is_attached, parts):
        one: dict[str, Any] = {"name": _name(part), "type": _type(part)}
        if one["type"].startswith("message/"):
            found.append(one | {"size": None})
            continue
        body = _bytes(part)
        one["size"] = len(body)
        if body and len(body) * 4 // 3 <= room:
            room -= len(body) * 4 // 3
            is_text = one["type"].startswith(_TEXTS)
            one |= {"text": _text(part)} if is_text else {"base64": base64.b64encode(body).decode()}
        found.append(one)
    return found
