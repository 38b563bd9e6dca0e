"""Every command, given something it cannot use: one message that names the place and the next step, a code that is
not 0, nothing half-written, no traceback."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from plainwork.cli import run
from tests.world import running_world

Capture = pytest.CaptureFixture[str]

GOOD = """---
agentspec: 1
---

# Good

## Steps

### Say it
```yaml step
uses: set
with: {word: hello}
```
"""


def junk(folder: Path) -> Path:
    """A file of each kind that is not a document."""
    path = folder / "junk.md"
    path.write_bytes(bytes(range(256)) * 64)
    return path


def nul(folder: Path) -> Path:
    path = folder / "nul.md"
    path.write_bytes(b"# Title\n\0\0\n")
    return path


def missing(folder: Path) -> Path:
    return folder / "missing.md"


def a_folder(folder: Path) -> Path:
    path = folder / "folder.md"
    path.mkdir()
    return path


def huge(folder: Path) -> Path:
    path = folder / "huge.md"
    path.write_text("# Title\n" + "word " * 2_000_000)
    return path


def one_megabyte(folder: Path) -> Path:
    path = folder / "long.md"
    path.write_text("# Title\n\n" + "- [" * 340_000)
    return path


def broken_yaml(folder: Path) -> Path:
    path = folder / "broken.md"
    path.write_text(GOOD.replace("with: {word: hello}", "with: {word: [hello}"))
    return path


def unknown_kind(folder: Path) -> Path:
    path = folder / "kind.md"
    path.write_text(GOOD.replace("uses: set", "uses: sett"))
    return path


def bad_expression(folder: Path) -> Path:
    path = folder / "expression.md"
    path.write_text(GOOD.replace("hello", '"{{ 1 + }}"'))
    return path


def cycle(folder: Path) -> Path:
    path = folder / "cycle.md"
    again = "\n### Again\n```yaml step\nuses: set\nwith: {a: 1}\n```\n- Then → [Say it](#say-it)\n"
    path.write_text(GOOD + again)
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.md"
    path.write_text("")
    return path


UNREADABLE = [junk, nul, missing, a_folder, huge]
WRONG = [broken_yaml, unknown_kind, bad_expression, cycle, empty, one_megabyte]
COMMANDS = {
    "check": ["check", "{}"],
    "compile": ["compile", "{}"],
    "run": ["run", "{}"],
    "test": ["test", "{}"],
    "diff": ["diff", "{}", "{}"],
}


def assert_clear(code: int, capture: Capture) -> str:
    """The code is not 0, something was said, and it is not Python that says it."""
    shown = capture.readouterr()
    assert code in {1, 2, 3}, shown.err
    assert shown.err.strip() or shown.out.strip()
    assert "Traceback" not in shown.err + shown.out
    assert "bug of its own" not in shown.err
    return shown.err


@pytest.mark.parametrize("make", UNREADABLE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_cannot_be_read(
    command: str, make: Callable[[Path], Path], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAINWORK_DATA_DIR", str(tmp_path / "data"))
    path = make(tmp_path)
    code = run([part.format(path) for part in COMMANDS[command]])
    said = assert_clear(code, capsys)
    assert code == 2
    assert str(path) in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("make", WRONG, ids=lambda f: f.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_document_that_is_wrong(
    command: str, make: Callable[[Path], Path], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAINWORK_DATA_DIR", str(tmp_path / "data"))
    path = make(tmp_path)
    code = run([part.format(path) for part in COMMANDS[command]])
    said = assert_clear(code, capsys)
    assert code == 1
    assert f"{path}:" in said
    assert "→" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("make", [*UNREADABLE, *WRONG], ids=lambda f: f.__name__)
def test_check_answers_programs_in_json(make: Callable[[Path], Path], tmp_path: Path, capsys: Capture) -> None:
    code = run(["check", str(make(tmp_path)), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code != 0
    assert answer.get("valid") is False or answer["error"]["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1"),
        ("[]", "not a flow"),
        ('{"nodes": 3}', "nodes"),
        ('{"nodes": [{"id": "a"}]}', "type"),
        ('{"nodes": [{"id": "a", "type": "set@1"}], "edges": [{"from": "a", "to": "b"}]}', "b"),
        (
            '{"nodes": [{"id": "a", "type": "set@1"}, {"id": "b", "type": "set@1"}],'
            ' "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]}',
            "a",
        ),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_flow_that_is_wrong(text: str, says: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "flow.json"
    path.write_text(text)
    said = assert_clear(run(["decompile", str(path)]), capsys)
    assert says in said


def test_an_output_that_cannot_be_written_leaves_nothing(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "good.md"
    path.write_text(GOOD)
    said = assert_clear(run(["compile", str(path), "--out", str(tmp_path / "no" / "flow.json")]), capsys)
    assert "--out" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.md"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--port", "99999"],
        ["nonsense"],
        ["check"],
        ["run"],
        ["check", "a", "b"],
        ["run", "x.md", "--input", "novalue"],
    ],
)
def test_a_command_line_that_is_wrong(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.strip()


def test_a_port_in_use(tmp_path: Path, capsys: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = run(["up", "--port", str(port), "--data-dir", str(tmp_path / "data")])
    said = assert_clear(code, capsys)
    assert code == 3
    assert str(port) in said
    assert "--port" in said
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_is_a_file(tmp_path: Path, capsys: Capture) -> None:
    place = tmp_path / "data"
    place.write_text("not a folder")
    code = run(["migrate", "--data-dir", str(place)])
    said = assert_clear(code, capsys)
    assert str(place) in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_folder_that_may_not_be_written(tmp_path: Path, capsys: Capture) -> None:
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    said = assert_clear(run(["migrate", "--data-dir", str(place / "data")]), capsys)
    assert str(place) in said


def test_a_data_folder_on_a_file_system_that_is_not_for_files(capsys: Capture) -> None:
    said = assert_clear(run(["migrate", "--data-dir", "/proc/plainwork"]), capsys)
    assert "/proc/plainwork" in said


def test_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hush@127.0.0.1:9/nowhere")
    code = run(["migrate"])
    said = assert_clear(code, capsys)
    assert code == 3
    assert "127.0.0.1:9" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    "name", ["PLAINWORK_PORT", "PLAINWORK_CONCURRENCY", "PLAINWORK_PROCESSES", "PLAINWORK_DRAIN_S"]
)
def test_a_setting_that_cannot_be_understood(name: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv(name, "many")
    said = assert_clear(run(["migrate"]), capsys)
    assert name in said


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail:hush@example.org", "smtp://", "smtp://me:hush@a:b:99"]
)
def test_a_mail_server_that_cannot_be(url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PLAINWORK_SMTP_URL", url)
    said = assert_clear(run(["migrate"]), capsys)
    assert "PLAINWORK_SMTP_URL" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("openai:gpt-4o", "There is no key for OpenAI"),
        ("nobody:at-all", "no model provider 'nobody'"),
        ("local:smollm2-135m", "too small"),
    ],
)
def test_a_model_that_cannot_draft(model: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert said in assert_clear(
        run(["draft", "Every day at 9 fetch https://example.org/a.json", "--model", model]), capsys
    )


def test_a_named_model_that_refuses_is_not_replaced(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    with running_world() as world:
        monkeypatch.setenv("OPENAI_API_KEY", "another key")
        monkeypatch.setenv("OPENAI_BASE_URL", world.models.openai_url)
        monkeypatch.setenv("PLAINWORK_ALLOW_HOSTS", ",".join(world.allow_hosts))
        code = run(["draft", "Every day at 9 fetch https://example.org/a.json", "--model", "openai:gpt-4o"])
    assert "refused the key" in assert_clear(code, capsys)


@pytest.mark.parametrize("text", ["", "   ", "\0\1\2", "word " * 10_000])
def test_a_sentence_that_cannot_be_drafted(text: str, capsys: Capture) -> None:
    assert_clear(run(["draft", text, "--rules"]), capsys)


def test_a_flow_of_unknown_kinds_becomes_a_document_all_the_same(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "flow.json"
    path.write_text(
        '{"nodes": [{"id": "a", "type": "magic@1"}, {"id": "b", "type": "set@1"}], "edges": [{"from": "a", "to": "b"}]}'
    )
    assert run(["decompile", str(path)]) == 0
    shown = capsys.readouterr()
    assert "uses: magic" in shown.out
    assert "magic" in shown.err
