"""Structured logs: one event a line, carrying the run and step it belongs to, with secrets taken out.

``logger = log.get("engine")``, then ``logger.info("run started", inputs=3)``. What ``bound(run=…, step=…)`` binds goes
with every event inside it, also across awaits. structlog is imported at the first event, not before.
"""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, NamedTuple, TextIO
from urllib.parse import quote, quote_plus
from uuid import uuid4

MASK = "•••"
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SHORTEST = 4
_SHORTEST_NUMBER = 6
_LONGEST_NUMBER = 300
_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_TELLING = ("password", "passwd", "secret", "token", "authorization", "cookie", "api_key", "apikey", "private_key")
_COUNTS = ("tokens", "token_count")
_OPEN_FIELDS = frozenset({"base_url", "host", "hosts", "kind", "method", "port", "region", "scheme", "type", "url"})


class _Bound(NamedTuple):
    fields: Mapping[str, Any]
    redactors: tuple[Redactor, ...]


_context: ContextVar[_Bound] = ContextVar("plainwork_log", default=_Bound({}, ()))  # noqa: B039 (never changed)
_settings: dict[str, Any] = {"level": 20, "json": None, "stream": None, "loggers": {}}


class Redactor:
    """Takes known secret values out of texts and JSON, also where they stand percent-, JSON-, HTML-, hex- or
    base64-encoded, are broken into lines, or are read as a number.

    Values shorter than four characters are left alone: they would tear holes into everything.
    """

    __slots__ = ("_needles", "_numbers", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._needles: tuple[str, ...] = ()
        self._numbers: frozenset[int] = frozenset()
        self.add(values)

    @classmethod
    def of(cls, secret: Any) -> Redactor:
        """One for an opened secret: a text, or JSON whose texts are secret but for fields like ``host`` and ``url``."""
        return cls(_leaves(secret))

    def add(self, values: Iterable[str]) -> None:
        """Knows these values, too, from now on."""
        new = {value for value in values if len(value) >= _SHORTEST} - self._values
        if new:
            self._values |= new
            found = {form for value in new for form in _forms(value)}.union(self._needles)
            self._needles = tuple(sorted(found, key=lambda n: (-len(n), n)))
            self._numbers = frozenset(int(value) for value in self._values if _is_number(value))

    def __bool__(self) -> bool:
        return bool(self._needles)

    def settle(self, text: str) -> tuple[str, str]:
        """Of a text that goes on: what is settled, scrubbed, and the end as it is, in which a value may just have begun."""
        cut = len(text)
        for needle in self._needles:
            for start in range(max(0, len(text) - len(needle) + 1), cut):
                if needle.startswith(text[start:]):
                    cut = start
                    break
        for needle in self._needles:
            around = text.find(needle, max(0, cut - len(needle) + 1), cut + len(needle) - 1)
            cut = cut if around < 0 else min(cut, around)
        return self.scrub(text[:cut]), text[cut:]

    def scrub(self, text: str) -> str:
        """The text with each known value masked."""
        for needle in self._needles:
            if needle in text:
                text = text.replace(needle, MASK)
        return self._scrub_broken(text) if "\n" in text else text

    def _scrub_broken(self, text: str) -> str:
        """The text with values masked that are broken into lines, as base64 often is."""
        whole = text.replace("\r", "").replace("\n", "")
        for needle in self._needles:
            if needle in whole and "\n" not in needle:
                text = re.sub(r"[\r\n]*".join(map(re.escape, needle)), MASK, text)
        return text

    def scrub_json(self, value: Any) -> Any:
        """The JSON value with each known value masked, in keys too; booleans and other numbers stay."""
        if not self._needles:
            return value
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, int | float):
            return MASK if value in self._numbers and not isinstance(value, bool) else value
        if isinstance(value, Mapping):
            return {self.scrub(k) if isinstance(k, str) else k: self.scrub_json(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrub_json(v) for v in value]
        return self.scrub(value.decode(errors="replace")) if isinstance(value, bytes) else value


def _leaves(secret: Any, field: str = "") -> Iterator[str]:
    if isinstance(secret, str):
        if field not in _OPEN_FIELDS:
            yield secret
    elif isinstance(secret, Mapping):
        for key, value in secret.items():
            yield from _leaves(value, str(key).lower())
    elif isinstance(secret, list | tuple):
        for value in secret:
            yield from _leaves(value, field)
    elif isinstance(secret, int) and _is_number(str(secret)) and field not in _OPEN_FIELDS:
        yield str(secret)


def _is_number(value: str) -> bool:
    """Whether JSON would write it as a number, and one that hardly counts something by chance."""
    is_whole = value.isascii() and value.isdigit() and value[0] != "0"
    return is_whole and _SHORTEST_NUMBER <= len(value) <= _LONGEST_NUMBER


def _forms(value: str) -> Iterator[str]:
    """The value and how it may look elsewhere."""
    data = value.encode(errors="replace")
    value = data.decode()
    yield value
    for escaped in _in_addresses(value):
        yield escaped
        yield _ESCAPE.sub(lambda found: found[0].lower(), escaped)
    yield from _in_json(value)
    yield from _in_html(value)
    if len(data) >= 8:
        yield from (data.hex(), data.hex().upper())
        for before in range(3):
            yield from _base64_inside(data, before)


def _in_addresses(value: str) -> Iterator[str]:
    """As the usual functions escape it: of the standards, of forms, of browsers."""
    yield quote_plus(value)
    for safe in ("", "/", "!'()*", "!#$&'()*+,/:;=?@"):
        yield quote(value, safe=safe)


def _in_json(value: str) -> Iterator[str]:
    """As the usual encoders write it, also inside a text that is JSON itself."""
    for ascii_only in (True, False):
        written = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (written, json.dumps(written)[1:-1], written.replace("/", "\\/"))
        for plain in "<>&":
            written = written.replace(plain, f"\\u{ord(plain):04x}")
        yield written


def _in_html(value: str) -> Iterator[str]:
    for quotes in (("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&apos;"), ('"', "'")):
        yield html.escape(value, quote=False).replace('"', quotes[0]).replace("'", quotes[1])


def _base64_inside(data: bytes, before: int) -> Iterator[str]:
    """The characters of base64 that stand for ``data`` alone when ``before`` other bytes precede it (modulo 3)."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(b"\0" * before + data).decode().rstrip("=")
        partial = (before + len(data)) % 3 != 0
        yield text[(0, 2, 3)[before] : len(text) - partial]


# ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class Logger:
    """Writes events under one name. The first argument is the event in words; fields follow by name."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def debug(self, event: str, **fields: Any) -> None:
        """Of use to a developer."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Something happened as it should."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Something needs watching."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Something failed."""
        self._write("error", event, fields)

    def bug(self, error: BaseException, **fields: Any) -> str:
        """Writes an error that nobody meant to raise, with its traceback; the id to show to the user."""
        key = uuid4().hex[:12]
        shown = "".join(traceback.format_exception(error))
        self._write("error", "bug", {"error_id": key, "error": type(error).__name__, "traceback": shown, **fields})
        return key

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if LEVELS[level] < _settings["level"]:
            return
        everything = {"logger": self._name, **_context.get().fields, **fields}
        getattr(_structured(), level)(event, **everything)


def get(name: str) -> Logger:
    """The logger of a part (``engine``, ``api``)."""
    return Logger(name)


def configure(level: str = "info", *, as_json: bool | None = None, stream: TextIO | None = None) -> None:
    """Sets the least level, the form (None: JSON unless the stream is a terminal) and the stream (None: stderr).

    Raises ValueError for a level that is not one of ``LEVELS``.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"{level!r} is not a log level; levels are {', '.join(LEVELS)}")
    _settings.update(level=LEVELS[level.lower()], json=as_json, stream=stream, loggers={})


class bound:  # noqa: N801 (reads as what it does: ``with log.bound(run=…)``)
    """Binds fields (``run=…, step=…``), and secret values to take out, to every event inside. Thousands of steps wait inside
    of one each: it is no generator, and keeps one context variable."""

    __slots__ = ("_inside", "_token")

    def __init__(self, *, redactor: Redactor | None = None, **fields: Any) -> None:
        around = _context.get()
        given = {name: value for name, value in fields.items() if value is not None}
        redactors = around.redactors if redactor is None else (redactor, *around.redactors)
        self._inside = _Bound({**around.fields, **given}, redactors)

    def __enter__(self) -> None:
        self._token = _context.set(self._inside)

    def __exit__(self, *_: object) -> None:
        _context.reset(self._token)


def hide(values: Iterable[str]) -> None:
    """Has these values taken out of all that is written where this is called, by the redactor that is bound there."""
    for redactor in _context.get().redactors[:1]:
        redactor.add(values)


def excerpt(text: str, most: int) -> str:
    """The beginning of what somebody else said, without secrets. Cut before they are taken out, one could lose the end by
    which it is found."""
    plain: str = scrubbed(text)
    return plain[:most]


def scrubbed(value: Any) -> Any:
    """A text or JSON without the secrets that are hidden where this is called."""
    for redactor in _context.get().redactors:
        value = redactor.scrub_json(value)
    return value


def _structured() -> Any:
    stream = _settings["stream"] or sys.stderr
    known: dict[int, Any] = _settings["loggers"]
    if id(stream) not in known:
        known.clear()
        known[id(stream)] = _build(stream)
    return known[id(stream)]


def _build(stream: TextIO) -> Any:
    import structlog

    as_json = _settings["json"] if _settings["json"] is not None else not stream.isatty()
    rendering: list[Any] = (
        [structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    return structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _redact,
            *rendering,
        ],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    )


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = scrubbed({k: _mask_field(k, v) for k, v in event.items()})
    return plain


def _mask_field(name: str, value: Any) -> Any:
    """Masks a field whose name tells that it holds a secret (``api_key``, but not ``input_tokens``)."""
    lower = name.lower().replace("-", "_")
    if any(word in lower for word in _TELLING) and not lower.endswith(_COUNTS) and value is not None:
        return MASK
    if isinstance(value, Mapping):
        return {k: _mask_field(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_field("", v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
