"""Durations as people write them (``10s``, ``1h30m``, ``2 days``, ``PT5M``) ⇄ seconds. Pure, and linear in the text."""

from __future__ import annotations

import math
import re

MAX_SECONDS = 10 * 366 * 86_400.0
"""Ten years: longer than any wait, time limit or cache that makes sense, and safe for every clock we write to."""

_UNITS: dict[str, float] = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604_800.0),
}
_WORDS = {
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "ten": 10.0,
    "half an": 0.5,
}
_PART = re.compile(
    r"(\d{1,12}(?:\.\d{1,9})?(?=\s{0,3}[a-z])|(?:half an|an?|one|two|three|four|five|ten)(?=\s))\s{0,3}([a-z]{1,12})",
    re.ASCII,
)
_GLUE = re.compile(r"(?:\s{0,3},)?\s{0,3}(?:and\s{1,3})?", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d{1,9}(?:\.\d{1,9})?)W)?(?:(\d{1,9}(?:\.\d{1,9})?)D)?"
    r"(?:T(?:(\d{1,9}(?:\.\d{1,9})?)H)?(?:(\d{1,9}(?:\.\d{1,9})?)M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)
_ISO_UNITS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)
_NAMED = ((604_800, "week", 600), (86_400, "day", 4_000), (3_600, "hour", 24), (60, "minute", 60), (1, "second", 60))
_SHORT = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "m"))
_ADVICE = "Write it like 10s, 250ms, 5 minutes, 1h30m or 2 days."


def parse_duration(text: object) -> float:
    """Seconds of ``text``: numbers with units, largest unit first, or ISO 8601 (``PT1H30M``, ``P2D``).

    Units are ms, s, min (or m), h, d, w and their English names. Months and years are refused, because they have no
    fixed length. Raises ValueError for anything else, for more than ten years and for a number without a unit.
    """
    if not isinstance(text, str):
        raise ValueError(f"A duration is a text with a unit, not {text!r:.40}. {_ADVICE}")
    clean = text.strip()
    if not clean or len(clean) > 100:
        raise ValueError(f"A duration is a short text such as 10s. {_ADVICE}")
    seconds = _parse_iso(clean.upper()) if clean[0] in "Pp" else _parse_parts(clean.lower(), text)
    if seconds is None:
        raise ValueError(f"“{text}” is not a duration. {_ADVICE}")
    if seconds > MAX_SECONDS:
        raise ValueError(f"“{text}” is longer than ten years.")
    return seconds


def _parse_iso(text: str) -> float | None:
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return math.fsum(float(n) * unit for n, unit in zip(match.groups(), _ISO_UNITS, strict=True) if n)


def _parse_parts(text: str, original: str) -> float | None:
    total, spot, last_unit = 0.0, 0, math.inf
    while spot < len(text):
        match = _PART.match(text, spot)
        if match is None:
            _explain_failure(text, original)
            return None
        amount, name = match.groups()
        unit = _UNITS.get(name)
        if unit is None:
            raise ValueError(_unknown_unit(name, original))
        if unit >= last_unit:
            raise ValueError(f"“{original}”: write the largest unit first, and each unit once.")
        total += (_WORDS.get(amount) or float(amount)) * unit
        last_unit = unit
        glue = _GLUE.match(text, match.end())
        spot = glue.end() if glue is not None and glue.end() < len(text) else match.end()
    return total


def _explain_failure(text: str, original: str) -> None:
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text):
        raise ValueError(f"“{original}” has no unit. Write {original}s for seconds, or {original} minutes.")


def _unknown_unit(name: str, original: str) -> str:
    if name.startswith(("month", "year", "mo", "yr")) or name == "y":
        return f"“{original}”: months and years have no fixed length. Count in days or weeks."
    return f"“{original}”: {name} is not a unit of time. {_ADVICE}"


def format_duration(seconds: float) -> str:
    """The shortest plain writing of ``seconds`` (≥ 0): ``5 minutes``, ``1h30m``, ``250ms``; parses back to the same.

    Exact down to the millisecond, to which it rounds. Raises ValueError when negative, not finite or over ten years.
    """
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError("A duration lies between nothing and ten years.")
    millis = round(seconds * 1000)
    if 0 < millis < 1000:
        return f"{millis}ms"
    for unit, name, most in _NAMED:
        count, rest = divmod(millis, unit * 1000)
        if not rest and count < most and (count or unit == 1):
            return f"{count} {name}{'' if count == 1 else 's'}"
    return _format_parts(millis)


def _format_parts(millis: int) -> str:
    parts = ""
    for unit, name in _SHORT:
        count, millis = divmod(millis, int(unit * 1000))
        parts += f"{count}{name}" if count else ""
    if not millis:
        return parts
    whole, rest = divmod(millis, 1000)
    return f"{parts}{whole}s" if not rest else f"{parts}{whole}.{rest:03d}".rstrip("0") + "s"
