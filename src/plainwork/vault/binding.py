"""Which connector, hosts and agents a secret may be used by; what is not bound may be used by all of its workspace."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from plainwork.db.secrets import Secret
from plainwork.errors import Forbidden, Invalid


@dataclass(frozen=True, slots=True)
class Use:
    """What is about to use a secret. ``host`` is the one that the request goes to; ``run``: in which run, for the record."""

    connector: str | None = None
    host: str | None = None
    agent: UUID | None = None
    run: UUID | None = None


def check(secret: Secret, use: Use) -> None:
    """Raises Forbidden, naming the binding, when this use is outside it. A bound secret needs a use that says which."""
    if secret.connector is not None and use.connector != secret.connector:
        raise _outside(secret, f"the connector {secret.connector}", use.connector or "something else")
    if secret.hosts is not None and not any(_covers(pattern, use.host) for pattern in secret.hosts):
        raise _outside(secret, f"the hosts {', '.join(secret.hosts) or '(none)'}", use.host or "an unknown host")
    if secret.agents is not None and use.agent not in secret.agents:
        raise _outside(secret, "certain agents", "this agent")


def goes_further(bound: Secret, than: Secret) -> bool:
    """Whether a secret bound like this may be sent where it may not ``than`` it was: to other hosts, or by another connector,
    which may send it anywhere."""
    if than.connector is not None and bound.connector != than.connector:
        return True
    if than.hosts is None:
        return False
    return bound.hosts is None or not all(any(_covers(known, host) for known in than.hosts) for host in bound.hosts)


def checked_hosts(hosts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The host patterns in small letters. Invalid for one that is neither a host nor ``*.`` and a domain."""
    if hosts is None:
        return None
    cleaned = tuple(host.strip().rstrip(".").lower() for host in hosts)
    for host in cleaned:
        bare = host.removeprefix("*.")
        if not bare or (any(c in bare for c in "*/:@ ?#") and not bare.startswith("[")):
            raise Invalid(
                f"{host!r} is not a host.", next_step="Write a bare host such as api.example.org, or *.example.org."
            )
    return cleaned


def _covers(pattern: str, host: str | None) -> bool:
    host = (host or "").rstrip(".").lower()
    return host.endswith(pattern[1:]) and host != pattern[2:] if pattern.startswith("*.") else host == pattern


def _outside(secret: Secret, bound_to: str, wanted: str) -> Forbidden:
    return Forbidden(
        f"The secret {secret.name!r} is bound to {bound_to}, and was asked for by {wanted}.",
        next_step="Change the secret's binding, or use another secret.",
    )
