"""Providers as data: which wire format, which address, which of the format's options (``providers.yaml``)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec
import yaml

from plainwork.errors import CallFailed
from plainwork.llm.model import Credential
from plainwork.net import place_of
from plainwork.spec.model import Part

Opened = Credential | Mapping[str, Any] | str | None
Keys = Callable[[str], Awaitable[Opened]]


class Provider(Part, frozen=True, kw_only=True):
    """One provider. ``json``: how it is asked for JSON by a schema. ``tokens``: its name for the output limit. ``key``:
    whether it wants one. ``prices``: its id in the price list; ``free``: it costs nothing. ``default``: the model used
    when a workspace has its key and names no model."""

    wire: Literal["openai", "gemini", "anthropic", "local"]
    title: str = ""
    base_url: str = ""
    json: Literal["schema", "object", "prompt"] = "schema"
    tokens: str = "max_tokens"
    key: Literal["required", "optional", "none"] = "required"
    prices: str | None = None
    free: bool = False
    default: str | None = None


@cache
def providers() -> dict[str, Provider]:
    """Every provider that is known by name, in the order in which a default is looked for."""
    text = resources.files(__package__).joinpath("providers.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Provider])


def split(model: str) -> tuple[str, str]:
    """``provider:model`` in its two parts. Raises CallFailed (rejected) when it is not of that form."""
    provider, colon, name = model.strip().partition(":")
    if not colon or not provider or not name:
        raise CallFailed(
            f"{model!r} does not name a model.",
            failure="rejected",
            next_step="Write it as provider:model, such as openai:gpt-5-mini or local:smollm2-135m.",
        )
    return provider, name


def find(name: str, credential: Credential | None) -> Provider:
    """The provider of this name; an unknown name with an address of its own speaks the OpenAI format.

    Raises CallFailed (rejected) for an unknown name without an address.
    """
    known = providers().get(name)
    if known is not None:
        return known
    if credential is not None and credential.base_url:
        return Provider(wire="openai", title=name, base_url=credential.base_url, key="optional")
    raise CallFailed(
        f"There is no model provider {name!r}.",
        failure="rejected",
        next_step=f"Known are {', '.join(providers())}; any other needs an account with its base_url.",
    )


def opened(secret: Opened) -> Credential | None:
    """A provider's secret as a credential: a bare key, or ``{"key": …, "base_url": …}`` as mapping or JSON text.

    Raises CallFailed (auth) when the secret is neither.
    """
    if secret is None or isinstance(secret, Credential):
        return secret
    if isinstance(secret, str):
        text = secret.strip()
        if not text.startswith("{"):
            return Credential(key=text) if text else None
        try:
            secret = json.loads(text)
        except ValueError:
            secret = {}
    fields = dict(secret) if isinstance(secret, Mapping) else {}
    key = fields.get("key") or fields.get("api_key") or fields.get("token") or fields.get("value")
    base_url = fields.get("base_url")
    if not isinstance(key or "", str) or not isinstance(base_url or "", str) or not (key or base_url):
        raise CallFailed(
            "The secret of this model provider cannot be read.",
            failure="auth",
            next_step='It is either the bare key, or {"key": "…", "base_url": "https://…"}.',
        )
    return Credential(key=key or None, base_url=base_url or None)


def hosts_of(provider: str, secret: Opened, env: Mapping[str, str]) -> set[str]:
    """The host that a provider's secret is sent to: the one it names itself, else the environment's, else its own."""
    credential = opened(secret)
    base_url = credential.base_url if credential is not None else None
    known = providers().get(provider)
    base_url = base_url or env.get(f"{provider.upper()}_BASE_URL") or (known.base_url if known is not None else "")
    place = place_of(base_url)
    return {place[0]} if place else set()


def keys_from_env(env: Mapping[str, str]) -> Keys:
    """Keys for a command line without a vault: ``OPENAI_API_KEY``, ``MISTRAL_API_KEY`` … and ``OPENAI_BASE_URL`` …

    ``GOOGLE_API_KEY`` serves Gemini too, as Google's own tools have it.
    """
    kept = {name: value for name, value in env.items() if value and name.endswith(("_API_KEY", "_BASE_URL"))}

    async def keys(provider: str) -> Opened:
        prefix = provider.upper().replace("-", "_")
        key = kept.get(f"{prefix}_API_KEY") or (kept.get("GOOGLE_API_KEY") if provider == "gemini" else None)
        base_url = kept.get(f"{prefix}_BASE_URL")
        return Credential(key=key, base_url=base_url) if key or base_url else None

    return keys
