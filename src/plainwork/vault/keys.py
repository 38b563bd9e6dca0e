"""The master key: where it comes from (``VAULT_KEY``), and the sealing that everything in the vault is built of.

AES-256-GCM with a random 96-bit nonce; the associated data names the place a ciphertext belongs to, so that it opens
nowhere else. Form of a ciphertext: one byte of format (1), 12 of nonce, then the sealed bytes with their 16-byte tag.
"""

from __future__ import annotations

import binascii
import hmac
import os
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plainwork import log
from plainwork.errors import Invalid, Unavailable

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE_BYTES = 12

_logger = log.get("vault")


class DoesNotOpen(Exception):
    """A ciphertext was changed, moved, or sealed under another key."""


@dataclass(frozen=True, slots=True)
class Key:
    """256 bits to seal with. ``id`` tells keys apart without giving anything away."""

    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Key:
        """A fresh random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def id(self) -> str:
        """Sixteen hex characters, the same for the same key."""
        return hmac.digest(self.secret, b"plainwork key id", "sha256").hex()[:16]

    def seal(self, value: bytes, *place: str | int) -> bytes:
        """The ciphertext of a value that belongs at ``place``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORMAT + nonce + AESGCM(self.secret).encrypt(nonce, value, orjson.dumps(place))

    def open(self, sealed: bytes, *place: str | int) -> bytes:
        """The value sealed for ``place``; raises DoesNotOpen for anything else."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise DoesNotOpen
        try:
            return AESGCM(self.secret).decrypt(nonce, body, orjson.dumps(place))
        except InvalidTag:
            raise DoesNotOpen from None


def master_key(setting: str | None, data_dir: Path) -> Key:
    """The master key that ``VAULT_KEY`` names: ``local:<base64 of 32 bytes>`` or ``file:<path>``.

    None: ``<data_dir>/vault.key``, made on first use, readable by its owner only. Raises Invalid for a setting that
    cannot be understood (never showing it) and Unavailable for a file that cannot be read.
    """
    kind, _, rest = (setting or "").partition(":")
    if not setting:
        return _read(_made(data_dir / "vault.key"))
    if kind == "local":
        return _decoded(rest.encode(), "VAULT_KEY")
    if kind == "file" and rest:
        return _read(Path(rest).expanduser())
    if kind == "aws-kms":
        raise Invalid("VAULT_KEY=aws-kms:… is not supported by this version.", next_step=_FORMS)
    raise Invalid("VAULT_KEY cannot be understood.", next_step=_FORMS)


_FORMS = "Write VAULT_KEY=local:<base64 of 32 bytes>, or VAULT_KEY=file:<path>."


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


def _made(path: Path) -> Path:
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
