from __future__ import annotations

import asyncio
import datetime as dt
import imaplib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plainwork.connectors import Reach, declared, perform
from plainwork.connectors.code import mailbox as code
from plainwork.connectors.code.imap import on_day
from plainwork.connectors.engine import hosts_of, poll_trigger
from plainwork.connectors.polled import Found
from plainwork.errors import CallFailed
from plainwork.net import Client
from tests.world_mailbox import PASSWORD, USER, Mailbox

pytestmark = pytest.mark.anyio
NEW_MAIL = declared.triggers()["mailbox.new_mail"]
SEARCH = declared.actions()["mailbox.search"].kind


def mail(subject: str, sender: str = "Ada <ada@example.org>", text: str = "Hello.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{subject.encode().hex()}@example.org>"
    message["From"], message["To"], message["Subject"] = sender, "desk@example.org", subject
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    return message


async def poll(box: Mailbox, cursor: Any = None, *, account: Any = None, **config: Any) -> Found:
    async with Client([box.host]) as client:
        reach = Reach(client, box.account if account is None else account, timeout_s=5)
        return await poll_trigger(NEW_MAIL, config, cursor, reach)


async def search(box: Mailbox, **config: Any) -> list[str]:
    async with Client([box.host]) as client:
        output = await perform(SEARCH, config, Reach(client, box.account, timeout_s=5))
    assert output["count"] == len(output["mails"])
    return [one["subject"] for one in output["mails"]]


def subjects(found: Found) -> list[str]:
    return [item.value["subject"] for item in found.items]


async def test_what_is_there_is_listed_first_and_then_only_what_is_new() -> None:
    async with Mailbox() as box:
        await box.deliver(mail("old"))
        first = await poll(box)
        assert (subjects(first), first.more) == (["old"], False)
        assert subjects(await poll(box, first.cursor)) == []
        await box.deliver(mail("one", text="Where is it?"))
        await box.deliver(mail("two"))
        second = await poll(box, first.cursor)
        assert subjects(second) == ["one", "two"]
        assert second.items[0].value["text"] == "Where is it?\n"
        assert second.items[0].value["from"] == "ada@example.org"
        assert [item.key for item in (await poll(box, first.cursor)).items] == [item.key for item in second.items]
        assert subjects(await poll(box, second.cursor)) == []
        assert await box.unread() == ["old", "one", "two"]


async def test_an_empty_mailbox_is_no_trouble() -> None:
    async with Mailbox() as box:
        first = await poll(box)
        assert first.items == ()
        await box.deliver(mail("one"))
        assert subjects(await poll(box, first.cursor)) == ["one"]


async def test_mails_are_chosen_by_sender_subject_and_flag() -> None:
    async with Mailbox() as box:
        first = await poll(box)
        await box.deliver(mail("Order 1", "Grüße <shop@example.org>"))
        await box.deliver(mail("order 2", "Shop <SHOP@example.org>"), seen=True)
        await box.deliver(mail("Größe", "Bo <bo@example.org>"))
        await box.deliver(mail("order 3", "Bo <bo@example.org>"))
        assert subjects(await poll(box, first.cursor, **{"from": "shop@"})) == ["Order 1", "order 2"]
        assert subjects(await poll(box, first.cursor, **{"from": "grüße"})) == ["Order 1"]
        assert subjects(await poll(box, first.cursor, subject="ORDER", unseen=True)) == ["Order 1", "order 3"]
        assert subjects(await poll(box, first.cursor, subject="grösse")) == subjects(
            await poll(box, first.cursor, subject="größe")
        )
        none = await poll(box, first.cursor, subject="nothing of this")
        assert none.items == ()
        assert subjects(await poll(box, none.cursor)) == [], "what does not fit is passed"


async def test_many_mails_are_taken_over_several_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "MOST_MAILS", 8)
    async with Mailbox() as box:
        cursor = (await poll(box)).cursor
        for number in range(code.MOST_MAILS + 5):
            await box.deliver(mail(str(number)))
        one = await poll(box, cursor)
        assert (len(one.items), one.more) == (code.MOST_MAILS, True)
        two = await poll(box, one.cursor)
        assert (subjects(two), two.more) == ([str(code.MOST_MAILS + n) for n in range(5)], False)
        assert [item.value["subject"] for item in (await poll(box)).items][-1] == str(code.MOST_MAILS + 4)
        assert len((await poll(box)).items) == code.MOST_MAILS


