"""Health and readiness."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from plainwork import __version__
from tests.api.support import Api, serving
from tests.conftest import Cluster


async def test_the_process_lives_and_is_ready(api: Api) -> None:
    nobody = api.client()
    assert (await nobody.get("/healthz")).json() == {"status": "ok", "version": __version__}
    assert (await nobody.get("/readyz")).json() == {"status": "ready"}


async def test_without_its_database_the_process_lives_and_is_not_ready(tmp_path: Path, cluster: Cluster) -> None:
    url = await asyncio.to_thread(cluster.create)
    async with serving(tmp_path, url, works=False) as api:
        place = await api.place()
        assert (await api.client().get("/readyz")).status_code == 200
        await asyncio.to_thread(cluster.drop, url)
        for _ in range(3):
            answer = await api.client().get("/readyz")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "Unavailable"
            assert answer.json()["next_step"]
            assert "password" not in answer.text
        assert (await api.client().get("/healthz")).status_code == 200
        for caller in (place.as_owner, api.client()):
            await caller.refused("GET", "/setup", 503)
        await place.as_owner.refused("GET", "/agents", 503)
        await place.as_owner.refused("POST", "/session", 503, json={"email": "a@example.org", "password": "x"})


async def test_a_database_that_hangs_is_not_ready(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path, database_url, works=False, ready_s=0.2) as api:
        pool = api.database.pool
        held = [await pool.acquire() for _ in range(pool.get_max_size() - pool.get_size() + pool.get_idle_size())]
        try:
            answer = await asyncio.wait_for(api.client().get("/readyz"), 10)
            assert answer.status_code == 503
            assert "does not answer" in answer.json()["detail"]
        finally:
            for connection in held:
                await pool.release(connection)
        assert (await api.client().get("/readyz")).status_code == 200


def test_the_application_imports_nothing_heavy() -> None:
    """What a start does not need, it does not load: the server is ready quickly and idles small."""
    heavy = {
        "xllamacpp",
        "pydantic_monty",
        "genai_prices",
        "numpy",
        "pwdlib",
        "plainwork.llm",
        "plainwork.drafting",
    }
    code = f"import sys, plainwork.api.app; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
