"""How much of it the other side sees at the same time."""

from __future__ import annotations

import asyncio

from tests.world import Reply, Seen, Web


class Gauge:
    """How many requests the other side has in hand, and how many it had at most."""

    def __init__(self, web: Web, takes_s: float = 0.03) -> None:
        self.now = self.most = self.total = 0
        self._takes_s = takes_s
        web.on("GET", "/", self.answer)

    async def answer(self, _: Seen) -> Reply:
        self.now += 1
        self.total += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self._takes_s)
        self.now -= 1
        return Reply(json={})