async def test_large_mails_come_one_by_one_and_the_largest_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "LARGEST_MAIL", 100_000)
    monkeypatch.setattr(code, "_WHOLE", "BODY.PEEK[]<0.100000>")
    async with Mailbox() as box, Client([box.host]) as client:
        reach = Reach(client, box.account, timeout_s=5, max_bytes=150_000)
        cursor = (await poll_trigger(NEW_MAIL, {}, None, reach)).cursor
        for name in ("a", "b"):
            large = mail(name)
            large.add_attachment(bytes(200_000), maintype="application", subtype="zip", filename="z.zip")
            await box.deliver(large)
        one = await poll_trigger(NEW_MAIL, {}, cursor, reach)
        assert (subjects(one), one.more) == (["a"], True)
        assert one.items[0].value["problems"] == ["The mail is larger than is read; its end is missing."]
        assert one.items[0].value["text"] == "Hello.\n"
        assert subjects(await poll_trigger(NEW_MAIL, {}, one.cursor, reach)) == ["b"]


async def test_mails_are_marked_or_moved_once_their_runs_are_on_record() -> None:
    async with Mailbox() as box:
        await box.add_folder("Done & dusted ✓")
        await box.deliver(mail("old"))
        first = await poll(box, after="mark read")
        await box.deliver(mail("one"))
        second = await poll(box, first.cursor, after="mark read")
        assert await box.unread() == ["old", "one"], "the runs of what was found are not on record yet"
        third = await poll(box, second.cursor, after="mark read")
        assert await box.unread() == ["old"]
        await box.deliver(mail("two"))
        moving = {"after": "move", "move_to": "Done & dusted ✓"}
        fourth = await poll(box, third.cursor, **moving)
        for _ in range(2):  # a poll that is repeated moves nothing twice
            await poll(box, fourth.cursor, **moving)
        assert await box.subjects() == ["old", "one"]
        assert await box.subjects("Done & dusted ✓") == ["two"]
        with pytest.raises(CallFailed, match="move_to"):
            await poll(box, after="move")


async def test_after_a_renumbering_only_what_came_later_is_new() -> None:
    day = dt.datetime(2026, 11, 22, 12, 0, 0, tzinfo=dt.UTC)
    async with Mailbox() as box:
        await box.deliver(mail("older"), day - dt.timedelta(days=30))
        await box.deliver(mail("newest"), day)
        first = await poll(box)
        await box.deliver(mail("in the same second"), day)
        await box.deliver(mail("between"), day + dt.timedelta(hours=1))
        await box.number_anew()
        await box.deliver(mail("after"), day + dt.timedelta(hours=2))
        found = await poll(box, first.cursor)
        assert subjects(found) == ["in the same second", "between", "after"]
        assert subjects(await poll(box, found.cursor)) == []
        await box.deliver(mail("then"), day + dt.timedelta(hours=3))
        assert subjects(await poll(box, found.cursor)) == ["then"]


