"""What goes wrong, and when: seeded, so that the same seed plans the same faults in the same order."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from tests.chaos.servers import Postgres
from tests.journeys.server import Server, free_port
from tests.processes.programs import Installation, Program
from tests.queue.servers import Redis

PEACEFUL_ONE_IN = 6

Progress = Callable[[], Awaitable[float]]
"""The share of the work that is done."""


class Storm:
    """The programs of an installation and the servers under them, and everything that ends them before their time."""

    def __init__(self, random: Random, here: Installation, postgres: Postgres, redis: Redis, workers: int) -> None:
        self._random = random
        self._here = here
        self._postgres = postgres
        self._redis = redis
        self._port = free_port()
        self._api = self._start_api()
        self._scheduler = here.start("scheduler")
        self._workers = [self._start_worker() for _ in range(workers)]
        self._leaving: list[Program] = []
        self.counts: Counter[str] = Counter()

    def ready(self) -> Server:
        """The API, when all are at work."""
        for program in (self._api, self._scheduler, *self._workers):
            program.ready()
        return Server(self._api.process, self._port, self._api.set_up_token)

    async def rage(self, progress: Progress, every_s: float, until: float = 0.9) -> None:
        """Kills a worker every so often until that share of the work is done, and meanwhile does each other thing once."""
        killing = asyncio.create_task(self._kill_workers(every_s))
        strikes = [
            self._empty_redis,
            self._crash_postgres,
            self._kill_scheduler,
            self._kill_redis,
            self._kill_api,
            self._restart_postgres,
        ]
        self._random.shuffle(strikes)
        try:
            for number, strike in enumerate(strikes, 1):
                await _reached(progress, until * number / (len(strikes) + 1))
                await strike()
            await _reached(progress, until)
        finally:
            killing.cancel()
            self._revive()

    async def calm(self) -> list[str]:
        """Stops everything in peace; what did not end as it should, in words."""
        ending = [*self._leaving, *self._workers, self._scheduler, self._api]
        for program in ending:
            if program.is_alive:
                program.signal()
        codes = [await asyncio.to_thread(program.wait) for program in ending]
        return [
            f"{one.arguments} ended with {code}: {one.said()}" for one, code in zip(ending, codes, strict=True) if code
        ]

    # workers

    def _start_worker(self) -> Program:
        return self._here.start("worker", "--concurrency", str(self._random.choice((50, 200))), "--drain", "2s")

    async def _kill_workers(self, every_s: float) -> None:
        """Now this one, now that; some are only stopped, and have to end in peace."""
        while True:
            await asyncio.sleep(every_s * self._random.uniform(0.5, 1.5))
            self._revive()
            if not all(one.is_at_work for one in self._workers):
                continue  # or, on a slow machine, nothing would ever be done
            place = self._random.randrange(len(self._workers))
            worker, self._workers[place] = self._workers[place], self._start_worker()
            if not self._random.randrange(PEACEFUL_ONE_IN):
                worker.signal()
                self._leaving.append(worker)
                self.counts["workers stopped in peace"] += 1
            else:
                worker.kill()
                self.counts["workers killed -9"] += 1

    def _revive(self) -> None:
        """Starts again, as whoever runs services does, what ended by itself because it found no database when it began."""
        self._workers = [one if one.is_alive else self._start_worker() for one in self._workers]
        if not self._scheduler.is_alive:
            self._scheduler = self._here.start("scheduler")
        if not self._api.is_alive:
            self._api = self._start_api()

    # everything else

    def _start_api(self) -> Program:
        return self._here.start("api", "--port", str(self._port))

    async def _kill_api(self) -> None:
        self._api.kill()
        self._api = self._start_api()
        self.counts["APIs killed -9"] += 1

    async def _kill_scheduler(self) -> None:
        self._scheduler.kill()
        self._scheduler = self._here.start("scheduler")
        self.counts["schedulers killed -9"] += 1

    async def _crash_postgres(self) -> None:
        await self._cut_postgres(signal.SIGQUIT)
        self.counts["Postgres crashed"] += 1

    async def _restart_postgres(self) -> None:
        await self._cut_postgres(signal.SIGINT)
        self.counts["Postgres restarted"] += 1

    async def _cut_postgres(self, how: signal.Signals) -> None:
        await asyncio.to_thread(self._postgres.stop, how)
        await asyncio.sleep(self._random.uniform(0.2, 1.0))
        await asyncio.to_thread(self._postgres.start)

    async def _empty_redis(self) -> None:
        await self._redis.empty()
        self.counts["Redis emptied"] += 1

    async def _kill_redis(self) -> None:
        self._redis.kill()
        await asyncio.sleep(self._random.uniform(0.2, 1.0))
        self._redis.start()
        await asyncio.to_thread(self._redis.ready)
        self.counts["Redis killed -9"] += 1


async def _reached(progress: Progress, share: float) -> None:
    while await progress() < share:  # noqa: ASYNC110 - nobody tells how far others have come
        await asyncio.sleep(0.1)
