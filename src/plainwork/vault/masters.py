"""Master keys: where they come from (``VAULT_KEY``), which of several wraps, and what to say when none opens.

While a master key is rotated every process holds two: either opens, and the installation's row names the one that wraps.
"""

from __future__ import annotations

import binascii
import os
import re
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plainwork import log
from plainwork.db import secrets as rows
from plainwork.db.pool import Connection
from plainwork.errors import Invalid, Unavailable
from plainwork.vault.keys import KEY_BYTES, Key
from plainwork.vault.store import missing

_logger = log.get("vault")
_NEXT_KEY = re.compile(r",\s*(?=(?:local|file|aws-kms):)")
_FORMS = "Write VAULT_KEY=local:<base64 of 32 bytes>, VAULT_KEY=file:<path> or VAULT_KEY=aws-kms:<key>."


class MasterKey(Protocol):
    """What wraps the keys that seal. ``id`` tells master keys apart; it is stored beside what was wrapped."""

    @property
    def id(self) -> str: ...  # noqa: D102

    async def wrap(self, key: Key, *place: str | int) -> bytes:
        """The key, sealed for ``place``."""

    async def unwrap(self, wrapped: bytes, *place: str | int) -> Key:
        """The key that was wrapped for ``place``. Raises DoesNotOpen for anything else."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys that a process holds, at least one: the first wraps, unless the installation names another."""

    keys: tuple[MasterKey, ...]

    @classmethod
    def of(cls, *keys: MasterKey) -> MasterKeys:
        """These keys."""
        return cls(keys)

    @property
    def ids(self) -> list[str]:
        """The ids of all."""
        return [key.id for key in self.keys]

    def named(self, key_id: str, what: str) -> MasterKey:
        """The key with this id; ``what`` (a plural) is sealed under it. Raises Unavailable when it is not held."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise Unavailable(
            f"{what} are sealed under the master key {key_id}, and VAULT_KEY holds {' and '.join(self.ids)}.",
            next_step="Start with the VAULT_KEY (or the vault.key file) that they were sealed under.",
        )

    async def wrapping(self, connection: Connection) -> MasterKey:
        """The key that wraps now, which stays so until the transaction ends."""
        key_id = await rows.wrapping_key_id(connection)
        return self.keys[0] if key_id is None else self.named(key_id, "New secrets of the installation")


def master_keys(setting: str | None, data_dir: Path) -> MasterKeys:
    """The master keys that ``VAULT_KEY`` names, separated by commas; None: see ``master_key``."""
    return MasterKeys(tuple(master_key(one, data_dir) for one in _NEXT_KEY.split(setting or "")))


def master_key(setting: str | None, data_dir: Path) -> MasterKey:
    """The master key of one setting: ``local:<base64 of 32 bytes>``, ``file:<path>`` or ``aws-kms:<ARN, id or alias>``.

    None: ``<data_dir>/vault.key``, made on first use, readable by its owner only. Raises Invalid for a setting that
    cannot be understood (never showing it) and Unavailable for a file that cannot be read.
    """
    kind, _, rest = (setting or "").partition(":")
    if not setting:
        return _read(made(data_dir / "vault.key"))
    if kind == "local":
        return _decoded(rest.encode(), "VAULT_KEY")
    if kind == "file" and rest:
        return _read(Path(rest).expanduser())
    if kind == "aws-kms" and rest:
        return _kms_key(rest)
    raise Invalid("VAULT_KEY cannot be understood.", next_step=_FORMS)


def _kms_key(name: str) -> MasterKey:
    try:
        from plainwork.vault.aws import KmsKey
    except ModuleNotFoundError as error:
        raise missing("VAULT_KEY", error) from None
    return KmsKey(name)


def _read(path: Path) -> Key:
    try:
        text, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise Unavailable(
            f"The vault's key file {path} cannot be read: {error.strerror}.", next_step="Check VAULT_KEY and the file."
        ) from None
    if mode & 0o077:
        _logger.warning("the vault's key file can be read by others", path=str(path), mend="chmod 600")
    return Key(text) if len(text) == KEY_BYTES else _decoded(text, str(path))


def _decoded(text: bytes, where: str) -> Key:
    try:
        key = b64decode(text.strip().replace(b"-", b"+").replace(b"_", b"/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Invalid(
            f"{where} does not hold the base64 form of {KEY_BYTES} bytes.",
            next_step="Make one: openssl rand -base64 32.",
        )
    return Key(key)


def made(path: Path) -> Path:
    """The key file, made if it is missing: written whole beside its place and linked there, so nobody reads half a key
    and of several processes that begin together one wins."""
    if path.exists():
        return path
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b64encode(Key.new().secret) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    except OSError as error:
        raise Unavailable(
            f"The vault's key file {path} cannot be made: {error.strerror}.",
            next_step="Set VAULT_KEY, or mend the folder.",
        ) from None
    finally:
        beside.unlink(missing_ok=True)
    return path
