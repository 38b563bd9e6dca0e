"""``email.send``: one mail by SMTP (RFC 5321), built so that no value can become a header or an extra recipient."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import aiosmtplib

from plainwork import log
from plainwork.connectors.declared import Action
from plainwork.connectors.opened import Opened
from plainwork.connectors.readable import readable
from plainwork.connectors.sockets import connected
from plainwork.errors import CallFailed, FailureKind

if TYPE_CHECKING:
    from plainwork.connectors import Reach

MOST_RECIPIENTS = 500
DEFAULT_SENDER = "Plainwork <plainwork@localhost>"
_SCHEMES = {"smtp": "auto", "starttls": "starttls", "smtps": "tls"}
_PORTS = {"auto": 25, "none": 25, "starttls": 587, "tls": 465}
_ATOM = r"[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]+"
_SPEC = rf"{_ATOM}@{_ATOM}"
_QUOTED = r"\"(?P<quoted>[^\"\\\x00-\x1f\x7f]*)\""
_PLAIN = r"(?P<plain>[^\"<>@,;:\\\x00-\x1f\x7f]*)"
_MAILBOX = re.compile(rf"(?:(?:{_QUOTED}|{_PLAIN}) *<(?P<boxed>{_SPEC})>|(?P<bare>{_SPEC}))")
_LONGEST_MAILBOX = 600
_BETWEEN_COMMAS = re.compile(r"(?:\"[^\"]*\"|[^,\"]|\")+")


@dataclass(frozen=True, slots=True)
class _Server:
    """Where mail is handed in. ``trusted``: the operator's own, which the address guard does not judge."""

    host: str
    port: int
    security: str
    username: str | None
    password: str | None = field(repr=False)
    sender: str | None
    trusted: bool


async def perform(action: Action, config: dict[str, Any], account: Opened, reach: Reach) -> dict[str, Any]:
    """``{message_id, accepted, refused?}``. Raises CallFailed: 4xx replies ``retry``, 5xx ``rejected``, 535
    ``auth``."""
    server = _server(account, reach.smtp_url)
    log.hide([server.password or ""])
    message, recipients = _message(config, server, reach.idempotency_key)
    try:
        async with asyncio.timeout(reach.timeout_s):
            refused = await _send(server, message, recipients, reach)
    except TimeoutError as error:
        raise CallFailed(
            f"The mail server {server.host} did not answer within {reach.timeout_s:g} s.",
            failure="timeout",
            uncertain=True,
        ) from error
    output: dict[str, Any] = {
        "message_id": str(message["Message-ID"]),
        "accepted": [address for address in recipients if address not in refused],
    }
    if refused:
        output["refused"] = [{"address": address, "reason": reason} for address, reason in refused.items()]
    return output


def hosts(config: Mapping[str, Any], account: Opened) -> set[str]:
    """The host that a credential is sent to."""
    return {_server(account, None).host}


def _server(account: Opened, smtp_url: str | None) -> _Server:
    if account.text("url") or not account.fields:
        url = account.text("url") or smtp_url
        if not url:
            raise CallFailed(
                "There is no mail server to send with.",
                failure="auth",
                next_step="Set PLAINWORK_SMTP_URL, or store an smtp secret and name it in the step with `account:`.",
            )
        return _from_url(url, account)
    if not account.text("host"):
        raise CallFailed("The mail account names no server.", failure="auth", next_step="Fill in its host or its url.")
    security = account.text("security") or "auto"
    port = int(account.fields.get("port") or (587 if security == "auto" else _PORTS[security]))
    return _Server(
        host=account.text("host"),
        port=port,
        security="tls" if security == "auto" and port == 465 else security,
        username=account.text("username") or None,
        password=account.text("password") or None,
        sender=account.text("from") or None,
        trusted=False,
    )


def _from_url(url: str, account: Opened) -> _Server:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise CallFailed(
            "The mail server's address cannot be read.",
            failure="rejected",
            next_step="Write it as smtp://host:port, starttls://user:password@host:587 or smtps://user:password@host.",
        )
    security = _SCHEMES[parts.scheme]
    sender = account.text("from") or next(iter(parse_qs(parts.query).get("from", [])), None)
    password = unquote(parts.password) if parts.password else None
    if password:
        account.secrets.append(password)
    return _Server(
        host=parts.hostname,
        port=port or _PORTS[security],
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=password,
        sender=sender,
        trusted=not account.fields,
    )


