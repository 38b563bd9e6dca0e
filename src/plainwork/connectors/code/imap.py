"""IMAP (RFC 3501, 9051), as far as reading a folder needs it: every line, literal and conversation bounded.

The standard library's client blocks a thread and takes whatever a server sends into memory; the asynchronous ones are
under licences that ours does not go with.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from plainwork.connectors.sockets import connected
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.net import Client

_LONGEST_LINE = 4 * 1024 * 1024  # the numbers of half a million mails
_MOST_REPLIES = 50_000
_LITERAL = re.compile(rb"\{(\d{1,12})\}\r?\n\Z")
_LITERALS_PLACE = b"{}"
_PASSING = (b"[UNAVAILABLE]", b"[INUSE]", b"[LIMIT]", b"[SERVERBUG]", b"[THROTTLED]", b"[OVERQUOTA]")
_BODY = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? (?:(\{\})|"((?:[^"\\]|\\.)*)"|NIL)')


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mailbox is, and who asks. ``security``: ``tls``, ``starttls`` or ``none``."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its text, with ``{}`` where a literal was, and the literals."""

    text: bytes
    literals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that was opened: under what name it numbers mails, how many it holds, and which number comes next."""

    validity: int
    count: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail of a folder: its number, when the server took it in, its size and flags, and what was asked of its
    body."""

    uid: int
    taken_at: int
    size: int
    flags: frozenset[str]
    body: bytes


class Literal(bytes):
    """An argument that is sent as a literal, so that nothing in it is read as a command."""


