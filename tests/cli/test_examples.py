"""The agents in examples/ are documents that work: checked clean, rendered and read back the same, their Examples pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainwork import spec
from plainwork.cli import run
from plainwork.engine.catalogue import load as load_catalogue
from plainwork.spec.compile import compile as compile_spec
from plainwork.spec.decompile import decompile
from plainwork.spec.markdown import parse, render

AGENTS = sorted((Path(__file__).parents[2] / "examples/agents").glob("*.md"))


def test_there_are_agents_of_real_use() -> None:
    assert len(AGENTS) >= 6
    without_keys = [path for path in AGENTS if not _load(path).flow.secrets]  # type: ignore[union-attr]
    assert len(without_keys) >= 2


@pytest.mark.parametrize("path", AGENTS, ids=lambda p: p.stem)
def test_its_examples_pass(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["test", str(path)])
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert " passed, 0 failed" in shown
    assert not shown.startswith("0 passed")


@pytest.mark.parametrize("path", AGENTS, ids=lambda p: p.stem)
def test_it_is_clean_and_comes_back_the_same(path: Path) -> None:
    loaded = _load(path)
    assert loaded.spec is not None
    assert loaded.flow is not None
    assert loaded.findings == []
    again = parse(render(loaded.spec))
    assert again.spec == loaded.spec
    assert compile_spec(decompile(loaded.flow)) == loaded.flow


def _load(path: Path) -> spec.Loaded:
    return spec.load(path.read_text(encoding="utf-8"), load_catalogue())
