"""Connections for protocols other than HTTP: to addresses that were checked before, never to names."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable

from plainwork.errors import CallFailed


async def connected(who: str, addresses: Iterable[str], port: int) -> socket.socket:
    """A socket to the first of the addresses that answers. ``who`` is named when none does (CallFailed, retry)."""
    problem: OSError | None = None
    for address in addresses:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except OSError as error:
            sock.close()
            problem = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    reason = os.strerror(problem.errno).lower() if problem and problem.errno else "it has no address"
    raise CallFailed(
        f"{who} cannot be reached: {reason}.", next_step="Check that it is running and reachable from this server."
    )
