"""Which hosts may be called: public unicast addresses, and what the operator lists in ``PLAINWORK_ALLOW_HOSTS``.

The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates), written out because the standard
library's own idea of "global" differs between Python versions. Names are judged by the addresses they resolve to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from plainwork.errors import CallFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent on a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4, which smuggles an IPv4 address
        "3fff::/20",
    )
)
_CARRIES_V4 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))  # mapped, NAT64
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*")
_NUMBER_LIKE = re.compile(r"(0x[0-9a-f]*|[0-9]+)")


def is_public(address: Address) -> bool:
    """True when the address is ordinary public unicast, also after unwrapping IPv4 inside IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if any(address in net for net in _CARRIES_V4):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _GLOBAL_V6 and not any(address in net for net in _REFUSED_V6)
    return not any(address in net for net in _REFUSED_V4)


def literal(host: str) -> Address | None:
    """The address a host part spells, or None when it is a name. Takes IPv6 with or without brackets."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Guard:
    """The rule, with the operator's exceptions: ``host``, ``host:port``, ``*.suffix`` or an address."""

    allowed: frozenset[str]

    @classmethod
    def of(cls, allow_hosts: Iterable[str]) -> Guard:
        """A guard that lets these hosts through."""
        return cls(frozenset(_canonical(entry) for entry in allow_hosts if entry.strip()))

    def lists(self, host: str, port: int) -> bool:
        """True when the operator lists this host (or address), alone or with this port."""
        host = _canonical(host)
        names = {host, f"{host}:{port}"}
        labels = host.split(".")
        suffixes = {"*." + ".".join(labels[i:]) for i in range(1, len(labels))}
        return not self.allowed.isdisjoint(names | suffixes)

    def check_host(self, host: str, port: int) -> None:
        """Raises CallFailed (rejected) for hosts that no lookup can make right: refused addresses, and spellings such
        as ``0x7f.1`` or ``2130706433`` that only some parsers take for an address."""
        if self.lists(host, port):
            return
        address = literal(host)
        if address is not None:
            if not is_public(address):
                raise refusal(host, port)
        elif _NUMBER_LIKE.fullmatch(host.rstrip(".").rpartition(".")[2].lower()):
            raise CallFailed(
                f"{host} is not a host name or a plain IP address.",
                failure="rejected",
                next_step="Write the address as four decimal numbers, or use the host's name.",
            )
        elif len(host) > 253 or not _NAME.fullmatch(host.rstrip(".").lower()):
            raise CallFailed(f"{host!r} is not a host name.", failure="rejected", next_step="Check the address.")

    def permits(self, host: str, port: int, address: str) -> bool:
        """True when ``host`` may be reached at ``address``, one of those it resolved to."""
        spelled = literal(address)
        if spelled is None:
            return False
        return is_public(spelled) or self.lists(host, port) or self.lists(str(spelled), port)


def refusal(host: str, port: int) -> CallFailed:
    """The error for a host that is, or resolves to, an address inside the operator's own network."""
    name = f"[{host}]" if ":" in host else host
    return CallFailed(
        f"{name}:{port} is a private or local address, which agents may not reach.",
        failure="rejected",
        next_step=f"If it is meant, the operator can allow it: PLAINWORK_ALLOW_HOSTS={name}:{port}",
    )


def _canonical(entry: str) -> str:
    """Lower case, no trailing dot, IPv6 compressed and bare unless a port follows (then ``addr:port`` on the bare
    form)."""
    text = entry.strip().lower()
    if text.startswith("["):
        inside, _, port = text[1:].partition("]")
        address = literal(inside)
        return f"{address or inside}{port}"
    address = literal(text)
    if address is not None:
        return str(address)
    host, colon, port = text.partition(":")
    return f"{host.rstrip('.')}{colon}{port}"
