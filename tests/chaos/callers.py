"""Those who start runs over the API and decide about them, whatever becomes of the API meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp

from tests.chaos.ledger import Act, Arrivals, Ledger
from tests.journeys.server import Server

AT_ONCE = 12
AGAIN_AFTER_S = 0.2
PATIENCE_S = 90.0
MOST_IN_BULK = 200


@dataclass
class Decided:
    """How many runs people decided about how, and the runs that were started by it."""

    counts: dict[str, int] = field(default_factory=dict)
    next_runs: list[str] = field(default_factory=list)


class Callers:
    """People and programs with one sign-in. Every call is made again until it is answered; what must not happen twice
    carries a key."""

    def __init__(self, session: aiohttp.ClientSession, url: str, workspace_id: UUID) -> None:
        self._session = session
        self._url = f"{url}/api/v1"
        self.workspace_id = workspace_id
        self.repeated = 0

    @classmethod
    @asynccontextmanager
    async def of(cls, api: Server) -> AsyncIterator[Callers]:
        """Signs up as the owner of a new installation."""
        shown = await asyncio.to_thread(api.set_up)
        async with aiohttp.ClientSession(headers=api.headers) as session:
            yield cls(session, api.url, UUID(shown["workspaces"][0]["id"]))

    async def publish(self, markdown: str) -> str:
        """A new agent's id."""
        made = await self._ok("POST", "/agents", {"markdown": markdown})
        return str(made["id"])

    async def start(self, agents: Sequence[str], runs: int, per_s: float) -> list[str]:
        """Starts runs of the agents in turn, so many a second at most; their ids."""
        loop = asyncio.get_running_loop()
        began_at, numbers = loop.time(), iter(range(runs))
        ids: list[str] = []

        async def one_after_the_other() -> None:
            for number in numbers:
                await asyncio.sleep(max(0.0, began_at + number / per_s - loop.time()))
                key = {"Idempotency-Key": f"start-{number}"}
                run = await self._ok("POST", f"/agents/{agents[number % len(agents)]}/runs", {}, key)
                ids.append(run["id"])

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_the_other())
        return ids

    async def decide(self, ledger: Ledger) -> Decided:
        """For each run in doubt looks whether its act has arrived, and says so; runs that have failed are taken again."""
        arrived, decided = ledger.read(), Decided()
        in_doubt: dict[str, list[str]] = {"answer": [], "repeat": []}
        async for item in self._inbox():
            if item["cause"] == "effect_uncertain":
                has_arrived = Act(item["id"], item["step"]["path"]) in arrived
                in_doubt["answer" if has_arrived else "repeat"].append(item["id"])
            else:
                await self._retry(item["id"], arrived, decided)
        for action, ids in in_doubt.items():
            decision = {"action": action, "output": {}} if action == "answer" else {"action": action}
            for some in (ids[n : n + MOST_IN_BULK] for n in range(0, len(ids), MOST_IN_BULK)):
                done = await self._ok("POST", "/inbox/bulk", {"ids": some, "decision": decision})
                refused = [one["problem"] for one in done["results"] if one["problem"]]
                assert not refused, refused[:3]
            decided.counts[f"people decided: {action}"] = len(ids)
        return decided

    async def _retry(self, run_id: str, arrived: Mapping[Act, Arrivals], decided: Decided) -> None:
        """From where it ended. For steps that were acting then it is said what came of them, or to begin with them."""
        rows = (await self._ok("GET", f"/runs/{run_id}/steps"))["steps"]
        begun = {row["path"] for row in rows if row["status"] == "started"}
        open_ = sorted(begun - {row["path"] for row in rows if row["status"] in ("succeeded", "failed")})
        outputs: dict[str, Any] = {path: {} for path in open_ if Act(run_id, path) in arrived}
        decision: dict[str, Any] = {"action": "retry", "outputs": outputs}
        if missing := [path for path in open_ if path not in outputs]:
            decision["from"] = missing[0]
        done = await self._ok("POST", f"/inbox/{run_id}", decision)
        decided.next_runs.append(done["next_run_id"])
        decided.counts["people decided: retry"] = len(decided.next_runs)

    async def _inbox(self) -> AsyncIterator[Any]:
        before = ""
        while True:
            page = await self._ok("GET", f"/inbox?limit=200{before}")
            for item in page["runs"]:
                yield item
            if page["next"] is None:
                return
            before = f"&before={page['next']}"

    async def _ok(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of the answer, once there is one."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            said: object
            try:
                async with self._session.request(method, self._url + path, json=body, headers=headers) as answer:
                    if answer.status < 300:
                        return await answer.json()
                    said = await answer.text()
                    assert answer.status == 503, f"{method} {path}: {answer.status} {said}"
            except (aiohttp.ClientError, TimeoutError) as error:
                said = error
            assert asyncio.get_running_loop().time() < until, f"{method} {path}: {said!r}"
            self.repeated += 1
            await asyncio.sleep(AGAIN_AFTER_S)
