"""Functions on texts for the expression table: cutting, joining, searching, encoding, hashing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import json
import urllib.parse
from typing import Any, NoReturn

from plainwork.spec.functions import function, want_count, want_list, want_object, want_text
from plainwork.spec.meter import MAX_DEPTH, ExpressionError, Frame, check_number, refuse, text_size, to_json, to_text
from plainwork.spec.operators import contains, look_up
from plainwork.spec.pattern import compile_pattern

_HASHES = ("sha256", "sha512", "sha1", "md5")


def _made(frame: Frame, size: int) -> None:
    """Charge the making of a text of at most ``size`` bytes."""
    frame.work(1 + (size >> 9))
    frame.grow(size)


def _cased_size(text: str) -> int:
    """A letter may become up to three when its case changes (ŉ, ΐ), but not within ASCII."""
    return text_size(text) if text.isascii() else 3 * text_size(text)


@function("upper(text)")
def upper(frame: Frame, text: Any) -> str:
    """The text in capitals."""
    _made(frame, _cased_size(want_text(text, "upper")))
    return str(text.upper())


@function("lower(text)")
def lower(frame: Frame, text: Any) -> str:
    """The text in small letters."""
    _made(frame, _cased_size(want_text(text, "lower")))
    return str(text.lower())


@function("title(text)")
def title(frame: Frame, text: Any) -> str:
    """The text with each word capitalised."""
    _made(frame, 4 * text_size(want_text(text, "title")))
    return str(text.title())


@function("trim(text, characters=null)")
def trim(frame: Frame, text: Any, characters: Any = None) -> str:
    """The text without white space (or these characters) at both ends."""
    _made(frame, text_size(want_text(text, "trim")))
    if characters is not None and len(want_text(characters, "trim")) > 100:
        refuse("trim takes at most 100 characters to remove.")
    return str(text.strip(characters))


@function("split(text, by=null, limit=null)")
def split(frame: Frame, text: Any, by: Any = None, limit: Any = None) -> list[str]:
    """The parts of a text between white space, or between a text given; at most limit parts."""
    separator = None if by is None else want_text(by, "split")
    if separator == "":
        refuse("split needs a text to split at.", "Write [letter for letter in …] for single characters.")
    frame.scan(want_text(text, "split"))
    if separator is None:
        frame.work(len(text) >> 5)
    else:
        frame.search(text, separator)
    most = frame.bytes // 72
    parts = text.split(separator, most if limit is None else min(most, max(0, want_count(limit, "split") - 1)))
    if len(parts) > most:
        frame.grow(frame.bytes + 1)
    frame.work(len(parts) >> 2)
    frame.grow(72 * len(parts) + text_size(text))
    return list(parts)


@function("lines(text)")
def lines(frame: Frame, text: Any) -> list[str]:
    """The lines of a text, without their ends; the empty text has none."""
    clean = replace(frame, want_text(text, "lines"), "\r\n", "\n")
    parts = split(frame, clean, "\n")
    return parts[:-1] if parts[-1] == "" else parts


@function("words(text)")
def words(frame: Frame, text: Any) -> list[str]:
    """The words of a text: what stands between white space."""
    return split(frame, want_text(text, "words"))


@function("join(list, by=', ')")
def join(frame: Frame, values: Any, by: Any = ", ") -> str:
    """One text of a list, with a text between the items."""
    frame.make_list(len(want_list(values, "join")))
    parts = [to_text(frame, value) for value in values]
    wide = text_size(want_text(by, "join"))
    _made(frame, 50 + len(parts) * wide + 4 * sum(map(len, parts)))
    return str(by.join(parts))


@function("replace(text, old, new)")
def replace(frame: Frame, text: Any, old: Any, new: Any) -> str:
    """The text with every occurrence of one text replaced by another."""
    part = want_text(old, "replace")
    if not part:
        refuse("replace needs a text to look for.")
    frame.search(want_text(text, "replace"), part)
    found = text.count(part)
    size = len(text) + found * max(0, len(want_text(new, "replace")) - len(part))
    _made(frame, 50 + size * (1 if text.isascii() and new.isascii() else 4))
    return str(text.replace(part, new))


@function("contains(text, part)")
def contains_text(frame: Frame, text: Any, part: Any) -> bool:
    """Whether a text holds another, capitals or not; or a list a value."""
    if isinstance(text, str):
        wanted = lower(frame, want_text(part, "contains"))
        whole = lower(frame, text)
        frame.search(whole, wanted)
        return wanted in whole
    return contains(frame, part, want_list(text, "contains"))


@function("starts_with(text, part)")
def starts_with(frame: Frame, text: Any, part: Any) -> bool:
    """Whether a text begins with another."""
    frame.scan(want_text(part, "starts_with"))
    return bool(want_text(text, "starts_with").startswith(part))


@function("ends_with(text, part)")
def ends_with(frame: Frame, text: Any, part: Any) -> bool:
    """Whether a text ends with another."""
    frame.scan(want_text(part, "ends_with"))
    return bool(want_text(text, "ends_with").endswith(part))


@function("matches(text, pattern)")
def matches(frame: Frame, text: Any, pattern: Any) -> bool:
    """Whether a regular expression is found in a text; write ^ and $ for the whole of it."""
    return compile_pattern(want_text(pattern, "matches")).find(frame, want_text(text, "matches"), 0) is not None


@function("find(text, pattern, default=null)")
def find(frame: Frame, text: Any, pattern: Any, default: Any = None) -> Any:
    """The first part of a text that fits a regular expression, and the default when none does."""
    found = compile_pattern(want_text(pattern, "find")).find(frame, want_text(text, "find"), 0)
    return default if found is None else text[found[0] : found[1]]


@function("find_all(text, pattern)")
def find_all(frame: Frame, text: Any, pattern: Any) -> list[str]:
    """Every part of a text that fits a regular expression."""
    machine, found, start = compile_pattern(want_text(pattern, "find_all")), [], 0
    while start <= len(want_text(text, "find_all")):
        spot = machine.find(frame, text, start)
        if spot is None:
            break
        frame.make_list(1)
        frame.grow(text_size(text[spot[0] : spot[1]]))
        found.append(text[spot[0] : spot[1]])
        start = spot[1] if spot[1] > spot[0] else spot[1] + 1
    return found


@function("truncate(text, length, end='…')")
def truncate(frame: Frame, text: Any, size: Any, end: Any = "…") -> str:
    """The text cut to at most this many characters, with a mark where it was cut."""
    most = want_count(size, "truncate")
    if len(want_text(text, "truncate")) <= most:
        return str(text)
    mark = want_text(end, "truncate")[:most]
    _made(frame, 54 + 4 * most)
    return str(text[: most - len(mark)].rstrip() + mark)


@function("slug(text)")
def slug_of(frame: Frame, text: Any) -> str:
    """The text as a part of an address: small letters and digits with hyphens between."""
    small = lower(frame, want_text(text, "slug"))
    _made(frame, 12 * len(small))
    return "-".join("".join(letter if letter.isalnum() else " " for letter in small[:2_000]).split())


@function("url_encode(text)")
def url_encode(frame: Frame, value: Any) -> str:
    """The text as part of a URL; of an object, a query string."""
    if isinstance(value, dict):
        frame.make_list(len(value))
        return "&".join(f"{url_encode(frame, str(key))}={url_encode(frame, part)}" for key, part in value.items())
    text = to_text(frame, value)
    _made(frame, 16 * len(text) + 50)
    frame.work(len(text) >> 2)
    return urllib.parse.quote(text, safe="", errors="replace")


@function("url_decode(text)")
def url_decode(frame: Frame, text: Any) -> str:
    """The text that a part of a URL stands for."""
    _made(frame, 16 * len(want_text(text, "url_decode")) + 50)
    frame.work(len(text) >> 1)
    return urllib.parse.unquote_plus(text, errors="replace")


@function("base64(text)")
def base64_encode(frame: Frame, text: Any) -> str:
    """The text (as UTF-8) in Base64."""
    _made(frame, 8 * text_size(want_text(text, "base64")))
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


@function("base64_decode(text)")
def base64_decode(frame: Frame, text: Any) -> str:
    """The text (UTF-8) that a Base64 text stands for, also in the form for URLs."""
    _made(frame, 5 * text_size(want_text(text, "base64_decode")))
    clean = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ExpressionError("This text is not Base64 of a text.") from None


@function("hash(text, method='sha256')")
def hash_of(frame: Frame, text: Any, method: Any = "sha256") -> str:
    """A fingerprint of the text in hexadecimal: sha256, sha512, sha1 or md5. Not for keeping passwords."""
    if method not in _HASHES:
        refuse(f"hash knows {', '.join(_HASHES)}.")
    source = to_text(frame, text)
    frame.work(1 + (len(source) >> 5))
    frame.grow(4 * text_size(source))
    return hashlib.new(method, source.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


@function("escape_html(text)")
def escape_html(frame: Frame, text: Any) -> str:
    """The text so that it shows as it is inside HTML."""
    source = to_text(frame, text)
    _made(frame, (6 if source.isascii() else 24) * len(source) + 50)
    return html.escape(source)


@function("json(value)")
def as_json(frame: Frame, value: Any) -> str:
    """The value written as JSON."""
    return to_json(frame, value)


@function("parse_json(text)")
def parse_json(frame: Frame, text: Any) -> Any:
    """The value that a JSON text stands for."""
    source = want_text(text, "parse_json")
    values = sum(map(source.count, ",:[{")) + 1
    frame.work(values + (len(source) >> 6))
    frame.grow(72 * values + text_size(source))
    try:
        value = json.loads(source, parse_constant=_refuse_constant, parse_int=_read_int, parse_float=_read_float)
    except json.JSONDecodeError as error:
        raise ExpressionError(f"This text is not JSON: {error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise ExpressionError(f"This JSON is nested more than {MAX_DEPTH} levels deep.") from None
    if "\\u" in source:
        _refuse_surrogates(to_json(frame, value))
    return value


def _read_int(digits: str) -> int:
    if len(digits) > 309:
        refuse("This JSON holds a number of more than 300 digits.")
    return int(check_number(int(digits)))


def _read_float(digits: str) -> float:
    return float(check_number(float(digits)))


def _refuse_constant(name: str) -> NoReturn:
    refuse(f"This text is not JSON: {name} is not a JSON number.")


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ExpressionError("This JSON holds half a character (a lone surrogate).") from None


@function("bullets(list, mark='- ')")
def bullets(frame: Frame, values: Any, mark: Any = "- ") -> str:
    """A markdown list: one line for each item."""
    sign = want_text(mark, "bullets")
    return sign + join(frame, values, "\n" + sign) if want_list(values, "bullets") else ""


@function("table(rows, columns=null)")
def table(frame: Frame, rows: Any, columns: Any = None) -> str:
    """A markdown table of a list of objects; columns names the keys to show."""
    records = [want_object(row, "table") for row in want_list(rows, "table")]
    names = list(records[0]) if columns is None and records else want_list(columns or [], "table")
    titles = [want_text(name, "table") for name in names]
    if not titles:
        return ""
    written = [titles, ["---"] * len(titles)]
    for record in records:
        frame.make_list(len(titles))
        written.append([_cell(frame, record, name) for name in titles])
    return "\n".join(_made_row(frame, row) for row in written)


def _cell(frame: Frame, record: dict[str, Any], name: str) -> str:
    frame.work(8)
    text = to_text(frame, look_up(record, name) if name in record else None)
    return replace(frame, replace(frame, text, "|", "\\|"), "\n", " ")


def _made_row(frame: Frame, cells: list[str]) -> str:
    _made(frame, 100 + 8 * sum(map(len, cells)))
    return f"| {' | '.join(cells)} |"
