"""A mailbox on loopback: pymap, an IMAP server of its own, with its mails in memory and a hand on them for tests."""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.fetchattr import FetchRequirement
from pymap.parsing.specials.flag import Flag, Seen

USER, PASSWORD = "desk@example.org", "a-long-password"


class Mailbox:
    """The server. ``tls``: ``none``, ``starttls`` or ``tls`` (which needs a ``certificate``)."""

    def __init__(self, security: str = "none", certificate: ssl.SSLContext | None = None) -> None:
        self.security = security
        self.port = 0
        self.connections = 0
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._config: Config | None = None
        self._backend: DictBackend | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def account(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "security": self.security, "username": USER, "password": PASSWORD
        }  # fmt: skip

    async def __aenter__(self) -> Mailbox:
        args = Namespace(
            debug=False, host=None, port="0", cert=None, key=None, tls=self.security == "starttls", proxy_protocol=None,
            passlib_cfg=None, inherited_sockets=None, demo_data=False, demo_user=USER, demo_password=PASSWORD,
        )  # fmt: skip
        self._backend, self._config = await DictBackend.init(
            args, reject_dnsbl=False, ssl_context=self._certificate, hash_context=_Quick()
        )
        answer = ProxyProtocolReader(self._config.proxy_protocol).get_callback(
            IMAPServer(self._backend.login, self._config)
        )

        async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            await answer(reader, writer)

        tls = self._certificate if self.security == "tls" else None
        self._server = await asyncio.start_server(counted, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def deliver(
        self, mail: EmailMessage | bytes, at: datetime | None = None, *, folder: str = "INBOX", seen: bool = False
    ) -> None:
        """Puts a mail into a folder, as taken in now or ``at`` another time."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
        flags: frozenset[Flag] = frozenset({Seen}) if seen else frozenset()
        box = await self._box(folder)
        await box.append(AppendMessage(raw, at or datetime.now(UTC), flags))

    async def unread(self, folder: str = "INBOX") -> list[str]:
        """The subjects of the mails that are not marked as read."""
        return [subject for subject, is_read in await self._listed(folder) if not is_read]

    async def subjects(self, folder: str = "INBOX") -> list[str]:
        return [subject for subject, _ in await self._listed(folder)]

    async def add_folder(self, name: str) -> None:
        await (await self._folders()).add_mailbox(name)

    async def number_anew(self) -> None:
        """All mails get other numbers, under another name, as after a move to another server."""
        box = await self._box("INBOX")
        mails = [message async for message in box.messages()]
        await box.delete([message.uid for message in mails])
        box._uid_validity += 1
        box._max_uid = 0
        for message in mails:
            await box.append(AppendMessage(await _raw(message), message.internal_date, message.permanent_flags))

    async def _listed(self, folder: str) -> list[tuple[str, bool]]:
        found = []
        async for message in (await self._box(folder)).messages():
            lines = (await _raw(message)).decode("utf-8", "replace").splitlines()
            subject = next((line[9:] for line in lines if line.startswith("Subject: ")), "")
            found.append((subject, Seen in message.permanent_flags))
        return found

    async def _folders(self) -> MailboxSet:
        assert self._backend is not None
        async with self._backend.login.demo_user_identity.new_session() as session:
            return session.mailbox_set

    async def _box(self, folder: str) -> MailboxData:
        return await (await self._folders()).get_mailbox(folder)


async def _raw(message: Message) -> bytes:
    return bytes((await message.load_content(FetchRequirement.CONTENT)).get_body())


class _Quick:
    """Passwords as they are: what it costs to check a hashed one is not the matter of these tests."""

    def copy(self, **_: Any) -> _Quick:
        return self

    def hash(self, value: str) -> str:
        return value

    def verify(self, value: str, digest: str) -> bool:
        return value == digest
