"""Input types in words (``list of text``, ``one of [a, b]``) ⇄ JSON Schema, and values brought into those types.

Where JSON Schema has no word, the schema carries ``x-type`` (``duration``, ``file``, ``long text``).
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from plainwork.errors import Finding, Invalid
from plainwork.spec.durations import parse_duration
from plainwork.spec.model import Input

Schema = dict[str, Any]
_FILE: Schema = {
    "type": "object",
    "x-type": "file",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "media_type": {"type": "string"},
        "text": {"type": "string"},
        "base64": {"type": "string"},
        "url": {"type": "string"},
    },
}
_SCHEMAS: dict[str, Schema] = {
    "any": {},
    "text": {"type": "string"},
    "long text": {"type": "string", "x-type": "long text"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "yes/no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "x-type": "time"},
    "date and time": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "x-type": "duration"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "file": _FILE,
    "object": {"type": "object"},
    "list": {"type": "array"},
}
_OTHER_WORDS = {
    **dict.fromkeys(("string", "str", "line"), "text"),
    **dict.fromkeys(("longtext", "long-text", "multiline", "markdown"), "long text"),
    **dict.fromkeys(("float", "decimal"), "number"),
    **dict.fromkeys(("int", "whole number"), "integer"),
    **dict.fromkeys(("bool", "boolean", "yes or no", "true/false"), "yes/no"),
    **dict.fromkeys(("datetime", "date-time", "timestamp"), "date and time"),
    **dict.fromkeys(("e-mail", "mail", "email address"), "email"),
    **dict.fromkeys(("link", "uri", "address", "web address"), "url"),
    **dict.fromkeys(("json", "dict", "mapping", "map"), "object"),
    **dict.fromkeys(("array", "list of any"), "list"),
    "anything": "any",
}
_LIST = re.compile(r"(?:list|array)\s+of\s+(.+)", re.IGNORECASE | re.DOTALL)
_CHOICE = re.compile(r"one\s+of\s*:?\s*\[(.*)\]", re.IGNORECASE | re.DOTALL)
_CHOICES = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^,"\'\[\]][^,\[\]]*)\s*(?:,|$)')
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})(\.\d{1,15})?")
_MOST_CHARACTERS = 4_000
_MOST_LISTS = 5


def type_schema(text: str) -> Schema:
    """The JSON Schema of a type in words. Raises Invalid, naming the types there are, when nobody knows it."""
    clean = text.strip() if isinstance(text, str) else ""
    if len(clean) > _MOST_CHARACTERS:
        raise Invalid(f"A type has at most {_MOST_CHARACTERS} characters.")
    depth = 0
    while (inner := _LIST.fullmatch(clean)) and _known_word(clean) is None:
        clean, depth = inner.group(1), depth + 1
    if depth > _MOST_LISTS:
        raise Invalid(f"Lists nest at most {_MOST_LISTS} deep.")
    schema = _item_schema(clean)
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@lru_cache(maxsize=1024)  # every start of a run asks anew for the types of its inputs
def _known_schema(text: str) -> Schema:
    """As ``type_schema``; shared, so not to be changed."""
    return type_schema(text)


def _known_word(text: str) -> str | None:
    word = " ".join(text.lower().split())
    word = _OTHER_WORDS.get(word, word)
    return word if word in _SCHEMAS else None


def _item_schema(text: str) -> Schema:
    choice = _CHOICE.fullmatch(text)
    if choice is not None:
        return {"enum": _choices(choice.group(1), text)}
    word = _known_word(text) or _known_word(text.removesuffix("s"))
    if word is None:
        raise _unknown_type(text)
    return dict(_SCHEMAS[word])


def _unknown_type(text: str) -> Invalid:
    close = difflib.get_close_matches(text.lower()[:40], [*_SCHEMAS, *_OTHER_WORDS], n=1)
    hint = f"Did you mean “{_OTHER_WORDS.get(close[0], close[0])}”? " if close else ""
    known = ", ".join(word for word in _SCHEMAS if word not in ("any", "list"))
    return Invalid(f"“{text[:60]}” is not a type.", next_step=f"{hint}The types are {known}, list of …, one of [a, b].")


def _choices(text: str, whole: str) -> list[Any]:
    found: list[Any] = []
    spot = 0
    text = text.strip().removesuffix(",")
    while spot < len(text):
        match = _CHOICES.match(text, spot)
        if match is None:
            raise Invalid(
                f"The choices of “{whole[:60]}” cannot be read.", next_step="Write one of [red, green, blue]."
            )
        found.append(_choice(match.group(1).strip()))
        spot = match.end()
    if not found:
        raise Invalid(f"“{whole[:60]}” names no choice.", next_step="Write one of [red, green, blue].")
    if len(set(map(repr, found))) < len(found):
        raise Invalid(f"“{whole[:60]}” names a choice twice.", next_step="Leave one of them out.")
    return found


def _choice(text: str) -> str | int | float:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if text.startswith("'"):
        return text[1:-1]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number.group(2) else int(text)


def type_text(schema: Mapping[str, Any]) -> str:
    """The words for a JSON Schema that ``type_schema`` could have made. Raises Invalid for any other."""
    plain = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
    for word, known in _SCHEMAS.items():
        if plain == known:
            return word
    if plain.keys() == {"enum"}:
        return f"one of [{', '.join(map(_choice_text, plain['enum']))}]"
    if plain.get("type") == "array" and plain.keys() == {"type", "items"}:
        return f"list of {type_text(plain['items'])}"
    raise Invalid("No input type in words says what this JSON Schema says.", next_step="Use object, or list.")


def _choice_text(value: Any) -> str:
    text = str(value)
    plain = not isinstance(value, str) or (
        text == text.strip() and text and not re.search(r"[,\[\]\"'\\]|\s\s|[\t\n]", text)
    )
    if plain and _choice(text) == value:
        return text
    return json.dumps(value, ensure_ascii=False)


def inputs_schema(inputs: Mapping[str, Input]) -> Schema:
    """The JSON Schema of an object with these inputs: for a form, an API's description or a model's tool.

    Raises Invalid when a type is not known.
    """
    properties = {}
    for name, given in inputs.items():
        extra = {"description": given.about} if given.about else {}
        schema = type_schema(given.type)
        default = {} if given.default is msgspec.UNSET else {"default": _default(given, schema, name)}
        properties[name] = {**schema, **extra, **default}
    required = [name for name, given in inputs.items() if is_required(given)]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def is_required(given: Input) -> bool:
    """Whether a run cannot start without it."""
    return given.required and given.default is msgspec.UNSET


def coerce(inputs: Mapping[str, Input], given: Mapping[str, Any], *, from_text: bool = False) -> dict[str, Any]:
    """The inputs of a run: what is given, brought into the declared types, and the defaults of what is not.

    ``from_text``: the values come from a command line or a form, so numbers, yes/no, lists (JSON, or by commas) and
    objects (JSON) may be written as text. An optional input without default that is not given is null.
    Raises Invalid with one finding per input that is missing, not declared or of another type.
    """
    findings = [_undeclared(name, inputs) for name in given if name not in inputs]
    values: dict[str, Any] = {}
    for name, declared in inputs.items():
        try:
            values[name] = _value(name, declared, given, from_text=from_text)
        except Invalid as why:
            code = "missing-input" if name not in given else "bad-input"
            findings.append(Finding(code=code, message=why.message, next_step=why.next_step, field=f"inputs.{name}"))
    if findings:
        first = f"{findings[0].message}{f' And {len(findings) - 1} more.' if len(findings) > 1 else ''}"
        raise Invalid(first, findings=tuple(findings), next_step=findings[0].next_step)
    return values


def _undeclared(name: str, inputs: Mapping[str, Input]) -> Finding:
    close = difflib.get_close_matches(str(name), list(inputs), n=1)
    known = f"The inputs are {', '.join(inputs)}." if inputs else "This agent has no inputs."
    return Finding(
        code="unknown-input",
        message=f"There is no input called {name}.",
        next_step=f"Did you mean {close[0]}?" if close else known,
        field=f"inputs.{name}",
    )


def _value(name: str, declared: Input, given: Mapping[str, Any], *, from_text: bool) -> Any:
    if name in given and not (given[name] is None and not is_required(declared)):
        return coerce_value(_known_schema(declared.type), given[name], name, from_text=from_text)
    if declared.default is not msgspec.UNSET:
        return _default(declared, _known_schema(declared.type), name)
    if declared.required:
        about = f" ({declared.about})" if declared.about else ""
        raise Invalid(f"The input {name}{about} is missing.", next_step=f"Give it as {declared.type}.")
    return None


def _default(declared: Input, schema: Schema, name: str) -> Any:
    """The default as a value of the type (``no`` of a yes/no is False)."""
    return None if declared.default is None else coerce_value(schema, declared.default, name)


def coerce_value(schema: Mapping[str, Any], value: Any, name: str = "value", *, from_text: bool = False) -> Any:
    """One value brought into a type; ``name`` is what messages call it. Raises Invalid."""
    if "enum" in schema:
        return _one_of(schema["enum"], value, name, from_text)
    kind = schema.get("type")
    if kind == "array":
        return _list(schema, value, name, from_text)
    if kind is None:
        return value
    read = _READERS[str(schema.get("x-type") or schema.get("format") or kind)]
    return read(value, name, from_text)


def _wrong(name: str, wanted: str, value: Any, advice: str | None = None) -> Invalid:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return Invalid(
        f"{name} should be {wanted}, not {shown if len(shown) <= 60 else shown[:57] + '…'}.", next_step=advice
    )


def _one_of(choices: list[Any], value: Any, name: str, from_text: bool) -> Any:
    for choice in choices:
        if choice == value and isinstance(choice, bool) == isinstance(value, bool):
            return choice
    if from_text and isinstance(value, str):
        for choice in choices:
            if str(choice).casefold() == value.strip().casefold():
                return choice
    close = difflib.get_close_matches(str(value)[:100], [str(choice) for choice in choices], n=1)
    raise _wrong(name, f"one of {', '.join(map(str, choices))}", value, f"Did you mean {close[0]}?" if close else None)


def _list(schema: Mapping[str, Any], value: Any, name: str, from_text: bool) -> list[Any]:
    if from_text and isinstance(value, str):
        value = _list_from_text(value, name)
    if not isinstance(value, (list, tuple)):
        raise _wrong(name, "a list", value, "Put the items into square brackets.")
    item = schema.get("items")
    if not item:
        return list(value)
    return [coerce_value(item, one, f"{name}[{spot}]", from_text=from_text) for spot, one in enumerate(value)]


def _list_from_text(text: str, name: str) -> list[Any]:
    clean = text.strip()
    if clean.startswith("["):
        found = _json(clean, name)
        if isinstance(found, list):
            return found
    return [part.strip() for part in clean.split(",")] if clean else []


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong(name, "JSON", text, "Mind the quotes: names and texts stand in double quotes.") from None


def _text(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, str):
        return value
    if from_text and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise _wrong(name, "text", value, "Put it into quotes.")


def _number(value: Any, name: str, from_text: bool) -> int | float:
    if from_text and isinstance(value, str):
        value = _number_from_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise _wrong(name, "a number", value)
    return value


def _is_finite(value: float) -> bool:
    return isinstance(value, int) or math.isfinite(value)


def _number_from_text(text: str) -> Any:
    clean = text.strip().replace("_", "")
    if len(clean) <= 40 and re.fullmatch(r"[+-]?\d+", clean, re.ASCII):
        return int(clean)
    if len(clean) <= 40 and re.fullmatch(r"[+-]?(\d+\.\d*|\.?\d+)(e[+-]?\d+)?", clean, re.ASCII | re.IGNORECASE):
        return float(clean)
    return text


def _integer(value: Any, name: str, from_text: bool) -> int:
    try:
        number = _number(value, name, from_text)
    except Invalid:
        raise _wrong(name, "a whole number", value) from None
    if number != int(number):
        raise _wrong(name, "a whole number", value)
    return int(number)


def _yes_no(value: Any, name: str, from_text: bool) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("yes", "no"):  # the words of the type itself; in YAML they are texts
        return bool(value == "yes")
    if from_text and isinstance(value, str):
        word = value.strip().lower()
        if word in ("yes", "true", "on", "1", "y"):
            return True
        if word in ("no", "false", "off", "0", "n"):
            return False
    raise _wrong(name, "yes or no", value, "Write true or false.")


def _date(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip(), re.ASCII):
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            raise _wrong(name, "a date", value, "There is no such day.") from None
    raise _wrong(name, "a date", value, "Write it as 2026-01-31.")


def _time(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", value.strip(), re.ASCII):
        clean = value.strip()
        try:
            return time.fromisoformat(clean if clean[2] == ":" else f"0{clean}").isoformat().removesuffix(":00")
        except ValueError:
            raise _wrong(name, "a time of day", value, "There is no such time.") from None
    raise _wrong(name, "a time of day", value, "Write it as 07:30.")


def _date_time(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if (
        isinstance(value, str)
        and len(value) <= 40
        and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value.strip(), re.ASCII)
    ):
        try:
            return datetime.fromisoformat(value.strip()).isoformat()
        except ValueError:
            raise _wrong(name, "a date and time", value, "There is no such moment.") from None
    raise _wrong(name, "a date and time", value, "Write it as 2026-01-31T07:30:00Z.")


def _duration(value: Any, name: str, from_text: bool) -> str:
    try:
        parse_duration(value)
    except ValueError as why:
        raise _wrong(name, "a duration", value, str(why)) from None
    return str(value)


def _email(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, str):
        clean = value.strip()
        local, _at, host = clean.rpartition("@")
        if local and host and not re.search(r"[\s<>,;@]", local + host) and len(clean) <= 320:
            return clean
    raise _wrong(name, "an e-mail address", value, "Write it as name@example.org.")


def _url(value: Any, name: str, from_text: bool) -> str:
    if isinstance(value, str) and not re.search(r"\s", value.strip()):
        try:
            parts = urlsplit(value.strip())
            if parts.scheme in ("http", "https") and parts.hostname:
                return value.strip()
        except ValueError:
            pass
    raise _wrong(name, "a web address", value, "Begin it with https://.")


def _object(value: Any, name: str, from_text: bool) -> dict[str, Any]:
    if from_text and isinstance(value, str):
        value = _json(value, name)
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value, 'Write it as {"key": "value"}.')
    return dict(value)


def _file(value: Any, name: str, from_text: bool) -> dict[str, Any]:
    if from_text and isinstance(value, str):
        value = _json(value, name)
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        unknown = [key for key in value if key not in _FILE["properties"]]
        if not unknown and all(isinstance(part, str) for part in value.values()):
            return dict(value)
    raise _wrong(name, "a file", value, 'Write it as {"name": "a.txt", "text": "…"}, or with base64 or url.')


_READERS: dict[str, Callable[[Any, str, bool], Any]] = {
    "string": _text,
    "long text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _yes_no,
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "duration": _duration,
    "email": _email,
    "uri": _url,
    "object": _object,
    "file": _file,
}
