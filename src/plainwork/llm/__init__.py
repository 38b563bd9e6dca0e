"""The LLM gateway: one ``complete`` and one ``stream`` for every provider, priced and recorded call by call.

Providers are data (``providers.yaml``) over three wire formats, and one small model is built in, so everything works
with no key at all. Retrying is the engine's business: a failed call raises ``CallFailed``, classified.
"""

from __future__ import annotations

from plainwork.llm.gateway import Gateway, keys_from_env
from plainwork.llm.model import DEFAULT_MODEL, Answer, CallRecord, Credential, Message, Request, Usage
from plainwork.llm.providers import hosts_of, providers

__all__ = [
    "DEFAULT_MODEL",
    "Answer",
    "CallRecord",
    "Credential",
    "Gateway",
    "Message",
    "Request",
    "Usage",
    "hosts_of",
    "keys_from_env",
    "providers",
]