class Imap:
    """A conversation that has begun. ``room``: how many bytes the server may still send."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, room: int) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._room = room
        self._sent = 0

    async def select(self, folder: str, *, writable: bool = False) -> Folder:
        """Opens a folder; one that is not writable stays as it is, whatever is read."""
        replies = await self._command(b"SELECT" if writable else b"EXAMINE", quoted(_utf7(folder)))
        validity = _number(replies, rb"\* OK \[UIDVALIDITY (\d{1,20})\]")
        next_uid = _number(replies, rb"\* OK \[UIDNEXT (\d{1,12})\]")
        if validity is None or next_uid is None:
            raise self._odd("it does not say how it numbers mails")
        return Folder(validity, _number(replies, rb"\* (\d{1,12}) EXISTS") or 0, next_uid)

    async def search(self, *criteria: bytes) -> list[int]:
        """The numbers (UIDs) of the mails that fit, ascending."""
        replies = await self._command(b"UID SEARCH", *criteria)
        found = [number for r in replies if r.text.upper().startswith(b"* SEARCH") for number in r.text.split()[2:]]
        return sorted({int(number) for number in found if number.isdigit()})

    async def fetch(self, which: str, section: str, *, by_uid: bool = True) -> list[Listed]:
        """Mails by number, or by place; ``section`` of each (``BODY.PEEK[]<0.1024>``). None is marked as read."""
        asked = f"{which} (UID FLAGS INTERNALDATE RFC822.SIZE {section})".encode()
        replies = await self._command(b"UID FETCH" if by_uid else b"FETCH", asked)
        return sorted(filter(None, map(_listed, replies)), key=lambda mail: mail.uid)

    async def mark_read(self, uids: Iterable[int]) -> None:
        """Sets the flag that people's programs show as read."""
        await self._command(b"UID STORE", _set(uids), b"+FLAGS.SILENT (\\Seen)")

    async def move(self, uids: Iterable[int], folder: str) -> None:
        """Moves mails; those that are gone already are no failure (RFC 6851)."""
        await self._command(b"UID MOVE", _set(uids), quoted(_utf7(folder)))

    async def _command(self, *words: bytes) -> list[Reply]:
        """Sends one command; what the server answers to it. Raises CallFailed when it refuses."""
        self._sent += 1
        tag = b"p%d" % self._sent
        replies: list[Reply] = []
        self._writer.write(tag)
        for word in words:
            if isinstance(word, Literal):
                self._writer.write(b" {%d}\r\n" % len(word))
                await self._until(b"+", tag, words[0], replies)
                self._writer.write(word)
            else:
                self._writer.write(b" " + word)
        self._writer.write(b"\r\n")
        await self._until(tag, tag, words[0], replies)
        return replies

    async def _until(self, wanted: bytes, tag: bytes, command: bytes, replies: list[Reply]) -> None:
        await self._writer.drain()
        while len(replies) < _MOST_REPLIES:
            reply = await self._reply()
            first, _, rest = reply.text.partition(b" ")
            if first == tag and not rest.upper().startswith(b"OK"):
                raise self._refused(command, rest)
            if first == wanted:
                return
            if first == b"+":  # it tells why it will refuse, and waits to be told to go on
                self._writer.write(b"\r\n")
            replies.append(reply)
        raise self._odd("it answers without end")

    async def _reply(self) -> Reply:
        text, literals = b"", list[bytes]()
        while True:
            try:
                line = await self._reader.readline()
            except ValueError as error:
                raise self._odd("it sends a line without end") from error
            self._spend(len(line))
            if not line.endswith(b"\n"):
                raise CallFailed(f"The mail server {self._server.host} broke the connection off.")
            found = _LITERAL.search(line)
            if not found:
                return Reply(text + line.rstrip(b"\r\n"), tuple(literals))
            self._spend(int(found[1]))
            literals.append(await self._reader.readexactly(int(found[1])))
            text += line[: found.start()] + _LITERALS_PLACE

    def _spend(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise self._odd("it sends more than it was asked for")

    async def greet(self) -> None:
        """Reads the greeting; brings in encryption where it is yet to come."""
        greeting = await self._reply()
        if not greeting.text.upper().startswith(b"* OK"):
            raise CallFailed(f"The mail server {self._server.host} takes no one now: {_words(greeting.text[2:])}.")
        if self._server.security == "starttls":
            await self._command(b"STARTTLS")
            await self._encrypt()

    async def _encrypt(self) -> None:
        """A reader of its own, so that nothing sent before the encryption counts as sent under it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LONGEST_LINE)
        protocol = asyncio.StreamReaderProtocol(reader)
        plain, context = self._writer.transport, _trusting(ssl.get_default_verify_paths())
        upgraded = await loop.start_tls(plain, protocol, context, server_hostname=self._server.host)
        if upgraded is None:
            raise CallFailed(f"The mail server {self._server.host} broke the connection off.")
        protocol.connection_made(upgraded)
        self._reader, self._writer = reader, asyncio.StreamWriter(upgraded, protocol, reader, loop)

    async def log_in(self) -> None:
        """Proves who asks, by a password or by a token (XOAUTH2)."""
        server = self._server
        if server.token:
            proof = f"user={server.username}\x01auth=Bearer {server.token}\x01\x01".encode()
            await self._command(b"AUTHENTICATE XOAUTH2", base64.b64encode(proof))
        else:
            await self._command(b"LOGIN", argument(server.username), argument(server.password))

    async def leave(self) -> None:
        """Says good-bye. What is answered does not matter any more."""
        self._writer.write(b"bye LOGOUT\r\n")
        await self._writer.drain()

    def _refused(self, command: bytes, answer: bytes) -> CallFailed:
        host, said = self._server.host, _words(answer)
        if any(code in answer.upper() for code in _PASSING):
            return CallFailed(f"The mail server {host} cannot answer now: {said}.")
        if command.startswith((b"LOGIN", b"AUTHENTICATE")):
            return CallFailed(
                f"The mail server {host} refused the login: {said}.",
                failure="auth",
                next_step="Correct the mailbox's account; many providers want a password made for programs.",
            )
        return CallFailed(
            f"The mail server {host} refused {command.decode()}: {said}.",
            failure="rejected",
            next_step="Check the folders' names and the filters.",
        )

    def _odd(self, why: str) -> CallFailed:
        return CallFailed(f"The mail server {self._server.host} cannot be used: {why}.", failure="rejected")


@lru_cache(maxsize=4)
def _trusting(_: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """The authorities that this machine trusts, read once: there are a hundred and more."""
    return ssl.create_default_context()


@asynccontextmanager
async def conversation(server: Server, net: Client, timeout_s: float, room: int) -> AsyncIterator[Imap]:
    """A conversation with someone who is logged in, all of it within ``timeout_s``; the server may send ``room`` bytes.

    Raises CallFailed, classified.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout_s):
            sock = await connected(
                f"The mail server {server.host}:{server.port}", await net.resolve(server.host, server.port), server.port
            )
            tls = _trusting(ssl.get_default_verify_paths()) if server.security == "tls" else None
            name = server.host if tls else None
            reader, writer = await asyncio.open_connection(
                sock=sock, ssl=tls, server_hostname=name, limit=_LONGEST_LINE
            )
            imap = Imap(server, reader, writer, room)
            await imap.greet()
            await imap.log_in()
            yield imap
            await imap.leave()
    except TimeoutError as error:
        message = f"The mail server {server.host} did not answer within {timeout_s:g} s."
        raise CallFailed(message, failure="timeout") from error
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "it speaks none"
        message = f"The mail server {server.host} cannot be trusted: encryption fails ({reason})."
        raise CallFailed(message, failure="rejected", next_step="Check its name, port and security.") from error
    except (OSError, EOFError) as error:
        raise CallFailed(f"The mail server {server.host}:{server.port} broke the connection off.") from error
    finally:
        if writer is not None:
            writer.transport.abort()


