"""JSON written by hand with templates in it, read as data before anything is filled in.

So a value that is filled in stays one value, whatever quotes it holds: ``{"text": "{{ message }}", "count": {{ n }}}`` is
an object with two templates in it, with or without quotes around them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from plainwork.errors import Invalid
from plainwork.spec.template import split_template

_ADVICE = "A {{ }} stands where a value does, with or without quotes; a key cannot be one."


def json_settings(config: Mapping[str, Any], blocks: Mapping[str, str], of_kind: Mapping[str, str]) -> dict[str, Any]:
    """The configuration with those texts read that are JSON: settings the kind writes so (``of_kind``: setting →
    language). A text block has to be; any other text may also just be a text.

    Raises Invalid (the message begins with the setting) for a block that is not JSON.
    """
    read = dict(config)
    for key, language in of_kind.items():
        text = read.get(key)
        if language != "json" or not isinstance(text, str):
            continue
        try:
            found = parse_json_text(text)
        except Invalid as error:
            if key in blocks:
                raise Invalid(f"{key}: {error.message}", next_step=error.next_step) from error
            continue
        if key in blocks or isinstance(found, dict | list):
            read[key] = found
    return read


def parse_json_text(text: str) -> Any:
    """The data, templates as texts in it. Raises Invalid when it is not JSON, or ExpressionError for a ``{{`` without
    end."""
    written, in_text = "", False
    for part, _, is_code in split_template(text):
        if is_code:
            template = json.dumps(f"{{{{{part}}}}}")
            written += template[1:-1] if in_text else template
            continue
        written += part.replace("{{", "\\\\{{")
        in_text = _ends_in_text(part, in_text)
    try:
        data = json.loads(written, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"This is not JSON: {_words(error)}.", next_step=_ADVICE) from error
    if _has_template_key(data):
        raise Invalid("A key of this JSON is a template.", next_step=_ADVICE)
    return data


def _ends_in_text(part: str, in_text: bool) -> bool:
    """Whether the end of this piece of JSON lies between two quotes, when its beginning does or does not."""
    spot = 0
    while spot < len(part):
        if part[spot] == "\\":
            spot += 1
        elif part[spot] == '"':
            in_text = not in_text
        spot += 1
    return in_text


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg[0].lower()}{error.msg[1:]}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _has_template_key(data: Any) -> bool:
    if isinstance(data, dict):
        return any("{{" in key.replace("\\{{", "") or _has_template_key(value) for key, value in data.items())
    return isinstance(data, list) and any(map(_has_template_key, data))
