"""The embedded server on its own: sharing, crashes, and every folder that cannot work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from plainwork.db import embedded
from plainwork.db.embedded import Embedded
from plainwork.errors import Invalid, PlainworkError, Unavailable
from tests.conftest import in_thread

_UNSAFE_BUT_QUICK = {"fsync": "off"}


@pytest.fixture
def new_folder() -> Iterator[Path]:
    """A data folder to be made, whose server is stopped afterwards, whoever started it."""
    with tempfile.TemporaryDirectory(prefix="plainwork-embedded-") as root:
        data = Path(root) / "my data's folder ☃"
        yield data
        if (data / "postgres" / "postmaster.pid").exists():
            embedded.start(data).stop()


@pytest.fixture(scope="module")
def started_once() -> Iterator[Path]:
    """A data folder that has been in use."""
    with tempfile.TemporaryDirectory(prefix="plainwork-embedded-") as root:
        _start(Path(root) / "data").stop()
        yield Path(root) / "data"


@pytest.fixture
def folder(new_folder: Path, started_once: Path) -> Path:
    """A copy of it: quicker than a first start."""
    subprocess.run(["cp", "-a", str(started_once), str(new_folder)], check=True)
    if embedded._server_user():
        embedded._let_in(new_folder)
    return new_folder


def _start(folder: Path) -> Embedded:
    return embedded.start(folder, _UNSAFE_BUT_QUICK)


def _ask(server: Embedded, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(server.url, database="postgres")
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return in_thread(ask())


def _pid(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def _runs(folder: Path) -> bool:
    return (folder / "postgres" / "postmaster.pid").exists()


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    first, second = _start(folder), _start(folder)
    pid = _pid(folder)
    first.stop()
    first.stop()
    assert _ask(second, "select 1") == 1
    assert _pid(folder) == pid
    second.stop()
    assert not _runs(folder)


def test_durability_is_on_and_no_port_is_open(folder: Path) -> None:
    server = embedded.start(folder)
    shown = {
        n: _ask(server, f"show {n}") for n in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
    }
    assert shown == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": ""}
    assert (folder / "postgres").stat().st_mode & 0o077 == 0
    server.stop()


_HOLD = """
import sys, time
from pathlib import Path
from plainwork.db import embedded
embedded.start(Path(sys.argv[1]), {"fsync": "off"})
print("started", flush=True)
time.sleep(60)
"""


def test_a_killed_process_does_not_keep_it_running(folder: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "started\n"
    mine = _start(folder)
    other.kill()
    other.wait()
    other.stdout.close()
    assert _ask(mine, "select 1") == 1
    mine.stop()
    assert not _runs(folder)


def test_many_processes_start_it_once(new_folder: Path) -> None:
    script = _HOLD.replace(
        "time.sleep(60)", "print((Path(sys.argv[1]) / 'postgres/postmaster.pid').read_text().split()[0])"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(new_folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    keeper = _start(new_folder)
    said = {process.communicate(timeout=60)[0] for process in processes}
    assert said == {f"started\n{_pid(new_folder)}\n"}
    keeper.stop()


def test_a_killed_server_comes_back_with_what_was_committed(folder: Path) -> None:
    first = embedded.start(folder)
    _ask(first, "create table kept (x int)")
    _ask(first, "insert into kept values (42)")
    os.kill(_pid(folder), signal.SIGKILL)
    second = embedded.start(folder)
    assert _ask(second, "select x from kept") == 42
    first.stop()
    second.stop()


def test_a_process_number_that_somebody_else_has_now(folder: Path) -> None:
    stale = folder / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{folder}\n{int(time.time())}\n5432\n{folder}\n\n 1 1\nready   \n")
    server = _start(folder)
    assert _ask(server, "select 1") == 1
    assert _pid(folder) != os.getpid()
    server.stop()


def test_a_start_that_was_cut_short_is_begun_again(new_folder: Path) -> None:
    half = new_folder / "postgres.making"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = _start(new_folder)
    assert _ask(server, "select 1") == 1
    assert not half.exists()
    server.stop()


def test_a_path_too_long_for_a_socket_works(new_folder: Path) -> None:
    long = new_folder / ("x" * 60) / ("y" * 60)
    server = _start(long)
    assert _ask(server, "select 1") == 1
    assert server.socket_folder.stat().st_mode & 0o777 == 0o700
    server.stop()
    server.socket_folder.rmdir()


# ── Folders that cannot work ─────────────────────────────────────────────────────────────────────────────────────────
def _refused(folder: Path, kind: type[PlainworkError]) -> str:
    with pytest.raises(kind) as caught:
        _start(folder)
    assert caught.value.next_step
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_a_file_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("I am a file")
    assert f"{path} is a file" in _refused(path, Invalid)
    assert f"{path / 'below'} is a file, or lies below one" in _refused(path / "below", Invalid)
    assert path.read_text() == "I am a file"


def test_a_folder_that_cannot_be_made() -> None:
    assert "/proc/plainwork" in _refused(Path("/proc/plainwork"), Unavailable)


def test_a_socket_path_too_long_everywhere(new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = new_folder / ("x" * 120)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert "too long for a Unix socket" in _refused(deep / "data", Invalid)


def test_a_folder_of_something_else(new_folder: Path) -> None:
    (new_folder / "postgres").mkdir(parents=True)
    (new_folder / "postgres" / "notes.txt").write_text("mine")
    assert f"{new_folder / 'postgres'} is not a whole Postgres data folder" in _refused(new_folder, Invalid)
    assert [p.name for p in (new_folder / "postgres").iterdir()] == ["notes.txt"]


def test_another_postgres_version(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("14\n")
    assert "made by Postgres 14" in _refused(folder, Invalid)


def test_a_missing_control_file(folder: Path) -> None:
    (folder / "postgres" / "global" / "pg_control").unlink()
    assert "not a whole Postgres data folder" in _refused(folder, Invalid)


@pytest.mark.parametrize("victim", ["global/pg_control", "pg_wal/*"])
def test_damaged_files(folder: Path, victim: str) -> None:
    for path in (folder / "postgres").glob(victim):
        if path.is_file():
            path.write_bytes(b"\xff" * path.stat().st_size)
    said = _refused(folder, Invalid)
    assert f"The database in {folder / 'postgres'} is damaged" in said
    assert "backup" in said


def test_a_bad_setting_says_where_to_look(folder: Path) -> None:
    with pytest.raises(Unavailable, match=r"did not start: .*shared_buffers.*server\.log"):
        embedded.start(folder, {"shared_buffers": "nonsense"})
