"""What came back from a call, and what its status means for the planner."""

from __future__ import annotations

import codecs
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from plainwork import log
from plainwork.errors import CallFailed, FailureKind

RETRIED = frozenset({408, 425, 429})
LONGEST_RETRY_AFTER_S = 3600.0
# After these the other side may have done what it was asked to; 429 and 503 say that it did not.
_UNCERTAIN = frozenset({408, 500, 502, 504})
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: header names are lower case, repeated headers are joined with ``", "``; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def text(self) -> str:
        """The body as text in its declared charset (UTF-8 unless said); undecodable bytes become U+FFFD."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            charset = codecs.lookup(named.group(1)).name if named else "utf-8"
        except LookupError:
            charset = "utf-8"
        return self.body.decode(charset, errors="replace")

    def json(self) -> Any:
        """The body parsed as JSON. Raises ValueError when it is not."""
        return json.loads(self.body)

    def data(self) -> Any:
        """The body parsed when it declares itself JSON and is, else its text; None when there is none."""
        if not self.body:
            return None
        if is_json(self.headers.get("content-type", "")):
            try:
                return json.loads(self.body)
            except (ValueError, RecursionError):
                return self.text()
        return self.text()


def is_json(content_type: str) -> bool:
    """True for ``application/json`` and every ``…+json``."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"application/json", "text/json"} or media.endswith("+json")


def failure_of(status: int) -> FailureKind | None:
    """How a status fails a call: None below 400."""
    if status < 400:
        return None
    if status in RETRIED or status >= 500:
        return "retry"
    return "auth" if status in {401, 403} else "rejected"


def may_have_acted(status: int) -> bool:
    """True when a failure of this status leaves open whether the other side acted."""
    return status in _UNCERTAIN or status > 504


def retry_after_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The wait that the other side asks for, in seconds, 0 to one hour (RFC 9110 §10.2.3: seconds or a date).

    ``Retry-After-Ms`` goes first, as model providers send it. ``now`` is epoch seconds. None: it asks for nothing.
    """
    exact = headers.get("retry-after-ms", "").strip()
    if exact.isascii() and exact.isdigit():
        return min(int(exact) / 1000, LONGEST_RETRY_AFTER_S)
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        return min(float(text), LONGEST_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
    if at is None:
        return None
    return min(max(0.0, at - (time.time() if now is None else now)), LONGEST_RETRY_AFTER_S)


def failed(response: Response, who: str, words: str | None = None) -> CallFailed:
    """The error for an answer of status 400 or more. ``who`` is the other side's name, ``words`` what it said
    itself."""
    kind = failure_of(response.status) or "rejected"
    said = f": {log.excerpt(words.strip(), 300)}" if words and words.strip() else "."
    messages: dict[str, tuple[str, str | None]] = {
        "auth": (
            f"{who} refused the credential (status {response.status}){said}",
            f"Check or renew the account that this step uses for {who}.",
        ),
        "retry": (f"{who} cannot answer now (status {response.status}){said}", None),
        "rejected": (f"{who} refused the request (status {response.status}){said}", "Check the step's settings."),
    }
    message, next_step = messages[kind]
    return CallFailed(
        message,
        failure=kind,
        retry_after_s=retry_after_s(response.headers) if kind == "retry" else None,
        next_step=next_step,
        uncertain=may_have_acted(response.status),
    )
