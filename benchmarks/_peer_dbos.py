"""The five steps of ``durable_runs`` as DBOS does them; run by a Python that has DBOS, with nothing of ours.

``python _peer_dbos.py DATABASE_URL COUNT AT_ONCE``: prints the seconds that so many workflows took, each step of each kept.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from dbos import DBOS

INPUTS = {"topic": "news", "least": 100, "posts": [{"title": f"Post {i}", "score": 40 * i} for i in range(6)]}


@DBOS.step()
async def posts(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"topic": inputs["topic"], "posts": inputs["posts"]}


@DBOS.step()
async def keep(found: dict[str, Any], least: int) -> dict[str, Any]:
    items = [item for item in found["posts"] if item["score"] > least]
    return {"items": items, "count": len(items), "dropped": len(found["posts"]) - len(items)}


@DBOS.step()
async def is_any(kept: dict[str, Any]) -> bool:
    return bool(kept["count"] > 0)


@DBOS.step()
async def shape(kept: dict[str, Any], topic: str) -> dict[str, Any]:
    return {"text": f"{kept['count']} posts about {topic}"}


@DBOS.step()
async def answer(shaped: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "body": shaped["text"]}


@DBOS.workflow()
async def five_steps(inputs: dict[str, Any]) -> dict[str, Any]:
    found = await posts(inputs)
    kept = await keep(found, inputs["least"])
    shaped = await shape(kept, found["topic"]) if await is_any(kept) else {"text": None}
    answered: dict[str, Any] = await answer(shaped)
    return answered


async def work(count: int, at_once: int) -> float:
    room = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with room:
            handle = await DBOS.start_workflow_async(five_steps, INPUTS)
            assert (await handle.get_result(polling_interval_sec=0.01))["body"] == "3 posts about news"

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return time.perf_counter() - began


async def main(count: int, at_once: int) -> None:
    await work(at_once, at_once)
    print(await work(count, at_once))


if __name__ == "__main__":
    DBOS(config={"name": "bench", "system_database_url": sys.argv[1], "log_level": "ERROR", "run_admin_server": False})
    DBOS.launch()
    asyncio.run(main(int(sys.argv[2]), int(sys.argv[3])))
    DBOS.destroy()
