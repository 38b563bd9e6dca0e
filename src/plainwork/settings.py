"""The settings: read once from the environment, frozen, passed down. No secret has a default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from plainwork.errors import Invalid

MOST_PROCESSES = 64


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The OpenID Connect provider that people may sign in with.

    ``domains``: whose people get an account by themselves, and the only ones that may sign in; empty: all who have an
    account. ``join_workspace`` (a slug): where they become members at once, as ``join_role``.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    domains: tuple[str, ...] = ()
    join_workspace: str | None = None
    join_role: Literal["admin", "editor", "runner", "viewer"] = "viewer"


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The operator's registration with a provider, for all workspaces that bring none of their own."""

    client_id: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; ``docs/operations.md`` lists each with its meaning.

    ``database_url`` None: the embedded Postgres under ``data_dir``. ``database_app_url``: the login of the role that
    row-level security binds, where Plainwork cannot make that role by itself. ``queue_url`` None: the database is the queue.
    ``public_url`` None: this installation is reached from outside at its own host and port.
    ``vault_store``: where new secrets' values are kept, ``postgres`` or ``aws-secrets-manager:PREFIX``.
    ``vault_key`` None: a key file is made under ``data_dir`` on first use (``file:<data_dir>/vault.key``). ``oauth_apps``: by
    connector.
    """

    data_dir: Path
    database_url: str | None = field(default=None, repr=False)
    database_app_url: str | None = field(default=None, repr=False)
    queue_url: str | None = field(default=None, repr=False)
    vault_key: str | None = field(default=None, repr=False)
    vault_store: str = "postgres"
    smtp_url: str | None = field(default=None, repr=False)
    public_url: str | None = None
    single_sign_on: SingleSignOn | None = None
    oauth_apps: Mapping[str, OAuthApp] = field(default_factory=dict)
    new_workspaces: Literal["anybody", "owners", "nobody"] = "anybody"
    allow_hosts: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8700
    concurrency: int = 2000
    processes: int = 1
    drain_s: float = 20.0
    requests_per_minute: int = 60_000
    hooks_per_minute: int = 30_000
    deliveries_per_minute: int = 30_000
    deleted_kept_days: int = 30
    metrics_token: str | None = field(default=None, repr=False)
    log_level: str = "info"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, **overrides: object) -> Settings:
        """Reads the environment (names in ``docs/operations.md``); ``overrides`` that are not None win.

        Raises Invalid naming the variable that cannot be understood.
        """
        env = os.environ if env is None else env
        values: dict[str, object] = {
            "data_dir": _data_folder(env, overrides.pop("data_dir", None)),
            "database_url": env.get("DATABASE_URL") or None,
            "database_app_url": env.get("DATABASE_APP_URL") or None,
            "queue_url": env.get("QUEUE_URL") or None,
            "vault_key": env.get("VAULT_KEY") or None,
            "vault_store": env.get("VAULT_STORE") or "postgres",
            "smtp_url": _mail_server(env),
            "public_url": _public_url(env),
            "single_sign_on": _single_sign_on(env),
            "oauth_apps": _oauth_apps(env),
            "new_workspaces": _one_of(env, "PLAINWORK_NEW_WORKSPACES", "anybody", ("anybody", "owners", "nobody")),
            "allow_hosts": tuple(h.strip() for h in env.get("PLAINWORK_ALLOW_HOSTS", "").split(",") if h.strip()),
            "host": env.get("PLAINWORK_HOST") or "127.0.0.1",
            "port": _whole(env, "PLAINWORK_PORT", 8700, most=65535),
            "concurrency": _whole(env, "PLAINWORK_CONCURRENCY", 2000, most=100_000),
            "processes": _whole(env, "PLAINWORK_PROCESSES", 1, least=1, most=MOST_PROCESSES),
            "drain_s": float(_whole(env, "PLAINWORK_DRAIN_S", 20, most=3600)),
            "requests_per_minute": _whole(env, "PLAINWORK_REQUESTS_PER_MINUTE", 60_000, most=10**9),
            "hooks_per_minute": _whole(env, "PLAINWORK_HOOKS_PER_MINUTE", 30_000, most=10**9),
            "deliveries_per_minute": _whole(env, "PLAINWORK_DELIVERIES_PER_MINUTE", 30_000, most=10**9),
            "deleted_kept_days": _whole(env, "PLAINWORK_DELETED_KEPT_DAYS", 30, most=36_500),
            "metrics_token": env.get("PLAINWORK_METRICS_TOKEN") or None,
            "log_level": _one_of(env, "PLAINWORK_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        }
        values.update({k: v for k, v in overrides.items() if v is not None})
        return cls(**values)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """Where this installation is reached from outside, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


