"""The format's own page: every document, step and YAML block in it can be read, and it names every key there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plainwork.spec import keys, scan
from plainwork.spec.markdown import parse, render
from plainwork.spec.yaml_read import read

PAGE = (Path(__file__).parents[2] / "docs" / "agent-spec.md").read_text(encoding="utf-8")
FENCES = [piece for piece in scan.pieces(PAGE) if piece.kind == "fence"]
MARKDOWN = [PAGE[slice(*piece.inner)] for piece in FENCES if piece.text == "markdown"]
YAML = [PAGE[slice(*piece.inner)] for piece in FENCES if piece.text == "yaml"]


def test_the_page_has_examples() -> None:
    assert len(MARKDOWN) == 4
    assert len(YAML) >= 4
    assert len(FENCES) == len(MARKDOWN) + len(YAML)


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_examples_can_be_read(text: str) -> None:
    whole = text if text.startswith("---") else f"---\nagentspec: 1\n---\n\n# T\n\n## Steps\n\n{text}"
    parsed = parse(whole)
    assert parsed.findings == []
    assert parsed.spec is not None
    assert parse(render(parsed.spec)).spec == parsed.spec


def test_the_whole_document_is_canonical() -> None:
    spec = parse(MARKDOWN[0]).spec
    assert spec is not None
    assert render(spec) == MARKDOWN[0]


@pytest.mark.parametrize("text", YAML)
def test_yaml_examples_can_be_read(text: str) -> None:
    value = read(text).value
    assert isinstance(value, dict)
    if value.keys() <= keys.FRONT.keys():
        parsed = parse(f"---\nagentspec: 1\n{text}---\n# T\n")
        assert parsed.findings == []


def test_plain_values_are_what_the_page_says() -> None:
    for line in next(text for text in YAML if text.startswith("answer")).splitlines():
        said = re.search(r'the text "(.*)"', line)
        assert said is not None
        assert list(read(line).value.values()) == [said[1]]


@pytest.mark.parametrize("key", [*keys.FRONT, *keys.STEP, *keys.RETRY, *keys.LIMITS, *keys.TRIGGERS, *scan.PARTS])
def test_every_key_is_named(key: str) -> None:
    assert key in PAGE.casefold()
