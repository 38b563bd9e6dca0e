"""Connections against a strict provider: made once, kept working, renewed by one of many, given up with a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import pytest

from plainwork import db, vault
from plainwork.connections import Connection, Connections, Held, Start
from plainwork.db import audit
from plainwork.db import connections as rows
from plainwork.errors import (
    CallFailed,
    Conflict,
    ConnectionExpired,
    Forbidden,
    Invalid,
    NotFound,
    PlainworkError,
    Rejected,
)
from plainwork.net import Client
from plainwork.settings import OAuthApp, Settings
from plainwork.vault import Use
from tests.connections.issuer import Issuer
from tests.engine.running import eventually
from tests.world import Reply, World

TOKEN = "the token of somebody's session"
SESSION = UUID(int=7)
PERSON = audit.Actor("user", str(UUID(int=8)))
BACK = "http://plainwork.test/connections/callback"


@dataclass
class Scene:
    """A workspace with an app, a provider, and as many processes as a test asks for."""

    world: World
    issuer: Issuer
    workspace_id: UUID
    settings: Settings
    stack: AsyncExitStack
    here: Connections

    async def process(self) -> Connections:
        """Another process: its own pool, client and vault."""
        database = await self.stack.enter_async_context(await db.open(self.settings, migrate=False, size=4))
        client = await self.stack.enter_async_context(Client(self.world.allow_hosts))
        return Connections(database, vault.open(self.settings, database), client, {}, BACK)

    def start(self, connector: str = "airtable", name: str = "Records", app: str | None = "Records app") -> Start:
        return Start(SESSION, UUID(PERSON.id), name, connector, app, ())

    async def connect(self) -> Connection:
        begun = await self.here.begin(self.workspace_id, self.start(), TOKEN)
        state, code = self.issuer.agree(begun.authorize_url)
        return await self.here.finish(state, code, SESSION, TOKEN, PERSON)

    async def token(self, accounts: Connections | None = None, refused: str | None = None) -> str:
        """What a step is given to sign with."""
        accounts = accounts or self.here
        found = await accounts.vault.read(self.workspace_id, "Records")
        assert found is not None
        held = Held.of(found[1])
        assert held is not None
        token: str = (await accounts.account(self.workspace_id, "Records", held, refused))["access_token"]
        return token

    async def stands(self) -> Connection:
        async with self.here.database.workspace(self.workspace_id) as connection:
            found = await rows.get(connection, "Records")
        assert found is not None
        return found

    async def audited(self) -> list[str]:
        async with self.here.database.workspace(self.workspace_id) as connection:
            return [entry.action for entry in reversed(await audit.page(connection))]


@pytest.fixture
async def scene(settings: Settings, database: db.Database, workspace_id: UUID) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World())
        client = await stack.enter_async_context(Client(world.allow_hosts))
        issuer = Issuer(world.web)
        here = Connections(database, vault.open(settings, database), client, {}, BACK)
        await here.vault.seal(workspace_id, "Records app", issuer.app, connector="airtable", hosts=["127.0.0.1"])
        yield Scene(world, issuer, workspace_id, settings, stack, here)


# ── Connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_code_becomes_a_connection_whose_tokens_are_sealed_and_bound(scene: Scene, database_url: str) -> None:
    made = await scene.connect()
    assert (made.name, made.connector, made.scopes, made.expired_at) == ("Records", "airtable", ("read", "write"), None)
    assert made.connected_by == UUID(PERSON.id)
    assert made.hosts == ("127.0.0.1",)
    assert await scene.token() == "access-token-2"
    with pytest.raises(Forbidden, match="bound to the connector airtable"):
        await scene.here.vault.open(scene.workspace_id, "Records", Use(connector="http", host="127.0.0.1"))
    with pytest.raises(Forbidden, match="bound to the hosts"):
        await scene.here.vault.open(scene.workspace_id, "Records", Use(connector="airtable", host="api.airtable.com"))
    owner = await asyncpg.connect(database_url)
    try:
        tables = ("secrets", "secret_versions", "connections", "connection_starts", "audit_log")
        dump = repr([await owner.fetch(f"select t::text from {table} t") for table in tables])
    finally:
        await owner.close()
    assert "Records" in dump
    for hidden in ("access-token", "refresh-token", "own-secret"):
        assert hidden not in dump
        assert hidden.encode().hex() not in dump
    assert await scene.audited() == ["secret.sealed", "connection.connected"]


async def test_a_state_works_once_in_its_session_and_in_time(scene: Scene, database_url: str) -> None:
    here = scene.here
    begun = await here.begin(scene.workspace_id, scene.start(), TOKEN)
    state, code = scene.issuer.agree(begun.authorize_url)
    for wrong, session in [(state + "x", SESSION), (state, UUID(int=9)), ("", SESSION), ("zz.x", SESSION)]:
        with pytest.raises(Rejected, match="Nobody has begun"):
            await here.finish(wrong, code, session, TOKEN, PERSON)
    await here.finish(state, code, SESSION, TOKEN, PERSON)
    with pytest.raises(Rejected, match="Nobody has begun"):
        await here.finish(state, code, SESSION, TOKEN, PERSON)
    late = await here.begin(scene.workspace_id, scene.start(), TOKEN)
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("set plainwork.upkeep = 'on'; update connection_starts set expires_at = now()")
    finally:
        await owner.close()
    with pytest.raises(Rejected, match="longer than ten minutes"):
        await here.finish(*scene.issuer.agree(late.authorize_url), SESSION, TOKEN, PERSON)


async def test_another_browser_cannot_use_the_code_even_with_the_state(scene: Scene) -> None:
    """The verifier comes of the session's own token, which is kept nowhere."""
    begun = await scene.here.begin(scene.workspace_id, scene.start(), TOKEN)
    state, code = scene.issuer.agree(begun.authorize_url)
    with pytest.raises(Forbidden, match=r"Airtable refused \(invalid_grant\)"):
        await scene.here.finish(state, code, SESSION, "another token", PERSON)


