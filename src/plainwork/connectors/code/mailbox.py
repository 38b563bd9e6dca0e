"""Mailboxes: ``mailbox.new_mail`` finds the mails that have come into a folder, ``mailbox.search`` looks through it.

Mails are numbered (UID), and a server that numbers them anew says so (UIDVALIDITY). After that, what it took in later than
the newest mail seen before is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from plainwork.connectors.code import mail_message
from plainwork.connectors.code.imap import Folder, Imap, Listed, Server, argument, conversation, on_day
from plainwork.connectors.declared import Action, Trigger
from plainwork.connectors.opened import Opened
from plainwork.connectors.polled import Found, Item
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.connectors import Reach

MOST_MAILS = 50
MOST_HEADS = 500
LARGEST_MAIL = 5 * 1024 * 1024
_LARGEST_HEAD = 16 * 1024
_ROOM = 32 * 1024 * 1024  # for what is said beside the mails: headers, numbers
_DAY = 24 * 3600
_HEAD = f"BODY.PEEK[HEADER]<0.{_LARGEST_HEAD}>"
_WHOLE = f"BODY.PEEK[]<0.{LARGEST_MAIL}>"
_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_SCHEMES = {"imaps": "tls", "imap": "starttls"}


@dataclass(frozen=True, slots=True)
class _Cursor:
    """``validity`` and ``uid`` say up to where mails were seen, ``at`` (seconds since 1970) when the server took the newest
    of them in, ``same`` which ones it took in then. ``settled`` are mails, by their numbers under ``settled_under``, whose
    runs are on record, since the cursor is kept together with them: they are marked or moved at the next poll."""

    validity: int
    uid: int
    at: int = 0
    same: tuple[str, ...] = ()
    settled: tuple[int, ...] = ()
    settled_under: int = 0


async def poll(trigger: Trigger, config: dict[str, Any], account: Opened, cursor: Any, reach: Reach) -> Found:
    """The mails that fit and have come since; of the first poll, the last ones that are there."""
    known = msgspec.convert(cursor, _Cursor) if cursor else None
    marks = config["after"] != "leave"
    async with conversation(_server(account), reach.net, reach.timeout_s, _ROOM + reach.max_bytes) as imap:
        folder = await imap.select(config["folder"], writable=marks)
        if known and known.settled and known.settled_under == folder.validity:
            await _settle(imap, config, known.settled)
        heads, unread = await _heads(imap, folder, known)
        taken, rest = await asyncio.to_thread(_choose, heads, config, reach.max_bytes, known is None)
        mails = await imap.fetch(_numbers(taken), _WHOLE) if taken else []
    values = await asyncio.to_thread(_values, mails, config)
    keys = {head.uid: mail_message.identity(head.body) for head in taken}
    items = tuple(Item(value, keys[mail.uid], mail.taken_at) for mail, value in zip(mails, values, strict=True))
    passed = heads[: heads.index(rest[0])] if rest else heads
    settled = tuple(mail.uid for mail in mails) if known and marks else ()
    reached = _reached(folder, known, passed, unread or bool(rest))
    following = replace(reached, settled=settled, settled_under=folder.validity)
    return Found(items, msgspec.to_builtins(following), unread or bool(rest))


def _reached(folder: Folder, known: _Cursor | None, passed: list[Listed], more: bool) -> _Cursor:
    """The cursor behind the mails that were passed."""
    before = known or _Cursor(folder.validity, 0)
    at = max((head.taken_at for head in passed), default=before.at)
    at = max(at, before.at)
    same = [mail_message.identity(head.body) for head in passed if head.taken_at == at]
    same += before.same if at == before.at else ()
    newest = replace(before, at=at, same=tuple(dict.fromkeys(same))[-MOST_HEADS:])
    if known and known.validity == folder.validity:
        return replace(newest, uid=max((head.uid for head in passed), default=known.uid))
    # After a renumbering the new numbers count only once all that came later has been caught up with by its time.
    return newest if more else replace(newest, validity=folder.validity, uid=folder.next_uid - 1)


async def perform(action: Action, config: dict[str, Any], account: Opened, reach: Reach) -> dict[str, Any]:
    """``{mails, count}``, the newest first; nothing is marked as read."""
    async with conversation(_server(account), reach.net, reach.timeout_s, _ROOM + reach.max_bytes) as imap:
        await imap.select(config["folder"])
        found = (await imap.search(*_criteria(config)))[-config["limit"] :]
        listed = await imap.fetch(_joined(found), "BODY.PEEK[HEADER]<0.1>") if found else []
        taken, _ = _within(listed, reach.max_bytes, config["limit"], newest=True)
        mails = await imap.fetch(_numbers(taken), _WHOLE) if taken else []
    values = await asyncio.to_thread(_values, mails, config)
    return {"mails": values[::-1], "count": len(values)}


def hosts(config: Mapping[str, Any], account: Opened) -> set[str]:
    """The host that a credential is sent to."""
    return {_server(account).host}


def _server(account: Opened) -> Server:
    fields = dict(account.fields)
    if account.text("url"):
        fields |= _from_url(account)
    security = str(fields.get("security") or "tls")
    if not fields.get("host") or not fields.get("username") or not (fields.get("password") or fields.get("token")):
        raise CallFailed(
            "The mailbox's account is not complete.",
            failure="auth",
            next_step="Fill in host, username and password, or imaps://user:password@host.",
        )
    return Server(
        host=str(fields["host"]),
        port=int(fields.get("port") or _PORTS[security]),
        security=security,
        username=str(fields["username"]),
        password=str(fields.get("password") or ""),
        token=str(fields.get("token") or ""),
    )


def _from_url(account: Opened) -> dict[str, Any]:
    try:
        parts = urlsplit(account.text("url").strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _SCHEMES:
        raise CallFailed(
            "The mailbox's address cannot be read.",
            failure="auth",
            next_step="Write it as imaps://user:password@host, or imap://… for a server that begins without encryption.",
        )
    if parts.password:
        account.secrets.append(unquote(parts.password))
    given = {"username": unquote(parts.username or ""), "password": unquote(parts.password or ""), "port": port}
    return {"host": parts.hostname, "security": _SCHEMES[parts.scheme]} | {k: v for k, v in given.items() if v}


async def _settle(imap: Imap, config: dict[str, Any], uids: Sequence[int]) -> None:
    await imap.mark_read(uids)
    if config["after"] == "move":
        await imap.move(uids, config["move_to"])


async def _heads(imap: Imap, folder: Folder, known: _Cursor | None) -> tuple[list[Listed], bool]:
    """The headers of what is new, oldest first; true when there is more than can be looked at in one poll."""
    if known is None:
        first = max(1, folder.count - MOST_MAILS + 1)
        return (await imap.fetch(f"{first}:*", _HEAD, by_uid=False) if folder.count else []), False
    if known.validity == folder.validity:
        # N:* gives the last mail also where N is beyond it (RFC 3501 §6.4.8).
        uids = [uid for uid in await imap.search(b"UID %d:*" % (known.uid + 1)) if uid > known.uid]
        return (await imap.fetch(_joined(uids[:MOST_HEADS]), _HEAD) if uids else []), len(uids) > MOST_HEADS
    uids = await imap.search(b"SINCE", on_day(known.at - _DAY))
    heads: list[Listed] = []
    for at in range(0, len(uids), MOST_HEADS):
        heads += [h for h in await imap.fetch(_joined(uids[at : at + MOST_HEADS]), _HEAD) if _is_later(h, known)]
    return sorted(heads, key=lambda head: (head.taken_at, head.uid)), False


def _is_later(head: Listed, known: _Cursor) -> bool:
    if head.taken_at == known.at:
        return mail_message.identity(head.body) not in known.same
    return head.taken_at > known.at


def _choose(
    heads: list[Listed], config: dict[str, Any], max_bytes: int, newest: bool
) -> tuple[list[Listed], list[Listed]]:
    """The mails that fit the settings, and of those as many as one poll takes; then those that are left for the next."""
    return _within([head for head in heads if _fits(head, config)], max_bytes, MOST_MAILS, newest)


def _fits(head: Listed, config: dict[str, Any]) -> bool:
    if "\\deleted" in head.flags or (config["unseen"] and "\\seen" in head.flags):
        return False
    sender, subject = mail_message.sender_and_subject(head.body)
    wanted = ((config["from"], sender), (config["subject"], subject))
    return all(words.casefold() in text.casefold() for words, text in wanted if words)


def _within(mails: list[Listed], max_bytes: int, most: int, newest: bool) -> tuple[list[Listed], list[Listed]]:
    """As many as ``max_bytes`` and ``most`` allow, but at least one: the newest or the oldest; and the others."""
    count, room = 0, max_bytes
    for mail in reversed(mails) if newest else mails:
        room -= min(mail.size, LARGEST_MAIL)
        if count == most or (room < 0 and count):
            break
        count += 1
    cut = len(mails) - count if newest else count
    return (mails[cut:], []) if newest else (mails[:cut], mails[cut:])


def _values(mails: list[Listed], config: dict[str, Any]) -> list[dict[str, Any]]:
    contents = config["attachments"] == "contents"
    return [mail_message.read(mail.body, contents=contents, cut=len(mail.body) < mail.size) for mail in mails]


def _criteria(config: dict[str, Any]) -> list[bytes]:
    """What SEARCH is asked (RFC 3501 §6.4.4)."""
    words = [(name.upper().encode(), config[name]) for name in ("from", "subject", "text") if config[name]]
    criteria = [] if all(text.isascii() for _, text in words) else [b"CHARSET UTF-8"]
    criteria.append(b"UNSEEN" if config["unseen"] else b"ALL")
    if config["since"]:
        criteria += [
            b"SINCE",
            on_day(int(datetime.combine(date.fromisoformat(config["since"]), time(), UTC).timestamp())),
        ]
    for name, text in words:
        criteria += [name, argument(text)]
    return criteria


def _numbers(mails: list[Listed]) -> str:
    return _joined([mail.uid for mail in mails])


def _joined(uids: Iterable[int]) -> str:
    return ",".join(map(str, uids))
