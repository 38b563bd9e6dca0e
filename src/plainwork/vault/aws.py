"""Amazon's part of the vault: a master key that never leaves KMS, and secrets' values kept in Secrets Manager.

Who may use them is looked for where AWS' own tools look (environment, profile, the role of the machine), and so is the
region, unless an ARN names it. Calls are rare, because what they give is kept in this process.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError

from plainwork.errors import Unavailable
from plainwork.vault.keys import DoesNotOpen, Key

_TIMEOUT_S = 5
_KEPT_VALUES = 1000
_RECOVERABLE_DAYS = 7
_DOES_NOT_OPEN = ("InvalidCiphertextException", "IncorrectKeyException")
_session: AioSession = get_session()


@dataclass(frozen=True, slots=True)
class KmsKey:
    """A master key in KMS, by its ARN, id or alias. The place of what it wraps is its encryption context, which KMS checks
    and logs."""

    name: str

    @property
    def id(self) -> str:
        """The setting that names it."""
        return f"aws-kms:{self.name}"

    async def wrap(self, key: Key, *place: str | int) -> bytes:
        """See ``MasterKey``."""
        async with _client("kms", self.name) as kms:
            answer = await kms.encrypt(KeyId=self.name, Plaintext=key.secret, EncryptionContext=_context(place))
        wrapped: bytes = answer["CiphertextBlob"]
        return wrapped

    async def unwrap(self, wrapped: bytes, *place: str | int) -> Key:
        """See ``MasterKey``."""
        try:
            async with _client("kms", self.name) as kms:
                answer = await kms.decrypt(KeyId=self.name, CiphertextBlob=wrapped, EncryptionContext=_context(place))
        except Unavailable as error:
            if isinstance(error.__cause__, ClientError) and _code(error.__cause__) in _DOES_NOT_OPEN:
                raise DoesNotOpen from None
            raise
        return Key(answer["Plaintext"])


@dataclass(slots=True)
class SecretsManager:
    """Values in AWS Secrets Manager, each secret of a workspace under a name of its own below ``prefix``.

    A reference names one version of one value, so that whoever holds it always reads the same, and may keep it.
    """

    prefix: str
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False)

    async def put(self, workspace_id: UUID, name: str, value: bytes, before: str | None) -> str:
        """Stores a value, as the next version of the one that ``before`` refers to; the reference to it."""
        async with _client("secretsmanager") as store:
            if before is None:
                place = f"{self.prefix}/{workspace_id}/{uuid4()}"
                answer = await store.create_secret(Name=place, Description=name, SecretBinary=value)
            else:
                place = _parts(before)[0]
                answer = await store.put_secret_value(SecretId=place, SecretBinary=value)
        reference = json.dumps([place, answer["VersionId"]])
        self._keep(reference, value)
        return reference

    async def get(self, reference: str) -> bytes:
        """The value. Raises Unavailable when it is not there any more."""
        if reference not in self._kept:
            place, version = _parts(reference)
            async with _client("secretsmanager") as store:
                answer = await store.get_secret_value(SecretId=place, VersionId=version)
            self._keep(reference, answer["SecretBinary"])
        return self._kept[reference]

    async def delete(self, reference: str) -> None:
        """Removes all versions of the value; for a week Amazon's own tools can bring it back."""
        self._kept.pop(reference, None)
        async with _client("secretsmanager") as store:
            await store.delete_secret(SecretId=_parts(reference)[0], RecoveryWindowInDays=_RECOVERABLE_DAYS)

    def _keep(self, reference: str, value: bytes) -> None:
        if len(self._kept) >= _KEPT_VALUES:
            self._kept.clear()
        self._kept[reference] = value


def _parts(reference: str) -> tuple[str, str]:
    place, version = json.loads(reference)
    return place, version


def _context(place: tuple[str | int, ...]) -> dict[str, str]:
    return {"plainwork": json.dumps(place)}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


@asynccontextmanager
async def _client(service: str, arn: str = "") -> AsyncIterator[Any]:
    """A client for a few calls. Raises Unavailable for whatever goes wrong in them."""
    region = arn.split(":")[3] if arn.startswith("arn:") and arn.count(":") >= 5 else None
    limits = AioConfig(connect_timeout=3, read_timeout=_TIMEOUT_S, retries={"total_max_attempts": 2})
    try:
        async with _session.create_client(service, region_name=region, config=limits) as client:
            yield client
    except ClientError as error:
        said = error.response.get("Error", {}).get("Message") or _code(error)
        raise Unavailable(
            f"AWS {_TITLES[service]} refused: {said}.", next_step="Check what this process may do there (IAM)."
        ) from error
    except (BotoCoreError, HttpError, OSError) as error:
        raise Unavailable(
            f"AWS {_TITLES[service]} cannot be used: {error}.",
            next_step="Check AWS_REGION, the credentials and the network.",
        ) from error


_TITLES = {"kms": "KMS", "secretsmanager": "Secrets Manager"}