async def test_names_that_are_taken_and_apps_that_are_none_are_refused(scene: Scene) -> None:
    here, workspace_id = scene.here, scene.workspace_id
    await here.vault.seal(workspace_id, "Key", "a plain secret")
    await here.vault.seal(workspace_id, "Elsewhere", scene.issuer.app, connector="slack")
    await scene.connect()
    wrong: list[tuple[Start, type[PlainworkError], str]] = [
        (scene.start(name="Key"), Conflict, "a secret 'Key' already"),
        (scene.start("notion", app="Key"), Invalid, "holds no app"),
        (scene.start(app=None), Invalid, "no app to connect Airtable with"),
        (scene.start(app="Nothing"), NotFound, "no secret 'Nothing'"),
        (scene.start(app="Elsewhere"), Forbidden, "bound to the connector slack"),
        (scene.start("sms"), NotFound, "No connector 'sms' can be connected"),
    ]
    for start, error, says in wrong:
        with pytest.raises(error, match=says):
            await here.begin(workspace_id, start, TOKEN)
    await here.vault.seal(workspace_id, "Other app", scene.issuer.app)
    with pytest.raises(Conflict, match="is a connection to airtable"):
        await here.begin(workspace_id, scene.start("notion", app="Other app"), TOKEN)


async def test_the_operators_app_serves_workspaces_that_have_none(scene: Scene) -> None:
    operators = replace(scene.here, apps={"slack": OAuthApp("ours", "very secret")})
    begun = await operators.begin(scene.workspace_id, scene.start("slack", app=None), TOKEN)
    assert begun.authorize_url.startswith("https://slack.com/oauth/v2/authorize?response_type=code&client_id=ours&")
    assert "secret" not in begun.authorize_url


async def test_an_app_that_speaks_for_itself_is_connected_at_once_and_renewed(scene: Scene) -> None:
    await scene.here.vault.seal(scene.workspace_id, "Records app", scene.issuer.app, connector="reddit")
    scene.issuer.life_s = 1
    made = await scene.here.connect_app(scene.workspace_id, scene.start("reddit"), PERSON)
    assert made.connector == "reddit"
    await asyncio.sleep(0.6)  # half its life: it is renewed before it runs out
    assert await scene.token() == "access-token-2"
    assert scene.issuer.grants == ["client_credentials"] * 2
    scene.issuer.fails_with = Reply(401, json={"error": "invalid_client"})
    with pytest.raises(Forbidden, match="refused"):
        await scene.here.connect_app(scene.workspace_id, scene.start("reddit"), PERSON)


# ── Keeping it working ───────────────────────────────────────────────────────────────────────────────────────────────
async def test_of_many_processes_one_renews_a_token_and_all_have_it(scene: Scene) -> None:
    await scene.connect()
    first = await scene.token()
    scene.issuer.pause_s = 0.2
    processes = [scene.here, *[await scene.process() for _ in range(3)]]
    tokens = await asyncio.gather(*(scene.token(accounts, first) for accounts in processes for _ in range(8)))
    assert set(tokens) == {"access-token-3"}
    assert scene.issuer.grants == ["authorization_code", "refresh_token"]
    assert (await scene.stands()).refreshed_at is not None
    assert (await scene.audited())[-1] == "connection.refreshed"


