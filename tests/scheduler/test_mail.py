"""From a mail that arrives to a run that has read it: a real IMAP server, the vault, the poller, a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import msgspec
import pytest

from plainwork import vault
from plainwork.cli.outside import open_outside
from plainwork.db import Database, agents, polls
from plainwork.engine import catalogue
from plainwork.engine.outside import Outside
from plainwork.engine.polls import ask
from plainwork.engine.versions import Version, Versions
from plainwork.queue import Queue
from plainwork.scheduler import Poller
from plainwork.scheduler.poller import EACH_AT_ONCE, LEASE_S
from plainwork.settings import Settings
from plainwork.spec import load
from tests.engine.running import ended, working
from tests.scheduler.polling import make_due, refusals, state
from tests.world_mailbox import Mailbox

AGENT = """---
agentspec: 1
when: {email: DESK, with: {subject: order, after: mark read}, map: {customer: "{{ trigger.from }}"}}
inputs:
  customer: email
  subject: text
  text: long text
secrets: {DESK: The mailbox of the desk}
---

# Orders

## Steps

### Note it
```yaml step
uses: set
with: {who: "{{ inputs.customer }}", what: "{{ inputs.subject }}: {{ trim(inputs.text) }}", files: "{{ trigger.attachments }}"}
```
"""


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with Mailbox() as box:
        yield box


@pytest.fixture
async def outside(database: Database, workspace_id: UUID, settings: Settings, box: Mailbox) -> AsyncIterator[Outside]:
    """With the vault, in which the mailbox's account is bound to its connector and host."""
    safe = vault.open(settings, database)
    await safe.seal(workspace_id, "DESK", box.account, connector="mailbox", hosts=["127.0.0.1"])
    async with open_outside(replace(settings, allow_hosts=(box.host,)), database, safe) as outside:
        yield outside


async def orders(database: Database, workspace_id: UUID, text: str = AGENT) -> Version:
    loaded = load(text, catalogue.load())
    spec, flow = msgspec.to_builtins(loaded.spec), msgspec.to_builtins(loaded.valid_flow())
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Orders", slug="orders")
        made = await agents.publish(connection, agent.id, markdown=text, spec=spec, flow=flow)
        await agents.set_live(connection, agent.id, made.id)
    return await Versions(database).get(workspace_id, made.id)


def order(name: str, text: str = "Red shoes.") -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"], mail["Subject"] = f"<{name}@shop.example.org>", f"Order {name}"
    mail["From"], mail["To"] = "Ada <ada@example.org>", "desk@example.org"
    mail.set_content(text)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=f"{name}.pdf")
    return mail


async def subjects(database: Database, workspace_id: UUID) -> list[str]:
    async with database.workspace(workspace_id) as connection:
        return [row[0]["subject"] for row in await connection.fetch("select trigger from runs order by id")]


async def test_a_mail_becomes_a_run_that_has_read_it(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, box: Mailbox
) -> None:
    await orders(database, workspace_id)
    poller = Poller(database, bell, outside)
    await box.deliver(order("0"))
    assert await poller.poll_due() == 0, "what is there already is left alone"
    await box.deliver(order("1"))
    await box.deliver(order("2").as_bytes().replace(b"Order 2", b"Lunch"))
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 1
    async with working(database, outside):
        async with database.workspace(workspace_id) as connection:
            run_id = await connection.fetchval("select id from runs")
        run = await ended(database, workspace_id, run_id)
    files = [{"name": "1.pdf", "type": "application/pdf", "size": 4}]
    assert run.output == {"who": "ada@example.org", "what": "Order 1: Red shoes.", "files": files}
    assert run.trigger is not None
    assert run.trigger["kind"] == "email"
    assert await box.unread() == ["Order 0", "Order 1", "Lunch"], "it is marked with the next poll"
    await make_due(database, workspace_id)
    await poller.poll_due()
    assert await box.unread() == ["Order 0", "Lunch"]


async def test_each_mail_starts_one_run_whoever_dies_and_however_mails_are_numbered(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, box: Mailbox
) -> None:
    version = await orders(database, workspace_id)
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    async def poll() -> int:
        """By another process each time."""
        await make_due(database, workspace_id)
        return await Poller(database, bell, outside).poll_due()

    async def die_polling() -> None:
        await make_due(database, workspace_id)
        [claimed] = await polls.claim_due(database, 1, EACH_AT_ONCE, LEASE_S)
        assert len((await ask(outside, claimed)).items) > 0
        await make_due(database, workspace_id)  # its lease has run out

    await box.deliver(order("before"), moment)
    await poll()
    wanted: list[str] = []
    for round_ in range(4):
        for part in range(3):
            await box.deliver(order(f"{round_}-{part}"), moment + timedelta(seconds=10 * round_ + part))
            wanted.append(f"Order {round_}-{part}")
        if round_ % 2:
            await box.number_anew()
        await die_polling()
        assert await poll() == 3
        await box.number_anew()
        assert await poll() == 0
    assert await subjects(database, workspace_id) == wanted
    two = await asyncio.gather(*(Poller(database, bell, outside).poll_due() for _ in range(2)))
    assert sum(two) == 0
    assert (await state(database, version)).failures == 0


async def test_what_is_wrong_is_told_and_stops_nothing_else(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, box: Mailbox
) -> None:
    version = await orders(database, workspace_id, AGENT.replace("after: mark read", "after: move, move_to: Done"))
    poller = Poller(database, bell, outside)
    await poller.poll_due()
    await box.deliver(order("1").as_bytes().replace(b"Ada <ada@example.org>", b"nobody"))
    await box.deliver(order("2"))
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 1
    assert "customer" in (await refusals(database, workspace_id))[0]
    await make_due(database, workspace_id)
    assert await poller.poll_due() == 0
    failure: Mapping[str, Any] = (await state(database, version)).failure
    assert "refused UID MOVE" in failure["message"]
    await box.add_folder("Done")
    await make_due(database, workspace_id)
    await poller.poll_due()
    assert ((await state(database, version)).failures, await box.subjects("Done")) == (0, ["Order 1", "Order 2"])
