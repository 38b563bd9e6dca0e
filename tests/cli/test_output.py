"""What is printed and written: nothing steers the terminal, files come whole and with their permissions, JSON stays JSON."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from plainwork.cli import run
from plainwork.cli.output import Unreadable, print_json, visible, write_text
from plainwork.engine.catalogue import load as load_catalogue
from plainwork.errors import Invalid
from plainwork.settings import Settings
from tests.cli.test_bad_input import GOOD

Capture = pytest.CaptureFixture[str]
HOSTILE = "a\x1b[31mred\x07\x9b2Jb\x7f\u202egnp.exe\u2066"


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_would_steer_a_terminal_is_spelled_out() -> None:
    assert visible(HOSTILE) == r"a\u001b[31mred\u0007\u009b2Jb\u007f\u202egnp.exe\u2066"
    assert visible("a\tb\nc é 漢 😀") == "a\tb\nc é 漢 😀"


def test_json_is_the_same_json_when_it_is_shown(capsys: Capture) -> None:
    print_json({"text": HOSTILE, "other": "é 😀"})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"text": HOSTILE, "other": "é 😀"}
    assert shown.isprintable() or set(shown) - {"\n"} == {c for c in shown if c.isprintable()}


@pytest.mark.parametrize("command", ["check", "run", "test"])
def test_a_document_cannot_paint_over_the_screen(command: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "evil.md"
    path.write_text(GOOD.replace("uses: set", 'uses: "set\\e]0;owned\\a"'), encoding="utf-8")
    assert run([command, str(path)]) == 1
    shown = capsys.readouterr()
    assert "owned" in shown.err
    assert "\x1b" not in shown.err + shown.out
    assert "\x07" not in shown.err + shown.out


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    write_text(str(tmp_path / "new"), "text")
    assert mode(tmp_path / "new") == 0o640


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_links(tmp_path: Path) -> None:
    path, link = tmp_path / "old", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o604)
    link.symlink_to(path)
    write_text(str(link), "new")
    assert (path.read_text(), mode(path), link.is_symlink()) == ("new", 0o604, True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "old"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(str(pipe), "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["", "folder", "no/such/folder/file", "\0"])
def test_a_file_that_cannot_be_written_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unreadable, match=r"--out"):
        write_text(name, "text")
    assert [p.name for p in tmp_path.rglob("*")] == ["folder"]


def test_a_number_that_python_will_not_read(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "long.json"
    path.write_text(f'{{"nodes": {"1" * 5000}}}')
    assert run(["decompile", str(path)]) == 2
    assert "thousands of digits" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check", "--json"], ["nonsense", "--json"], ["run", "x", "--nope", "--json"]])
def test_a_wrong_command_line_answers_programs_in_json(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "Usage"
    assert error["next_step"].endswith("--help")


def test_a_diff_of_the_same_has_all_its_names(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "good.md"
    path.write_text(GOOD)
    assert run(["diff", str(path), str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["summary"], found["added"], found["removed"], found["changed"]) == ([], [], [], [])
    assert {"routes_added", "triggers", "inputs", "secrets", "hosts", "settings"} <= found.keys()


def test_a_missing_input_says_what_to_add(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "asks.md"
    path.write_text(GOOD.replace("agentspec: 1", "agentspec: 1\ninputs: {who: {type: text}}"))
    assert run(["run", str(path)]) == 1
    assert "→ Add --input who=…" in capsys.readouterr().err


def test_a_document_without_examples_is_not_silently_right(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "good.md"
    path.write_text(GOOD)
    assert run(["test", str(path)]) == 0
    assert "nothing was tested" in capsys.readouterr().err


def test_the_data_folder_is_absolute_and_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert Settings.from_env({}).data_dir == Path("/home/ann/.local/share/plainwork")
    assert Settings.from_env({"XDG_DATA_HOME": "/x"}).data_dir == Path("/x/plainwork")
    assert Settings.from_env({"PLAINWORK_DATA_DIR": "~/agents"}).data_dir == Path("/home/ann/agents")
    assert Settings.from_env({"PLAINWORK_DATA_DIR": "/y"}, data_dir="here").data_dir == tmp_path / "here"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)  # a user that no list of users has
    assert Settings.from_env({"PLAINWORK_DATA_DIR": "/y"}).data_dir == Path("/y")
    with pytest.raises(Invalid, match="no home folder"):
        Settings.from_env({})
    with pytest.raises(Invalid, match="no name"):
        Settings.from_env({}, data_dir="")


def test_the_kinds_of_steps_are_listed_and_told(capsys: Capture) -> None:
    catalogue = load_catalogue()
    assert run(["kinds"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(listed) == sorted(catalogue)
    for name in catalogue:
        assert run(["kinds", name]) == 0
        told = capsys.readouterr().out
        assert f"  uses: {name}\n" in told
        assert all(f"  {field}" in told for field in catalogue[name].input.get("properties", {}))
    assert run(["kinds", "http", "--json"]) == 0
    declared = json.loads(capsys.readouterr().out)
    assert declared["id"] == "http"
    assert "url" in declared["input"]["properties"]


def test_a_kind_that_there_is_not(capsys: Capture) -> None:
    assert run(["kinds", "htpp"]) == 1
    assert "Did you mean http?" in capsys.readouterr().err


def test_a_zone_that_there_is_not(capsys: Capture) -> None:
    assert run(["draft", "Every day at 9 fetch http://example.org", "--zone", "Mars/Phobos"]) == 2
    assert "is not a time zone" in capsys.readouterr().err
