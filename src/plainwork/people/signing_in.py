"""Signing in: with a password and, where there is one, a second factor; or as whom the single sign-on vouches for."""

from __future__ import annotations

from dataclasses import dataclass, field

from plainwork.db import identities, passwords, sessions, throttle, users, workspaces
from plainwork.db.ids import new_id
from plainwork.db.pool import Database
from plainwork.db.sessions import Session
from plainwork.db.users import User
from plainwork.errors import CodeNeeded, NotFound
from plainwork.people.identity import Identity, NotAdmitted
from plainwork.people.second_factor import SecondFactor
from plainwork.settings import SingleSignOn
from plainwork.vault import MasterKeys


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in comes from: the address, and what the browser calls itself."""

    address: str | None = None
    user_agent: str | None = None


async def with_password(
    database: Database, master: MasterKeys, email: str, password: str, code: str | None = None, *, browser: Browser
) -> tuple[Session, str]:
    """A new session and its token.

    Raises SignInNeeded for an unknown e-mail or a wrong password (the same for both), CodeNeeded when the password is
    right and a code of the second factor is missing or wrong, LimitReached after too many tries.
    """
    proven = await passwords.check(database, email, password, address=browser.address)
    user = await users.get(database, proven.user_id)
    if user.second_factor_at is not None and not await _passes(SecondFactor(database, master), user, code):
        raise CodeNeeded(
            "That code is wrong, or was used before." if code else "Signing in takes a code as well.",
            next_step="Send the code that your authenticator shows now, or a recovery code.",
        )
    async with database.person(user.id) as connection:
        await throttle.forgive(connection, proven.own, proven.shared)
        return await sessions.begin(connection, user.id, address=browser.address, user_agent=browser.user_agent)


async def _passes(second_factor: SecondFactor, user: User, code: str | None) -> bool:
    return bool(code) and await second_factor.passes(user.id, code or "")


@dataclass(frozen=True, slots=True)
class Entered:
    """A sign-in by single sign-on. ``is_new``: the account was made by it; ``is_reclaimed``: there was an account with
    this e-mail that nobody had proven to be theirs, and what it was signed in with before counts no more."""

    session: Session
    token: str = field(repr=False)
    is_new: bool
    is_reclaimed: bool


async def with_identity(database: Database, rules: SingleSignOn, identity: Identity, *, browser: Browser) -> Entered:
    """A new session of the person whose identity this is: known by it, or by the e-mail that the provider vouches for.

    Somebody new gets an account where the operator has named their e-mail's domain. Raises NotAdmitted for others, for a
    domain that is not named, for an e-mail that is not vouched for, and for a disabled account.
    """
    _check_email(rules, identity)
    known = await identities.user_of(database, identity.issuer, identity.subject)
    found = None if known else await users.of_email(database, identity.email, also_disabled=True)
    user_id = known or (found.id if found else new_id())
    is_new, is_reclaimed = not (known or found), False
    async with database.person(user_id) as connection:
        if is_new:
            if not rules.domains:
                raise NotAdmitted(
                    *("unknown", f"There is no account for {identity.email}."),
                    next_step="Ask an owner to invite you first.",
                )
            name = identity.name or identity.email.partition("@")[0]
            await users.insert(connection, user_id, identity.email, name, None, is_verified=True)
        elif await connection.fetchval("select disabled_at is not null from users where id = $1", user_id):
            raise NotAdmitted("disabled", "This account is disabled.", next_step="Ask whoever runs this installation.")
        elif not known:
            is_reclaimed = await identities.vouch(connection, user_id)
        await identities.link(connection, user_id, identity.issuer, identity.subject, identity.email)
        session, token = await sessions.begin(
            connection, user_id, by="sso", address=browser.address, user_agent=browser.user_agent
        )
    return Entered(session, token, is_new, is_reclaimed)


def _check_email(rules: SingleSignOn, identity: Identity) -> None:
    """Raises NotAdmitted for an e-mail that is not vouched for, or whose domain the operator has not named."""
    if not identity.email or not identity.is_email_verified:
        raise NotAdmitted(
            "unverified",
            "The provider does not say that your e-mail address is verified.",
            next_step="Verify it there, or have the provider send the claim email_verified.",
        )
    domain = identity.email.rpartition("@")[2]
    if rules.domains and domain not in rules.domains:
        raise NotAdmitted("domain", f"People of {domain} may not sign in here.", next_step="Use your work address.")


async def join(database: Database, rules: SingleSignOn, user: User) -> workspaces.Workspace | None:
    """Lets somebody into the workspace that the operator has named for people of the single sign-on; None when they are
    in, or none is named. Raises NotFound when that workspace does not exist."""
    if rules.join_workspace is None:
        return None
    workspace_id = await workspaces.of_slug(database, rules.join_workspace)
    if workspace_id is None:
        raise NotFound(
            f"The workspace {rules.join_workspace!r} that PLAINWORK_OIDC_JOIN names does not exist.",
            next_step="Ask the operator to correct it.",
        )
    async with database.workspace(workspace_id, user.id) as connection:
        if await workspaces.role_of(connection, user.id):
            return None
        await passwords.forget_handed_over(connection, user.id)
        await workspaces.add_member(connection, user.id, rules.join_role)
        return await workspaces.get(connection)
