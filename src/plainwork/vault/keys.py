"""Keys, and the sealing that everything in the vault is built of.

AES-256-GCM with a random 96-bit nonce; the associated data names the place a ciphertext belongs to, so that it opens
nowhere else. Form of a ciphertext: one byte of format (1), 12 of nonce, then the sealed bytes with their 16-byte tag.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE_BYTES = 12


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

    async def wrap(self, key: Key, *place: str | int) -> bytes:
        """Another key, sealed: what makes this one a ``MasterKey``."""
        return self.seal(key.secret, *place)

    async def unwrap(self, wrapped: bytes, *place: str | int) -> Key:
        """The key that was wrapped for ``place``; raises DoesNotOpen for anything else."""
        return Key(self.open(wrapped, *place))