def quoted(text: str) -> bytes:
    """An ASCII text as a quoted string. Raises CallFailed for characters that could end a command."""
    if not text.isascii() or not text.isprintable():
        raise CallFailed(f"{text[:50]!r} cannot be sent to a mail server.", failure="rejected")
    return b'"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').encode()


def argument(text: str) -> bytes:
    """A text as a quoted string where it can be one, else as a literal."""
    return quoted(text) if text.isascii() and text.isprintable() else Literal(text.encode("utf-8", "replace"))


def _utf7(name: str) -> str:
    """A folder's name as servers keep it (modified UTF-7, RFC 3501 §5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        packed = base64.b64encode(run[0].encode("utf-16-be", "replace")).decode()
        return f"&{packed.rstrip('=').replace('/', ',')}-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))


def _set(uids: Iterable[int]) -> bytes:
    return ",".join(map(str, uids)).encode()


def _number(replies: Sequence[Reply], pattern: bytes) -> int | None:
    found = next((m for reply in replies if (m := re.match(pattern, reply.text, re.IGNORECASE))), None)
    return int(found[1]) if found else None


def _listed(reply: Reply) -> Listed | None:
    text = reply.text
    uid, size = re.search(rb"\bUID (\d{1,12})", text), re.search(rb"\bRFC822\.SIZE (\d{1,15})", text)
    body = _BODY.search(text)
    if not re.match(rb"\* \d+ FETCH ", text, re.IGNORECASE) or not uid or not body:
        return None
    flags, taken = re.search(rb"\bFLAGS \(([^)]*)\)", text), re.search(rb'\bINTERNALDATE "([^"]{1,40})"', text)
    given = reply.literals[0] if body[1] and reply.literals else re.sub(rb"\\(.)", rb"\1", body[2] or b"")
    return Listed(
        uid=int(uid[1]),
        taken_at=_moment(taken[1].decode("ascii", "replace") if taken else ""),
        size=int(size[1]) if size else len(given),
        flags=frozenset(flags[1].decode("ascii", "replace").lower().split()) if flags else frozenset(),
        body=given,
    )


def _moment(text: str) -> int:
    """Seconds since 1970 of a date such as `` 3-Nov-2026 11:52:58 +0000``; 0 for one that cannot be read."""
    day, _, rest = text.strip().partition("-")
    month, _, rest = rest.partition("-")
    try:
        return int(
            datetime.strptime(f"{day} {_MONTHS.index(month.title()) + 1} {rest}", "%d %m %Y %H:%M:%S %z").timestamp()
        )
    except (ValueError, OverflowError):
        return 0


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def on_day(moment: int) -> bytes:
    """A day as SEARCH wants it: ``23-Nov-2026``."""
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}".encode()


def _words(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())[:200].rstrip(".")
