from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.connectors import Reach, declared, perform
from plainwork.connectors.readable import readable
from plainwork.errors import CallFailed
from plainwork.net import Client
from tests.world import World, world_and_client

pytestmark = pytest.mark.anyio
SEND = declared.actions()["email.send"].kind


async def send(
    world: World, client: Client, *, account: Any = None, key: str | None = "run1/mail", **config: Any
) -> Any:
    config = {"to": "ada@example.org", "subject": "Hello", "body": "Hi there.", **config}
    return await perform(SEND, config, Reach(client, account, world.post.url, key, timeout_s=5))


async def test_a_mail_arrives_with_all_it_needs() -> None:
    async with world_and_client() as (world, client):
        output = await send(
            world,
            client,
            to="Ada <ada@example.org>, bob@example.org",
            cc=["cy@example.org"],
            bcc="dan@example.org",
            reply_to="Desk <desk@example.org>",
            html="<p>Hi</p>",
            subject="Grüße ✓",
            **{"from": "Reports <reports@example.org>"},
        )
        [mail] = world.post.mails
        everyone = ["ada@example.org", "bob@example.org", "cy@example.org", "dan@example.org"]
        assert output == {"message_id": mail.message["message-id"], "accepted": everyone}
        assert (mail.sender, mail.recipients) == ("reports@example.org", everyone)
        assert (mail.subject, mail.text) == ("Grüße ✓", "Hi there.\n")
        assert mail.message["To"] == "Ada <ada@example.org>, bob@example.org"
        assert mail.message["Reply-To"] == "Desk <desk@example.org>"
        assert mail.message["Bcc"] is None
        assert mail.message["Date"]
        assert mail.message["Auto-Submitted"] == "auto-generated"
        html = mail.message.get_body(("html",))
        assert html is not None
        assert html.get_content().strip() == "<p>Hi</p>"


async def test_the_message_id_is_the_same_for_every_attempt_of_a_step_and_no_other() -> None:
    async with world_and_client() as (world, client):
        ids = [(await send(world, client, key=key))["message_id"] for key in ("a", "a", "b", None, None)]
        assert ids[0] == ids[1]
        assert len(set(ids)) == 4


async def test_a_body_that_is_no_text_is_written_out() -> None:
    async with world_and_client() as (world, client):
        await send(world, client, body=[{"title": "One", "tags": ["a", "b"]}, {"title": "Two", "done": True}])
        assert world.post.mails[0].text == "title: One\ntags:\n  - a\n  - b\n\ntitle: Two\ndone: yes\n"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=4), c, max_size=3),
        max_leaves=12,
    )
)
async def test_anything_can_be_written_out_and_no_text_is_lost(value: Any) -> None:
    shown = readable(value)

    def texts(part: Any) -> list[str]:
        if isinstance(part, str):
            return part.split()
        if isinstance(part, dict):
            return [t for k, v in part.items() for t in (*k.split(), *texts(v))]
        return [t for item in part for t in texts(item)] if isinstance(part, list) else []

    for text in texts(value):
        assert text in shown


@pytest.mark.parametrize("field", ["subject", "to", "from", "reply_to", "cc"])
async def test_no_value_becomes_a_header_or_a_recipient(field: str) -> None:
    async with world_and_client() as (world, client):
        evil = "x\r\nBcc: evil@example.org\r\n\r\nbody"
        if field == "subject":
            await send(world, client, subject=evil)
            [mail] = world.post.mails
            assert mail.subject == "x Bcc: evil@example.org body"
            assert mail.message["Bcc"] is None
            assert mail.recipients == ["ada@example.org"]
        else:
            for value in (
                f"a@example.org{evil}",
                f'"{evil}" <a@example.org>',
                "a@example.org>\r\nRCPT TO:<evil@example.org",
            ):
                with pytest.raises(CallFailed) as caught:
                    await send(world, client, **{field: value})
                assert caught.value.failure == "rejected"
            assert world.post.mails == []


@pytest.mark.parametrize("to", ["", "nobody", "a@", "@b", "a b@example.org", [], ["a@example.org", "x"], "a@b@c"])
async def test_what_is_not_an_address_is_refused(to: Any) -> None:
    async with world_and_client() as (world, client):
        with pytest.raises(CallFailed) as caught:
            await send(world, client, to=to)
        assert caught.value.failure == "rejected"


async def test_replies_are_classified() -> None:
    async with world_and_client() as (world, client):
        world.post.on_data = ["451 try later", "552 too big"]
        for failure, says in [("retry", "451 try later"), ("rejected", "552 too big")]:
            with pytest.raises(CallFailed, match=says) as caught:
                await send(world, client)
            assert (caught.value.failure, caught.value.uncertain) == (failure, False)
        world.post.refuse = {"ada@example.org": "550 no such user"}
        with pytest.raises(CallFailed, match=r"refused ada@example\.org: 550") as caught:
            await send(world, client)
        assert caught.value.failure == "rejected"
        output = await send(world, client, to="ada@example.org, bob@example.org")
        assert output["accepted"] == ["bob@example.org"]
        assert output["refused"] == [{"address": "ada@example.org", "reason": "550 no such user"}]
        world.post.refuse = {"ada@example.org": "450 mailbox busy"}
        with pytest.raises(CallFailed) as caught:
            await send(world, client)
        assert caught.value.failure == "retry"


async def test_logging_in_with_an_account() -> None:
    async with world_and_client() as (world, client):
        world.post.login = ("mailer", "pass-word:1")
        host = {"host": "127.0.0.1", "port": world.post.port}
        good = host | {"username": "mailer", "password": "pass-word:1", "from": "desk@example.org"}
        await send(world, client, account=good)
        assert world.post.mails[0].sender == "desk@example.org"
        url = f"smtp://mailer:pass-word%3A1@127.0.0.1:{world.post.port}?from=a@example.org"
        await send(world, client, account={"url": url})
        with pytest.raises(CallFailed, match="refused the user name or password") as caught:
            await send(world, client, account=good | {"password": "wrong-one"})
        assert caught.value.failure == "auth"
        with pytest.raises(CallFailed) as caught:
            await send(world, client, account=host)
        assert caught.value.failure == "auth"


async def test_where_mail_goes() -> None:
    async with world_and_client() as (world, client):
        with pytest.raises(CallFailed, match="no mail server to send with"):
            await perform(SEND, {"to": "a@b.org", "subject": "s", "body": "b"}, Reach(client))
        for url in ("mailto:x", "smtp://", "http://h", "smtp://h:x"):
            with pytest.raises(CallFailed, match="address cannot be read"):
                await perform(SEND, {"to": "a@b.org", "subject": "s", "body": "b"}, Reach(client, smtp_url=url))
        async with Client() as strict:
            # The operator's own server needs no leave; an account's does.
            await send(world, strict)
            with pytest.raises(CallFailed, match="PLAINWORK_ALLOW_HOSTS"):
                await send(world, strict, account={"host": "127.0.0.1", "port": world.post.port})
        port = world.post.port
        await world.post.stop()
        with pytest.raises(CallFailed, match=f"127.0.0.1:{port} cannot be reached: connection refused") as caught:
            await send(world, client)
        assert (caught.value.failure, caught.value.uncertain) == ("retry", False)


async def test_encryption_that_was_asked_for_is_not_done_without() -> None:
    async with world_and_client() as (world, client):
        account = {"host": "127.0.0.1", "port": world.post.port, "security": "starttls"}
        with pytest.raises(CallFailed):
            await send(world, client, account=account)
        assert world.post.mails == []
