"""Where the values of secrets lie: sealed in the database, or elsewhere with a sealed reference in the database.

Either way what the database holds is sealed for its place, so that a reference that was moved opens as little as a value;
and both can be read at any time, whichever is chosen for new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from plainwork import log
from plainwork.errors import Invalid, Unavailable

_REFERENCE = b"\0"  # no JSON begins so
_PREFIX = "plainwork"
_logger = log.get("vault")


class Store(Protocol):
    """A place outside the database for values. A reference is a text that names one version of one of them."""

    async def put(self, workspace_id: UUID, name: str, value: bytes, before: str | None) -> str:
        """Stores a value, as the next version of the one that ``before`` refers to; the reference to it."""

    async def get(self, reference: str) -> bytes:
        """The value. Raises Unavailable."""

    async def delete(self, reference: str) -> None:
        """Removes all versions of the value. Raises Unavailable."""


@dataclass(slots=True)
class Values:
    """The values of secrets as they are sealed: themselves, or a reference. ``store``: where new ones go; None: nowhere
    else."""

    store: Store | None = None
    _elsewhere: Store | None = None

    async def put(self, workspace_id: UUID, name: str, value: bytes, before: bytes | None) -> bytes:
        """What to seal for a value. ``before``: what was sealed for the version before."""
        if self.store is None:
            return value
        return _REFERENCE + (await self.store.put(workspace_id, name, value, _reference(before))).encode()

    async def get(self, sealed: bytes) -> bytes:
        """The value of what was sealed. Raises Unavailable."""
        reference = _reference(sealed)
        return sealed if reference is None else await self._store_of_old().get(reference)

    async def delete(self, sealed: bytes | None) -> None:
        """Removes a value from where it lies. Nothing refers to it any more, so what cannot be removed is only logged."""
        reference = _reference(sealed)
        if reference is not None:
            try:
                await self._store_of_old().delete(reference)
            except Unavailable as error:
                _logger.error("the value of a deleted secret is still there", at=reference, error=str(error))

    def _store_of_old(self) -> Store:
        """Where references lead, also when new values go to the database."""
        if self._elsewhere is None:
            self._elsewhere = self.store or _secrets_manager(_PREFIX)
        return self._elsewhere


def store_of(setting: str) -> Store | None:
    """The store that ``VAULT_STORE`` names; None: the database. Raises Invalid for a setting that names none."""
    kind, _, prefix = setting.partition(":")
    if kind == "postgres" and not prefix:
        return None
    if kind == "aws-secrets-manager":
        return _secrets_manager(prefix.strip("/") or _PREFIX)
    raise Invalid(
        f"VAULT_STORE is {setting[:80]!r}, which is no place for secrets.",
        next_step="Write postgres, or aws-secrets-manager:PREFIX.",
    )


def missing(what: str, error: ModuleNotFoundError) -> Invalid:
    """The error where the extra is not installed that AWS takes."""
    return Invalid(
        f"{what} asks for AWS, and {error.name} is not installed.",
        next_step="Install Plainwork with its extra: uv sync --inexact --extra aws (or plainwork[aws]).",
    )


def _secrets_manager(prefix: str) -> Store:
    try:
        from plainwork.vault.aws import SecretsManager
    except ModuleNotFoundError as error:
        raise missing("VAULT_STORE", error) from None
    return SecretsManager(prefix)


def _reference(sealed: bytes | None) -> str | None:
    return sealed[1:].decode() if sealed is not None and sealed[:1] == _REFERENCE else None
