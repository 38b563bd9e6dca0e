"""``plainwork logs`` and ``plainwork recount`` over a real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from plainwork.cli import run
from plainwork.db import agents, new_id, tallies, workspaces
from plainwork.db.ids import first_id_at
from plainwork.settings import Settings
from tests.conftest import in_thread


async def _failed_run(settings: Settings) -> None:
    """A workspace in which a run has failed an hour ago, counted."""
    from plainwork import db

    async with await db.open(settings, migrate=False) as database:
        key = db.new_id()
        async with database.workspace(key) as connection:
            await workspaces.create(connection, key, "Post", slug="post")
            agent = await agents.create(connection, "Postman")
            at = datetime.now(UTC) - timedelta(hours=1)
            await connection.execute(
                """insert into runs (workspace_id, id, agent_id, version_id, status, cause, failure, finished_at)
                   values ($1, $2, $3, $4, 'failed', 'step_failed', '{"message": "No such mailbox", "path": "send"}', $5)""",
                *(key, first_id_at(at), agent.id, new_id(), at),
            )
        await tallies.count(database, 500)


@pytest.fixture
def post(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PLAINWORK_DATA_DIR", str(settings.data_dir))
    in_thread(_failed_run(settings))


@pytest.mark.usefixtures("post")
def test_lines_are_searched(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "mailbox", "--workspace", "post"]) == 0
    assert "run_failed post/Postman send: No such mailbox" in capsys.readouterr().out
    assert run(["logs", "--json", "--since", "2h"]) == 0
    [line] = json.loads(capsys.readouterr().out)["lines"]
    assert (line["workspace"], line["message"]) == ("post", "No such mailbox")
    for nothing in (["letterbox"], ["--since", "10m"]):
        assert run(["logs", *nothing]) == 0
        assert capsys.readouterr().out == ""
    assert run(["logs", "--workspace", "elsewhere"]) == 1
    assert run(["logs", "--since", "soon"]) == 2
    capsys.readouterr()


@pytest.mark.usefixtures("post")
def test_what_ended_is_counted_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recount"]) == 0
    assert "post: counted again from the beginning on" in capsys.readouterr().out
    assert run(["logs", "mailbox"]) == 0
    assert capsys.readouterr().out.count("No such mailbox") == 1
