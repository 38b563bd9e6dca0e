"""Where a queue is: ``QUEUE_URL`` taken apart and checked, and shown to people without its password."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from plainwork.errors import Invalid, Unavailable

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_REASON = 300
OR_NONE = "Without QUEUE_URL the database is the queue."


@dataclass(frozen=True, slots=True)
class Address:
    """One server or, for a cluster, several: ``hosts`` are (name, port); port 0 stands for the usual one."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the queue is called on its server, so that several installations can share one."""
        return self.options.get("name", "plainwork")

    def __str__(self) -> str:
        hosts = ",".join(f"{bracketed(host)}:{port}" if port else bracketed(host) for host, port in self.hosts)
        return f"{self.scheme}://{hosts}" + (f"/{self.path}" if self.path else "")

    def unavailable(self, reason: object) -> Unavailable:
        """The error for a server that cannot be used, for this reason."""
        text = " ".join((str(reason) or type(reason).__name__).split())
        secret = self.password or self.user  # a user alone is a token
        if secret:
            text = text.replace(secret, "…")
        return Unavailable(
            f"The queue {self} cannot be used: {text[:_MOST_REASON].rstrip('.')}.",
            next_step=f"See that its server runs and that QUEUE_URL is right. {OR_NONE}",
        )


def parse(url: str, *, options: Collection[str] = (), example: str, most_hosts: int = 1) -> Address:
    """Takes a URL apart. ``options``: the names that may follow a ``?``. Raises Invalid, which shows ``example`` and never
    the URL itself, because it may hold a password."""
    try:
        address = _take_apart(url)
    except ValueError:
        raise invalid("is not a URL that can be read", example) from None
    if not all(host for host, _ in address.hosts):
        raise invalid("names no host", example)
    if len(address.hosts) > most_hosts:
        raise invalid(f"names {len(address.hosts)} hosts, and this queue has one", example)
    unknown = sorted(set(address.options) - set(options))
    if unknown:
        raise invalid(f"has the option {unknown[0][:40]!r}, and there are only {', '.join(sorted(options))}", example)
    if not _NAME.fullmatch(address.name):
        raise invalid("gives a name that is not made of up to 80 letters, digits, _ and -", example)
    return address


def invalid(what: str, example: str) -> Invalid:
    """The error for a ``QUEUE_URL`` that cannot be meant."""
    return Invalid(f"QUEUE_URL {what}.", next_step=f"Write it as {example}. {OR_NONE}")


def _take_apart(url: str) -> Address:
    if not url.isprintable() or " " in url:
        raise ValueError(url)
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return Address(
        scheme=parts.scheme,
        hosts=tuple(_host(one) for one in hosts.split(",")),
        path=unquote(parts.path.strip("/")),
        user=unquote(user) or None,
        password=unquote(password) or None,
        options=dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))),
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or 0


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
