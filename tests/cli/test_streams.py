"""The program as a process: streams that are closed, full, broken or speak another encoding; places that are not there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from plainwork.cli.output import GONE, UNAVAILABLE, USAGE
from tests.cli.test_bad_input import GOOD
from tests.journeys.server import program

NO_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
TEXT = "héllo → 漢😀"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "good.md"
    path.write_text(GOOD.replace("hello", TEXT), encoding="utf-8")
    return path


def shell(line: str, *arguments: object, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a line of bash in which ``plainwork`` is the program and ``$1`` … are the arguments."""
    start = " ".join(program())
    script = f'set -o pipefail; plainwork() {{ {start} "$@"; }}; {line}'
    command = ["bash", "-c", script, "bash", *map(str, arguments)]
    return subprocess.run(command, env=os.environ | more, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["compile", "check", "check --json"])
@pytest.mark.parametrize(("where", "reason"), [(">/dev/full", "no space left"), (">&-", "bad file descriptor")])
def test_an_output_that_takes_nothing(command: str, where: str, reason: str, document: Path) -> None:
    done = shell(f"plainwork {command} $1 {where}", document)
    assert done.returncode == UNAVAILABLE
    said = done.stderr.decode()
    assert said.startswith("plainwork: Standard output cannot be written: " + reason)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["compile $1", "check $1", "check $1 --json", "--help", "--version", "check nowhere 2>&1"]
)
def test_a_reader_who_leaves(command: str, document: Path) -> None:
    done = shell(f"plainwork {command} | head -c 0", document)
    assert (done.returncode, done.stderr) == (GONE, b"")


def test_an_input_that_is_closed() -> None:
    done = shell("plainwork check - <&-")
    assert done.returncode == USAGE
    assert done.stderr.decode().startswith("plainwork: -: It cannot be read")


def test_errors_that_nobody_takes() -> None:
    assert shell("plainwork check nowhere 2>/dev/full").returncode == UNAVAILABLE
    assert shell("plainwork check nowhere 2>&-").returncode == USAGE


@pytest.mark.parametrize("locale", [NO_LOCALE, {"PYTHONIOENCODING": "latin-1"}], ids=["C", "latin-1"])
def test_documents_and_json_are_utf8_in_any_locale(locale: dict[str, str], document: Path, tmp_path: Path) -> None:
    compiled = shell("plainwork compile $1", document, **locale)
    assert compiled.returncode == 0, compiled.stderr
    assert json.loads(compiled.stdout)["nodes"][0]["config"]["word"] == TEXT
    flow = tmp_path / "flow.json"
    flow.write_bytes(compiled.stdout)
    assert TEXT in shell("plainwork decompile $1", flow, **locale).stdout.decode()


def test_a_sentence_keeps_its_letters_in_any_locale() -> None:
    done = shell('plainwork draft "$1" --rules', "Every day at 9:00 fetch http://example.org/ünï", **NO_LOCALE)
    assert done.returncode == 0, done.stderr
    assert "ünï" in done.stdout.decode()


def test_a_sentence_that_is_not_text_is_refused_rather_than_cut() -> None:
    done = shell("plainwork draft $'caf\\xe9 every day' --rules --json")
    assert done.returncode == USAGE
    assert json.loads(done.stdout)["error"]["message"] == "The sentence is not UTF-8 text."


def test_a_file_name_that_is_not_text_is_told_in_json() -> None:
    done = shell("plainwork check $'\\xff\\xfe.md' --json")
    assert done.returncode == USAGE
    assert json.loads(done.stdout)["error"]["where"]["file"] == r"\udcff\udcfe.md"


def test_a_folder_that_is_gone(tmp_path: Path, document: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell("cd $1 && rmdir $1 && plainwork run $2 --data-dir here", gone, document)
    assert done.returncode == USAGE
    assert done.stderr.decode().startswith("plainwork: The data folder here cannot be found from here.")
