"""Connections: accounts that somebody has agreed to let Plainwork use, kept working by themselves (OAuth 2).

The tokens of a connection are the value of a secret of its name, sealed by the vault and bound to the connector and its
hosts. They are renewed shortly before they run out, and when a service refuses one; never twice at once, in any number of
processes, because many providers take each refresh token once.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from plainwork import log
from plainwork.connections.held import Held
from plainwork.connectors.declared import Connector, connectable
from plainwork.connectors.oauth import ADDRESSES, App, Provider, Refused, Tokens
from plainwork.db import Database, audit
from plainwork.db import connections as rows
from plainwork.db.connections import Connection, Start
from plainwork.errors import (
    CallFailed,
    Conflict,
    ConnectionExpired,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
)
from plainwork.net import Client, place_of
from plainwork.settings import OAuthApp
from plainwork.vault import Guard, Secret, Use, Vault

__all__ = ["CALLBACK", "Connection", "Connections", "Held", "Start", "Started", "workspace_of"]

CALLBACK = "/connections/callback"
"""Where providers send people back to, below the address of the installation."""

_log = log.get("connections")
_AT_ONCE = 4
"""How many are renewed at once: each holds a connection to the database meanwhile."""
_SEALING_PAUSES_S = (0.2, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Started:
    """Where the person agrees, and until when they may come back from there."""

    authorize_url: str
    expires_at: datetime


@dataclass(slots=True)
class Connections:
    """The connections of an installation. ``apps``: the operator's registrations, by connector; ``redirect_uri``: where
    providers send people back to."""

    database: Database
    vault: Vault
    net: Client
    apps: Mapping[str, OAuthApp]
    redirect_uri: str
    _renewing: dict[tuple[UUID, str], asyncio.Task[Held]] = field(default_factory=dict, repr=False)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE), repr=False)

    # ── Connecting ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def begin(self, workspace_id: UUID, start: Start, session_token: str) -> Started:
        """Somebody sets out to connect an account, in the session of this token. Raises NotFound for a connector that cannot
        be connected, Invalid where there is no app to do it with, Conflict when the name is taken."""
        provider = await self._provider(workspace_id, start.connector, start.app)
        if provider.declared.grant != "authorization_code":
            raise Invalid(f"{provider.title} is connected without anybody agreeing.", next_step="Leave that out.")
        state = f"{workspace_id.hex}.{secrets.token_urlsafe(32)}"
        scopes = start.scopes or provider.declared.scopes
        url = provider.authorize_url(self.redirect_uri, state, _verifier(session_token, state), scopes)
        async with self.database.workspace(workspace_id) as connection:
            await _check_name(connection, start)
            expires_at = await rows.add_start(connection, _hash(state), replace(start, scopes=tuple(scopes)))
        return Started(url, expires_at)

    async def called_off(self, state: str, session_id: UUID) -> Start:
        """The person has come back without agreeing: the state is used up. Raises Rejected as ``finish``."""
        workspace_id = workspace_of(state)
        async with self.database.workspace(workspace_id) as connection:
            start = await rows.take_start(connection, _hash(state), session_id)
        if start is None:
            raise _not_begun()
        return start

    async def finish(
        self, state: str, code: str, session_id: UUID, session_token: str, actor: audit.Actor
    ) -> Connection:
        """The person has agreed: the code becomes a connection, and the runs that waited for it go on.

        Raises Rejected when this session has not begun it, or too long ago, or has used the state before; or when the
        provider refuses the code; CallFailed when it does not answer."""
        workspace_id = workspace_of(state)
        start = await self.called_off(state, session_id)
        provider = await self._provider(workspace_id, start.connector, start.app)
        try:
            tokens = await provider.exchange(code, self.redirect_uri, _verifier(session_token, state))
        except Refused as refused:
            raise _was_refused(provider, refused) from None
        return await self._keep(workspace_id, start, provider, tokens, actor)

    async def connect_app(self, workspace_id: UUID, start: Start, actor: audit.Actor) -> Connection:
        """Connects an app that speaks for itself. Raises as ``begin``, and Rejected when the provider refuses it."""
        provider = await self._provider(workspace_id, start.connector, start.app)
        scopes = start.scopes or provider.declared.scopes
        async with self.database.workspace(workspace_id) as connection:
            await _check_name(connection, start)
        try:
            tokens = await provider.speak_for_itself(scopes)
        except Refused as refused:
            raise _was_refused(provider, refused) from None
        return await self._keep(workspace_id, replace(start, scopes=tuple(scopes)), provider, tokens, actor)

    async def disconnect(self, workspace_id: UUID, name: str, actor: audit.Actor, guard: Guard | None = None) -> bool:
        """Removes a connection with its tokens; whether its provider was told, and took it in. NotFound when there is none."""
        async with self.database.workspace(workspace_id) as transaction:
            if guard is not None:
                await guard(transaction)
            connection = await rows.lock(transaction, name)
            found = await self.vault.read(workspace_id, name)
            if connection is None or found is None:
                raise NotFound(f"There is no connection {name!r}.", next_step="GET /api/v1/connections lists them.")
            is_revoked = await self._revoke(workspace_id, connection, _held(name, found[1]))
            await rows.delete(transaction, name)
            detail = {"connector": connection.connector, "revoked": is_revoked}
            await audit.append(transaction, actor, "connection.removed", ("secret", name), detail)
        await self.vault.delete(workspace_id, name, actor=actor)
        return is_revoked

    async def _keep(
        self, workspace_id: UUID, start: Start, provider: Provider, tokens: Tokens, actor: audit.Actor
    ) -> Connection:
        connector = connectable()[start.connector]
        base_url = provider.moved.get("base_url")
        held = Held.new(tokens, base_url)
        by = UUID(actor.id) if actor.kind == "user" else None
        async with self.database.workspace(workspace_id) as transaction:
            await rows.lock(transaction, start.name)  # whoever renews the tokens of before does not overwrite these
            await self._seal(
                *(workspace_id, start.name, held),
                about=start.about,
                connector=start.connector,
                hosts=_hosts(connector, base_url),
                agents=start.agents,
                actor=actor,
                event="connection.connected",
            )
            scopes = tokens.scopes if tokens.scopes is not None else start.scopes
            await rows.put(transaction, start, scopes=scopes, whose=tokens.whose, life_s=tokens.life_s, by=by)
            made = await rows.get(transaction, start.name)
        assert made is not None
        await rows.resume(self.database, rows.START_LIFE)
        return made

    # ── Using ────────────────────────────────────────────────────────────────────────────────────────────────────────
    async def account(self, workspace_id: UUID, name: str, held: Held, refused: str | None = None) -> Mapping[str, Any]:
        """What a step signs with: of what the vault has opened, or of newer tokens, when those run out or the service has
        ``refused`` one. Raises ConnectionExpired when its owner has to connect it anew, CallFailed when the provider does
        not answer."""
        if held.access_token != refused and not held.is_running_out():
            return held.account
        key = (workspace_id, name)
        if key not in self._renewing:
            # Whoever asked may be cancelled meanwhile. A refresh token that was sent is used up: what comes for it is kept.
            task = self._renewing[key] = asyncio.create_task(self._renewed(workspace_id, name, refused))
            task.add_done_callback(partial(self._renewing_ended, key))
        return (await asyncio.shield(self._renewing[key])).account

    def _renewing_ended(self, key: tuple[UUID, str], task: asyncio.Task[Held]) -> None:
        del self._renewing[key]
        if not task.cancelled():
            task.exception()  # those who wait are told; if nobody does any more, nobody has to be

    async def _renewed(self, workspace_id: UUID, name: str, refused: str | None) -> Held:
        async with self._room, self.database.workspace(workspace_id) as transaction:
            connection = await rows.lock(transaction, name)
            found = await self.vault.read(workspace_id, name)
            if connection is None or found is None:
                raise NotFound(f"There is no connection {name!r} any more.", next_step="Connect it under Connections.")
            secret, held = found[0], _held(name, found[1])
            if held.access_token != refused and not held.is_running_out():
                return held  # somebody else was first
            if connection.expired_at is None:
                try:
                    newer = await self._renew(workspace_id, secret, connection, held, refused)
                except Refused as why:
                    connection = await _note_expiry(transaction, connection, why.why)
                else:
                    if newer is not held:
                        await rows.note_refresh(transaction, name, newer.life_s)
                    return newer
        raise _expired(connection)

    async def _renew(
        self, workspace_id: UUID, secret: Secret, connection: Connection, held: Held, refused: str | None
    ) -> Held:
        """The newer tokens, sealed; those of before, while the provider is away and they are good. Raises Refused."""
        try:
            provider = await self._provider(workspace_id, connection.connector, connection.app)
            tokens = await _newer(provider, held, connection.scopes)
        except Rejected as why:
            raise Refused(f"its app cannot be used: {why.message}") from why
        except CallFailed:
            if held.access_token != refused and not held.is_over():
                return held  # it is good for a while yet, and the provider may be back by then
            raise
        newer = Held.new(tokens, held.base_url, held.refresh_token)
        await self._seal(
            *(workspace_id, connection.name, newer),
            about=secret.about,
            connector=secret.connector,
            hosts=secret.hosts,
            agents=secret.agents,
            event="connection.refreshed",
        )
        return newer

    async def _seal(self, workspace_id: UUID, name: str, held: Held, **bound: Any) -> None:
        """Seals tokens, through a short outage of the database too: those before them may be worth nothing any more."""
        for pause_s in _SEALING_PAUSES_S:
            try:
                await self.vault.seal(workspace_id, name, held.value, **bound)
                return
            except (Unavailable, OSError) as error:
                _log.warning("cannot seal the tokens of a connection, will try again", name=name, error=str(error))
                await asyncio.sleep(pause_s)
        await self.vault.seal(workspace_id, name, held.value, **bound)

    async def _revoke(self, workspace_id: UUID, connection: Connection, held: Held) -> bool:
        try:
            provider = await self._provider(workspace_id, connection.connector, connection.app)
            return await provider.revoke(held.refresh_token or held.access_token)
        except (Rejected, CallFailed) as error:
            _log.warning("a provider was not told of a removed connection", name=connection.name, error=str(error))
            return False

    # ── Apps ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _provider(self, workspace_id: UUID, connector_id: str, app: str | None) -> Provider:
        connector = connectable().get(connector_id)
        if connector is None:
            raise NotFound(
                f"No connector {connector_id!r} can be connected.",
                next_step="GET /api/v1/connections/services lists those.",
            )
        return Provider(connector, await self._app(workspace_id, connector, app), self.net)

    async def _app(self, workspace_id: UUID, connector: Connector, name: str | None) -> App:
        if name is None:
            operators = self.apps.get(connector.id)
            if operators is None:
                raise Invalid(
                    f"There is no app to connect {connector.title} with.",
                    next_step=f"Register one with {connector.title} for the address {self.redirect_uri}, store its client_id "
                    "and client_secret as a secret, and name that as `app`.",
                )
            return App(operators.client_id, operators.client_secret)
        value = await self.vault.open(
            *(workspace_id, name, Use(connector=connector.id)),
            lambda given: Provider(connector, _read_app(name, given), self.net).hosts,
        )
        return _read_app(name, value)


async def _newer(provider: Provider, held: Held, scopes: Sequence[str]) -> Tokens:
    if provider.declared.grant == "client_credentials":
        return await provider.speak_for_itself(scopes)
    if held.refresh_token is None:
        raise Refused("the token was refused, and there is none to refresh it with")
    return await provider.refresh(held.refresh_token)


def _read_app(name: str, value: Any) -> App:
    """The app that a secret holds."""
    given = value if isinstance(value, Mapping) else {}
    known = ("client_id", "client_secret", *ADDRESSES)
    if not given.get("client_id") or not all(key in known and isinstance(part, str) for key, part in given.items()):
        raise Invalid(
            f"The secret {name!r} holds no app.",
            next_step=f"Its fields are client_id, client_secret and, for a server of one's own, {', '.join(ADDRESSES)}.",
        )
    moved = {key: part for key, part in given.items() if key in ADDRESSES and part}
    return App(given["client_id"], given.get("client_secret", ""), moved)


async def _note_expiry(transaction: Any, connection: Connection, trouble: str) -> Connection:
    await rows.note_expiry(transaction, connection.name, trouble)
    detail = {"connector": connection.connector, "trouble": trouble}
    await audit.append(transaction, audit.SYSTEM, "connection.expired", ("secret", connection.name), detail)
    return replace(connection, trouble=trouble)


async def _check_name(transaction: Any, start: Start) -> None:
    known = await rows.get(transaction, start.name)
    if known is not None and known.connector != start.connector:
        raise Conflict(f"{start.name!r} is a connection to {known.connector}.", next_step="Choose another name.")
    if known is None and await rows.is_taken(transaction, start.name):
        raise Conflict(f"There is a secret {start.name!r} already.", next_step="Choose another name, or remove that.")


def workspace_of(state: str) -> UUID:
    """The workspace that a state belongs to. Raises Rejected for a text that is none of ours."""
    try:
        return UUID(hex=state.partition(".")[0])
    except ValueError:
        raise _not_begun() from None


def _held(name: str, value: Any) -> Held:
    held = Held.of(value)
    if held is None:
        raise Unavailable(
            f"The secret {name!r} holds no tokens any more.", next_step="Connect it anew under Connections."
        )
    return held


def _hosts(connector: Connector, base_url: str | None) -> list[str]:
    """The hosts that tokens may be sent to."""
    moved = place_of(base_url or "")
    return [moved[0]] if moved else list(connector.hosts)


def _hash(state: str) -> bytes:
    return sha256(state.encode(errors="replace")).digest()


def _verifier(session_token: str, state: str) -> str:
    """The PKCE verifier: whoever has the session can work it out again, so it is kept nowhere."""
    digest = hmac.digest(session_token.encode(), f"plainwork connect {state}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _not_begun() -> Rejected:
    return Rejected(
        "Nobody has begun this here, or it took longer than ten minutes.", next_step="Begin again under Connections."
    )


def _was_refused(provider: Provider, refused: Refused) -> Rejected:
    return Forbidden(f"{provider.title} refused ({refused.why}).", next_step="Check the app, and begin again.")


def _expired(connection: Connection) -> ConnectionExpired:
    return ConnectionExpired(
        f"The connection {connection.name!r} does not work any more ({connection.trouble}).",
        connection=connection.name,
        next_step="Connect it anew under Connections; the runs that wait for it go on by themselves.",
    )