async def test_many_mails_after_a_renumbering_are_all_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "MOST_MAILS", 8)
    day = dt.datetime(2026, 11, 22, 12, 0, 0, tzinfo=dt.UTC)
    async with Mailbox() as box:
        await box.deliver(mail("old"), day)
        found = await poll(box)
        wanted = [str(number) for number in range(code.MOST_MAILS + 6)]
        for number, name in enumerate(wanted):
            await box.deliver(mail(name), day + dt.timedelta(seconds=1 + number // 3))
        await box.number_anew()
        seen: list[str] = []
        for _ in range(3):
            found = await poll(box, found.cursor, after="mark read")
            seen += subjects(found)
        assert seen == wanted
        assert not found.more
        assert await box.unread() == ["old"]


async def test_a_step_searches_a_mailbox() -> None:
    async with Mailbox() as box:
        await box.add_folder("Rechnungen für 2026")
        await box.deliver(mail("Order 1", text="red shoes"), dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
        await box.deliver(mail("Order 2", "Bo <bo@example.org>", text="Größe 42"), seen=True)
        await box.deliver(mail("bill"), folder="Rechnungen für 2026")
        assert await search(box) == ["Order 2", "Order 1"]
        assert await search(box, limit=1) == ["Order 2"]
        assert await search(box, unseen=True) == ["Order 1"]
        assert await search(box, since="2026-11-10") == ["Order 2"]
        assert await search(box, text="red shoes") == ["Order 1"]
        assert await search(box, **{"from": 'bo@example.org" OR ALL "'}) == []
        assert await search(box, folder="Rechnungen für 2026") == ["bill"]
        assert await box.unread() == ["Order 1"], "nothing was marked"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_encryption_is_checked(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, context = certificate(tmp_path)
    async with Mailbox(security, context) as box:
        await box.deliver(mail("secret"))
        by_name = box.account | {"host": "localhost"}
        async with Client([f"localhost:{box.port}", box.host]) as client:
            with pytest.raises(CallFailed, match="cannot be trusted") as caught:
                await poll_trigger(NEW_MAIL, {}, None, Reach(client, by_name, timeout_s=5))
            assert caught.value.failure == "rejected"
            monkeypatch.setenv("SSL_CERT_FILE", str(public))
            found = await poll_trigger(NEW_MAIL, {}, None, Reach(client, by_name, timeout_s=5))
            assert subjects(found) == ["secret"]
            with pytest.raises(CallFailed, match="cannot be trusted"):
                await poll_trigger(NEW_MAIL, {}, None, Reach(client, box.account, timeout_s=5))
            scheme = {"tls": "imaps", "starttls": "imap"}[security]
            url = f"{scheme}://{USER.replace('@', '%40')}:{PASSWORD}@localhost:{box.port}"
            assert subjects(await poll_trigger(NEW_MAIL, {}, None, Reach(client, {"value": url}, timeout_s=5))) == [
                "secret"
            ]


async def test_what_is_wrong_with_an_account_is_said() -> None:
    async with Mailbox() as box:
        for account, failure, says in [
            ({**box.account, "password": "wrong-password"}, "auth", "refused the login"),
            ({**box.account, "host": "10.0.0.1"}, "rejected", "private or local"),
            ({**box.account, "security": "starttls"}, "rejected", "refused STARTTLS"),
            ({"host": "imap.example.org"}, "auth", "not complete"),
            ({"url": "https://imap.example.org"}, "auth", "cannot be read"),
            ({"url": "imaps://[bad"}, "auth", "cannot be read"),
        ]:
            with pytest.raises(CallFailed, match=says) as caught:
                await poll(box, account=account)
            assert caught.value.failure == failure
            assert "wrong-password" not in str(caught.value)
        with pytest.raises(CallFailed, match="refused EXAMINE") as caught:
            await poll(box, folder="Nowhere")
        assert caught.value.failure == "rejected"
    with pytest.raises(CallFailed, match="cannot be reached"):
        await poll(box)
    account = {"url": "imaps://a%40b:pass-word@imap.example.org"}
    assert hosts_of(declared.actions()["mailbox.search"], {}, account) == {"imap.example.org"}


async def test_the_mailbox_of_the_tests_is_one_for_others_too() -> None:
    async with Mailbox() as box:
        await box.deliver(mail("one"))

        def look() -> Any:
            with imaplib.IMAP4("127.0.0.1", box.port, timeout=5) as other:
                other.login(USER, PASSWORD)
                other.select("INBOX", readonly=True)
                return other.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")

        status, found = await asyncio.to_thread(look)
        assert status == "OK"
        assert found[0][1] == b"Subject: one\r\n\r\n"


Say = Callable[[bytes], bytes | None]


@asynccontextmanager
async def odd_server(answer: Say, greeting: bytes = b"* OK hello\r\n") -> AsyncIterator[dict[str, Any]]:
    """A server that answers each line (with its tag cut off) as it likes; None: it closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            tag, _, command = line.rstrip().partition(b" ")
            said = answer(command)
            if said is None:
                break
            writer.write(said.replace(b"TAG", tag))
            try:
                await writer.drain()
            except ConnectionError:
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield {"host": "127.0.0.1", "port": port, "security": "none", "username": "u", "password": "long-password"}


def well_behaved(**odd: bytes | None) -> Say:
    """Answers as a server does, but for the commands that are named."""
    usual: dict[bytes, bytes] = {
        b"EXAMINE": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 9] x\r\nTAG OK\r\n",
        b"FETCH": b"TAG OK\r\n",
    }

    def answer(command: bytes) -> bytes | None:
        word = command.split(b" ")[0]
        given = odd.get(word.decode(), b"-")
        return given if given != b"-" else usual.get(word, b"TAG OK\r\n")

    return answer


ITEM = b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "23-Nov-2026 10:00:00 +0000" RFC822.SIZE 40 BODY[HEADER]<0> {18}\r\nSubject: hello\r\n\r\n)\r\n'


@pytest.mark.parametrize(
    ("answer", "greeting", "failure", "says"),
    [
        (well_behaved(), b"* BYE too many\r\n", "retry", "takes no one now: BYE too many"),
        (well_behaved(), b"HTTP/1.1 400 Bad\r\n", "retry", "takes no one now"),
        (well_behaved(), b"", "timeout", "did not answer"),
        (well_behaved(LOGIN=None), b"* OK\r\n", "retry", "broke the connection off"),
        (well_behaved(LOGIN=b"TAG NO [UNAVAILABLE] later\r\n"), b"* OK\r\n", "retry", "cannot answer now"),
        (well_behaved(LOGIN=b"TAG NO no\r\n"), b"* OK\r\n", "auth", "refused the login: NO no"),
        (well_behaved(EXAMINE=b"TAG OK\r\n"), b"* OK\r\n", "rejected", "how it numbers"),
        (
            well_behaved(FETCH=b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"),
            b"* OK\r\n",
            "rejected",
            "more than it was asked",
        ),
        (well_behaved(FETCH=b"x" * 5_000_000), b"* OK\r\n", "rejected", "a line without end"),
        (well_behaved(FETCH=b"* 1 EXISTS\r\n" * 60_000), b"* OK\r\n", "rejected", "answers without end"),
        (well_behaved(FETCH=b"TAG OK"), b"* OK\r\n", "timeout", "did not answer"),
        (well_behaved(FETCH=b"* 1 FETCH (UID 1 BODY[] {5}\r\nab"), b"* OK\r\n", "timeout", "did not answer"),
    ],
)
async def test_odd_servers_do_no_harm(answer: Say, greeting: bytes, failure: str, says: str) -> None:
    async with odd_server(answer, greeting) as account, Client([f"127.0.0.1:{account['port']}"]) as client:
        with pytest.raises(CallFailed, match=says) as caught:
            await poll_trigger(NEW_MAIL, {}, None, Reach(client, account, timeout_s=0.7))
        assert caught.value.failure == failure
        assert "long-password" not in str(caught.value)


@pytest.mark.parametrize(
    "fetched",
    [
        ITEM,
        ITEM.replace(b"{18}\r\nSubject: hello\r\n\r\n", b'"Subject: hello"'),
        ITEM.replace(b"UID 7 FLAGS () ", b"FLAGS (\\Recent) ").replace(b")\r\n", b" UID 7)\r\n", 1).replace(b"() UID 7)", b"()"),
        b"* 5 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n" + ITEM + b"* 3 FETCH (UID 8 BODY[HEADER] NIL)\r\n",
    ],
)  # fmt: skip
async def test_servers_may_say_it_in_their_own_ways(fetched: bytes) -> None:
    async with odd_server(well_behaved(UID=fetched + b"TAG OK\r\n", FETCH=fetched + b"TAG OK\r\n")) as account:
        async with Client([f"127.0.0.1:{account['port']}"]) as client:
            found = await poll_trigger(NEW_MAIL, {}, None, Reach(client, account, timeout_s=5))
        assert "hello" in subjects(found)


async def test_a_token_proves_who_asks_and_a_refusal_is_waited_for() -> None:
    heard: list[bytes] = []

    def answer(command: bytes) -> bytes:
        heard.append(command)
        return b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n" if b"XOAUTH2" in command else b"p1 NO expired\r\n"

    async with odd_server(answer) as account, Client([f"127.0.0.1:{account['port']}"]) as client:
        token = {k: v for k, v in account.items() if k != "password"} | {"token": "t-123456"}
        with pytest.raises(CallFailed, match="refused the login") as caught:
            await poll_trigger(NEW_MAIL, {}, None, Reach(client, token, timeout_s=2))
        assert caught.value.failure == "auth"
        assert heard == [b"AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQtMTIzNDU2AQE=", b""]


def test_days_are_written_as_servers_want_them() -> None:
    assert on_day(1_795_392_000) == b"23-Nov-2026"
