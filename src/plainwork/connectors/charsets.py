"""Bytes that say in which encoding they are, rightly or not, as text; always something, in linear time."""

from __future__ import annotations

import codecs
import re

# Python offers these beside the encodings of the world; on purpose slow or harmful input is easily written in them.
_NOT_FOR_TEXT = re.compile(r"idna|punycode|.*escape|undefined|mbcs|oem|utf-7")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(body: bytes, *named: str | None) -> str:
    """The text by its byte order mark, as UTF-8 where it is that, by the first of the ``named`` encodings that fits, or as
    Windows-1252, in which nothing is lost that an eye could not mend."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace").removeprefix("\ufeff")
    known = [name for given in named if (name := _known(given))]
    for name in (*known, "utf-8") if body.isascii() else ("utf-8", *known):
        try:
            return body.decode(name)
        except UnicodeError:
            continue
    return body.decode("cp1252", errors="replace")


def _known(name: str | None) -> str | None:
    try:
        found = codecs.lookup((name or "").strip(" \"'")).name
        b"".decode(found)
    except (LookupError, ValueError):
        return None
    return None if _NOT_FOR_TEXT.fullmatch(found) else found
