"""The five steps of ``durable_runs`` as Prefect does them; run by a Python that has Prefect, with nothing of ours.

``python _peer_prefect.py DATABASE_URL COUNT AT_ONCE``: prints the seconds that so many flow runs took. Prefect's own server
is started on that database, and each result is kept.
"""

from __future__ import annotations

import os
import sys

os.environ |= {
    "PREFECT_API_DATABASE_CONNECTION_URL": sys.argv[1].replace("postgresql://", "postgresql+asyncpg://"),
    "PREFECT_HOME": os.path.abspath("prefect-home"),
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
    "DO_NOT_TRACK": "1",
}

import asyncio
import time
from typing import Any

from prefect import flow, task

INPUTS = {"topic": "news", "least": 100, "posts": [{"title": f"Post {i}", "score": 40 * i} for i in range(6)]}


@task
async def posts(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"topic": inputs["topic"], "posts": inputs["posts"]}


@task
async def keep(found: dict[str, Any], least: int) -> dict[str, Any]:
    items = [item for item in found["posts"] if item["score"] > least]
    return {"items": items, "count": len(items), "dropped": len(found["posts"]) - len(items)}


@task
async def is_any(kept: dict[str, Any]) -> bool:
    return bool(kept["count"] > 0)


@task
async def shape(kept: dict[str, Any], topic: str) -> dict[str, Any]:
    return {"text": f"{kept['count']} posts about {topic}"}


@task
async def answer(shaped: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "body": shaped["text"]}


@flow
async def five_steps(inputs: dict[str, Any]) -> dict[str, Any]:
    found = await posts(inputs)
    kept = await keep(found, inputs["least"])
    shaped = await shape(kept, found["topic"]) if await is_any(kept) else {"text": None}
    answered: dict[str, Any] = await answer(shaped)
    return answered


async def main(count: int, at_once: int) -> None:
    room = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with room:
            assert (await five_steps(INPUTS))["body"] == "3 posts about news"

    await one()
    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[2]), int(sys.argv[3])))