def _public_url(env: Mapping[str, str]) -> str | None:
    url = (env.get("PLAINWORK_PUBLIC_URL") or "").strip().rstrip("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Invalid(
            f"PLAINWORK_PUBLIC_URL is {url[:200]!r}, not a web address.",
            next_step="Write it as https://plainwork.example.org, with the path under which a proxy serves it.",
        )
    return url


def _data_folder(env: Mapping[str, str], given: object) -> Path:
    """The data folder, absolute. Nothing is read or made: it need not exist."""
    if given is not None and not str(given):
        raise Invalid("The data folder has no name.", next_step=_NAME_IT)
    named = str(given or env.get("PLAINWORK_DATA_DIR") or "")
    try:
        if named:
            return Path(os.path.abspath(Path(named).expanduser()))
        return Path(os.path.abspath(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")) / "plainwork"
    except (RuntimeError, OSError):  # no home, or no current folder
        what = f"The data folder {named} cannot be found from here." if named else "This user has no home folder."
        raise Invalid(what, next_step=_NAME_IT) from None


_NAME_IT = "Name a folder you may write, in full, with --data-dir or PLAINWORK_DATA_DIR."


def _mail_server(env: Mapping[str, str]) -> str | None:
    """The mail server's address. It may hold a password, so it is never shown."""
    url = (env.get("PLAINWORK_SMTP_URL") or "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("smtp", "starttls", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Invalid(
            "PLAINWORK_SMTP_URL is not the address of a mail server.",
            next_step="Write it as smtp://host:port, starttls://user:password@host:587 or smtps://user:password@host, "
            "with %40 for an @ in a password.",
        )
    return url


def _is_address(url: str) -> bool:
    """Whether it is a bare http(s) address: no login, query or fragment in it."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and not (parts.query or parts.fragment or "@" in parts.netloc)


def _single_sign_on(env: Mapping[str, str]) -> SingleSignOn | None:
    """The provider of single sign-on; None where no issuer is named."""
    issuer = (env.get("PLAINWORK_OIDC_ISSUER") or "").strip()
    if not issuer:
        return None
    client_id, secret = env.get("PLAINWORK_OIDC_CLIENT_ID") or "", env.get("PLAINWORK_OIDC_CLIENT_SECRET") or ""
    if not _is_address(issuer):
        raise Invalid(
            f"PLAINWORK_OIDC_ISSUER is {issuer!r}, not an address.",
            next_step="Write it just as the provider's discovery document says, https://….",
        )
    for name, value in (("CLIENT_ID", client_id), ("CLIENT_SECRET", secret), ("public URL", _public_url(env))):
        if not value:
            missing = "PLAINWORK_PUBLIC_URL" if name == "public URL" else f"PLAINWORK_OIDC_{name}"
            raise Invalid(f"PLAINWORK_OIDC_ISSUER is set and {missing} is not.", next_step=f"Set {missing}.")
    domains = tuple(d.strip().lower() for d in env.get("PLAINWORK_OIDC_DOMAINS", "").split(",") if d.strip())
    workspace, _, role = (env.get("PLAINWORK_OIDC_JOIN") or "").strip().partition(":")
    roles = ("admin", "editor", "runner", "viewer")
    joined = _one_of({"PLAINWORK_OIDC_JOIN": role}, "PLAINWORK_OIDC_JOIN", "viewer", roles)
    return SingleSignOn(issuer, client_id, secret, domains, workspace or None, joined)  # type: ignore[arg-type]


_OAUTH_APP = re.compile(r"PLAINWORK_OAUTH_([A-Z0-9_]+)_CLIENT_ID")


def _oauth_apps(env: Mapping[str, str]) -> dict[str, OAuthApp]:
    """``PLAINWORK_OAUTH_<CONNECTOR>_CLIENT_ID`` and ``…_CLIENT_SECRET``: the operator's app with each provider."""
    found: dict[str, OAuthApp] = {}
    for name, client_id in env.items():
        if client_id and (named := _OAUTH_APP.fullmatch(name)):
            connector = named[1].lower().replace("_", "-")
            found[connector] = OAuthApp(client_id, env.get(f"PLAINWORK_OAUTH_{named[1]}_CLIENT_SECRET") or "")
    return found


def _whole(env: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Invalid(
            f"{name} is {text!r}, not a whole number from {least} to {most}.", next_step=f"Set {name} or unset it."
        )
    return int(text)


def _one_of(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = (env.get(name) or default).lower()
    if text not in choices:
        raise Invalid(f"{name} is {text!r}, not one of {', '.join(choices)}.", next_step=f"Set {name} or unset it.")
    return text
