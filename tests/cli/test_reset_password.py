"""``plainwork reset-password``: for whoever runs the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from plainwork import db
from plainwork.db import audit, passwords, second_factors, sessions, users, workspaces
from plainwork.settings import Settings
from tests.conftest import in_thread

OLD, NEW = "correct horse battery", "quite another password"


def reset(settings: Settings, *arguments: str, password: str = NEW) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DATABASE_URL": settings.database_url or "", "PLAINWORK_DATA_DIR": str(settings.data_dir)}
    command = [sys.executable, "-m", "plainwork", "reset-password", *arguments]
    return subprocess.run(
        command, env=env, input=f"{password}\n", capture_output=True, text=True, timeout=60, check=False
    )


async def _prepare(settings: Settings) -> tuple[users.User, workspaces.Workspace, str]:
    async with await db.open(settings, migrate=False) as database:
        user, workspace = await users.set_up(
            database, None, email="ada@example.org", name="Ada", password=OLD, workspace="Acme"
        )
        async with database.person(user.id) as connection:
            session, token = await sessions.begin(connection, user.id)
            await second_factors.begin(connection, user.id, b"sealed")
            await second_factors.confirm(connection, user.id, session.id)
        return user, workspace, token


async def _state(settings: Settings, workspace: workspaces.Workspace, token: str) -> tuple[bool, bool, list[str]]:
    """Whether the new password fits, whether the second factor is there, and what the audit log says."""
    async with await db.open(settings, migrate=False) as database:
        assert await sessions.find(database, token) is None
        proven = await passwords.check(database, "ada@example.org", NEW)
        user = await users.get(database, proven.user_id)
        async with database.workspace(workspace.id) as connection:
            actions = [entry.action for entry in await audit.page(connection)]
        return True, user.second_factor_at is not None, actions


def test_a_new_password_is_set_from_standard_input(settings: Settings, tmp_path: Path) -> None:
    _, workspace, token = in_thread(_prepare(settings))
    done = reset(settings, "Ada@Example.org")
    assert done.returncode == 0, done.stderr
    assert NEW not in done.stdout + done.stderr
    assert in_thread(_state(settings, workspace, token)) == (True, True, ["user.password_reset"])
    assert reset(settings, "ada@example.org", "--without-second-factor").returncode == 0
    assert in_thread(_state(settings, workspace, token)) == (True, False, ["user.password_reset"] * 2)


def test_what_cannot_be(settings: Settings) -> None:
    in_thread(_prepare(settings))
    unknown = reset(settings, "nobody@example.org")
    assert (unknown.returncode, "no account" in unknown.stderr) == (1, True)
    common = reset(settings, "ada@example.org", password="password123")
    assert (common.returncode, "easy to guess" in common.stderr) == (2, True)
    assert json.dumps(common.stdout) == '""'