async def test_a_token_is_renewed_before_it_runs_out_and_no_earlier(scene: Scene) -> None:
    scene.issuer.life_s = 2
    await scene.connect()
    assert await scene.token() == "access-token-2"
    await asyncio.sleep(1.1)
    assert await scene.token() == "access-token-3"
    assert await scene.token() == "access-token-3"
    assert scene.issuer.grants == ["authorization_code", "refresh_token"]


async def test_a_refused_refresh_ends_the_connection_until_it_is_connected_anew(scene: Scene) -> None:
    await scene.connect()
    first = await scene.token()
    scene.issuer.end()
    for _ in range(3):
        with pytest.raises(ConnectionExpired, match=r"'Records' does not work any more \(invalid_grant\)") as caught:
            await scene.token(refused=first)
        assert caught.value.connection == "Records"
        assert "refresh-token" not in str(caught.value)
    assert scene.issuer.grants == ["authorization_code", "refresh_token"]  # nobody asks again what was refused
    stands = await scene.stands()
    assert stands.expired_at is not None
    assert stands.trouble == "invalid_grant"
    assert (await scene.audited())[-1] == "connection.expired"
    assert (await scene.connect()).expired_at is None
    assert await scene.token() in scene.issuer.good


async def test_a_token_that_cannot_be_refreshed_ends_with_its_first_refusal(scene: Scene) -> None:
    await scene.here.vault.seal(scene.workspace_id, "Records", Held("a", None, None, None).value, connector="airtable")
    async with scene.here.database.workspace(scene.workspace_id) as connection:
        await rows.put(connection, scene.start(), scopes=(), whose=None, life_s=None, by=None)
    assert await scene.token() == "a"
    with pytest.raises(ConnectionExpired, match="none to refresh it with"):
        await scene.token(refused="a")
    assert scene.issuer.grants == []


async def test_while_the_provider_is_away_what_is_good_is_used(scene: Scene) -> None:
    scene.issuer.life_s = 2
    await scene.connect()
    scene.issuer.fails_with = Reply(503)
    await asyncio.sleep(1.1)
    assert await scene.token() == "access-token-2"
    assert (await scene.stands()).refreshed_at is None
    await asyncio.sleep(1.0)
    with pytest.raises(CallFailed, match="gives no tokens now") as caught:
        await scene.token()
    assert caught.value.failure == "retry"
    scene.issuer.fails_with = None
    assert await scene.token() == "access-token-3"


async def test_who_gives_up_waiting_loses_no_refresh_token(scene: Scene) -> None:
    await scene.connect()
    first = await scene.token()
    scene.issuer.pause_s = 0.3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await scene.token(refused=first)
    assert await scene.token(refused=first) == "access-token-3"
    assert await scene.token(refused="access-token-3") == "access-token-4"
    assert scene.issuer.grants.count("refresh_token") == 2


async def test_connecting_anew_wins_over_a_refresh_that_is_under_way(scene: Scene) -> None:
    await scene.connect()
    first = await scene.token()
    scene.issuer.pause_s = 0.3
    renewing = asyncio.create_task(scene.token(await scene.process(), refused=first))
    await eventually(lambda: "refresh_token" in scene.issuer.grants)
    await scene.connect()
    await renewing
    found = await scene.here.vault.read(scene.workspace_id, "Records")
    assert found is not None
    assert found[1]["connection"]["access_token"] == scene.issuer.given_for_codes[-1]


# ── Parting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_disconnecting_revokes_and_removes(scene: Scene) -> None:
    await scene.connect()
    assert await scene.here.disconnect(scene.workspace_id, "Records", PERSON)
    assert scene.issuer.revoked == ["refresh-token-2"]
    assert await scene.here.vault.read(scene.workspace_id, "Records") is None
    with pytest.raises(NotFound):
        await scene.here.disconnect(scene.workspace_id, "Records", PERSON)


async def test_a_provider_that_is_away_does_not_keep_anybody_from_parting(scene: Scene) -> None:
    await scene.connect()
    scene.world.web.on("POST", "/revoke", Reply(drop=0))
    assert not await scene.here.disconnect(scene.workspace_id, "Records", PERSON)
    assert await scene.here.vault.read(scene.workspace_id, "Records") is None


async def test_an_app_that_is_gone_is_trouble_that_has_a_name(scene: Scene) -> None:
    await scene.connect()
    await scene.here.vault.delete(scene.workspace_id, "Records app")
    with pytest.raises(ConnectionExpired, match="its app cannot be used: There is no secret 'Records app'"):
        await scene.token(refused="access-token-2")