def _message(config: dict[str, Any], server: _Server, key: str | None) -> tuple[EmailMessage, list[str]]:
    sender = _addresses(config["from"] or server.sender or DEFAULT_SENDER, "from")
    to, cc, bcc = (_addresses(config[name], name) for name in ("to", "cc", "bcc"))
    recipients = list(dict.fromkeys(address.addr_spec for address in (*to, *cc, *bcc)))
    if len(sender) != 1 or not recipients or len(recipients) > MOST_RECIPIENTS:
        raise CallFailed(
            f"A mail needs one sender and at most {MOST_RECIPIENTS} recipients, but at least one.",
            failure="rejected",
            next_step="Check the step's `to` and `from`.",
        )
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"], message["To"] = sender[0], to
    if cc:
        message["Cc"] = cc
    if config["reply_to"]:
        message["Reply-To"] = _addresses(config["reply_to"], "reply_to")
    # A line break that came with a value would end the header (and the policy would refuse it): it becomes a space.
    message["Subject"] = " ".join(config["subject"].split())
    message["Date"] = formatdate()
    message["Message-ID"] = _message_id(key, sender[0].domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(readable(config["body"]))
    if config["html"]:
        message.add_alternative(config["html"], subtype="html")
    return message, recipients


def _message_id(key: str | None, domain: str) -> str:
    """The same for every attempt of one step, so that mailboxes recognise a repetition (RFC 5322 §3.6.4)."""
    unique = hashlib.sha256(key.encode()).hexdigest()[:40] if key else uuid4().hex
    return f"<{unique}@{domain.encode('idna').decode() if not domain.isascii() else domain}>"


def _addresses(value: Any, name: str) -> tuple[Address, ...]:
    """Mailboxes from a text with commas, or a list of texts. Read by a grammar of our own, stricter than RFC 5322: the
    library's took ``a@x <b@y>`` and the like for either, depending on its version."""
    texts = [value] if isinstance(value, str) else list(value or ())
    parts = [part.strip() for text in texts for part in _BETWEEN_COMMAS.findall(text.strip())]
    return tuple(_address(part, name) for part in parts if part)


def _address(text: str, name: str) -> Address:
    found = _MAILBOX.fullmatch(text) if len(text) <= _LONGEST_MAILBOX else None
    if not found:
        raise CallFailed(
            f"{name}: {text[:100]!r} is not a mail address.",
            failure="rejected",
            next_step="Write name@example.org, or Name <name@example.org>.",
        )
    user, _, domain = (found["boxed"] or found["bare"]).rpartition("@")
    return Address((found["quoted"] or found["plain"] or "").strip(), user, domain)


async def _send(server: _Server, message: EmailMessage, recipients: list[str], reach: Reach) -> dict[str, str]:
    """Hands the mail in; returns the recipients that were refused, with the reason."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        sock=await _connection(server, reach),
        use_tls=server.security == "tls",
        start_tls={"starttls": True, "none": False}.get(server.security),
        timeout=reach.timeout_s,
    )
    handed_in = False
    try:
        async with client:
            if server.username:
                await _log_in(client, server)
            handed_in = True
            refused, _ = await client.send_message(
                message, sender=message["From"].addresses[0].addr_spec, recipients=recipients
            )
    except aiosmtplib.SMTPException as error:
        raise _failure(error, server, handed_in) from error
    except (OSError, ValueError) as error:
        raise CallFailed(f"The mail server {server.host} cannot be used: {error}.", uncertain=handed_in) from error
    return {address: f"{reply.code} {reply.message}" for address, reply in refused.items()}


async def _log_in(client: aiosmtplib.SMTP, server: _Server) -> None:
    secure = client.transport is not None and client.transport.get_extra_info("ssl_object") is not None
    local = server.host in {"localhost", "127.0.0.1", "::1"}
    if not secure and not local and server.security != "none":
        raise CallFailed(
            f"The mail server {server.host} offers no encryption, so the password was not sent.",
            failure="rejected",
            next_step="Use a server with TLS, or set the account's security to none if its network is safe.",
        )
    await client.login(server.username or "", server.password or "")


async def _connection(server: _Server, reach: Reach) -> socket.socket:
    """A connected socket to an address that was checked (the operator's own server is not)."""
    loop = asyncio.get_running_loop()
    if server.trusted:
        try:
            found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise CallFailed(f"The mail server {server.host} could not be found.") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    else:
        addresses = await reach.net.resolve(server.host, server.port)
    return await connected(f"The mail server {server.host}:{server.port}", addresses, server.port)


def _failure(error: aiosmtplib.SMTPException, server: _Server, handed_in: bool) -> CallFailed:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        first = error.recipients[0]
        return _by_code(first.code, f"The mail server refused {first.recipient}: {first.code} {first.message}")
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) or getattr(error, "code", None) in {530, 534, 535, 538}:
        return CallFailed(
            f"The mail server {server.host} refused the user name or password.",
            failure="auth",
            next_step="Correct the mail account.",
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_code(error.code, f"The mail server {server.host} refused the mail: {error.code} {error.message}")
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return CallFailed(f"The mail server {server.host} stopped answering.", failure="timeout", uncertain=handed_in)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return CallFailed(f"The mail server {server.host} cannot do this: {error}.", failure="rejected")
    return CallFailed(f"The mail server {server.host}:{server.port} broke the connection off.", uncertain=handed_in)


def _by_code(code: int, message: str) -> CallFailed:
    """RFC 5321 §4.2.1: 4yz may succeed later, 5yz will not."""
    kind: FailureKind = "retry" if 400 <= code < 500 else "rejected"
    return CallFailed(log.excerpt(" ".join(message.split()), 400) + ".", failure=kind)
