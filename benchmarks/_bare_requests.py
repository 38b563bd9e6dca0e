"""The floor of ``waiting_runs``: a process that asks a web address so many times at once, with the library alone.

``python -m benchmarks._bare_requests URL WARM COUNT``: first WARM of them, then, once a line comes in, COUNT.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import uvloop


async def _ask(url: str, warm: int, count: int) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one() -> None:
            async with session.get(url) as answer:
                await answer.json()

        for times in (warm, count):
            await asyncio.gather(*(one() for _ in range(times)))
            print(times, flush=True)
            await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    uvloop.run(_ask(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
