"""From a sentence to a delivered mail, with a real web server, a real mail server and the embedded model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.journeys.server import environment, program
from tests.world import Reply, World, running_world

POSTS = [
    {"title": "A faster parser", "score": 310, "text": "The new parser reads a megabyte in a tenth of a second."},
    {"title": "Lunch is moved", "score": 12, "text": "Lunch is at one today."},
    {"title": "The outage of Tuesday", "score": 140, "text": "A full disk stopped the queue for nine minutes."},
]


@pytest.fixture(scope="module")
def world() -> World:  # type: ignore[misc]
    with running_world() as world:
        world.web.on("GET", "/posts.json", Reply(json=POSTS))
        yield world


def plainwork(world: World, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = environment(data, PLAINWORK_SMTP_URL=world.post.url, PLAINWORK_ALLOW_HOSTS="127.0.0.1")
    return subprocess.run(program(*arguments), env=env, capture_output=True, text=True, timeout=300, check=False)


def test_a_sentence_becomes_a_document_and_a_mail(world: World, data_dir: Path) -> None:
    sentence = (
        f"Every weekday at 8:30 in Europe/Berlin fetch {world.web.url}/posts.json, keep posts with score over 100, "
        "summarise them and mail the summary to team@example.org"
    )
    drafted = plainwork(world, data_dir, "draft", sentence, "--rules", "--json")
    assert drafted.returncode == 0, drafted.stderr
    draft = json.loads(drafted.stdout)
    assert {"markdown", "spec", "flow", "assumptions", "questions", "needs", "findings"} <= set(draft)
    assert [f for f in draft["findings"] if f.get("severity", "error") == "error"] == []
    triggers = [n for n in draft["flow"]["nodes"] if n["type"].startswith("trigger.")]
    steps = [n for n in draft["flow"]["nodes"] if not n["type"].startswith("trigger.")]
    assert [(t["config"]["cron"], t["config"]["timezone"]) for t in triggers] == [("30 8 * * 1-5", "Europe/Berlin")]
    assert [s["type"] for s in steps] == ["http@1", "filter@1", "llm@1", "email.send@1"]

    document = data_dir.parent / "digest.md"
    document.write_text(draft["markdown"])
    checked = plainwork(world, data_dir, "check", str(document), "--json")
    assert json.loads(checked.stdout)["valid"] is True

    ran = plainwork(world, data_dir, "run", str(document), "--json")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    answer = json.loads(ran.stdout)
    assert {"run_id", "status", "output", "steps", "cost_usd"} <= set(answer)
    assert answer["status"] == "succeeded"
    assert [s["status"] for s in answer["steps"]] == ["succeeded"] * 4
    kept = next(s for s in answer["steps"] if "items" in (s["output"] or {}))
    assert [post["score"] for post in kept["output"]["items"]] == [310, 140]

    [mail] = world.post.mails
    assert mail.recipients == ["team@example.org"]
    assert len(mail.text.strip()) > 20


def test_a_dead_host_is_one_clear_message(world: World, data_dir: Path) -> None:
    document = data_dir.parent / "dead.md"
    document.write_text(
        "# Dead\n\n## Steps\n\n### Ask\n```yaml step\nuses: http\n"
        'with: {url: "http://127.0.0.1:9/nothing"}\nretry: {times: 0}\n```\n'
    )
    ran = plainwork(world, data_dir, "run", str(document))
    assert ran.returncode == 1
    assert "127.0.0.1:9" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_round_trip_and_diff_on_the_command_line(world: World, data_dir: Path) -> None:
    example = Path(__file__).parents[2] / "examples/agents/website-watch.md"
    flow = data_dir.parent / "flow.json"
    assert plainwork(world, data_dir, "compile", str(example), "--out", str(flow)).returncode == 0
    back = plainwork(world, data_dir, "decompile", str(flow))
    assert back.returncode == 0, back.stderr
    again = data_dir.parent / "again.md"
    again.write_text(back.stdout)
    recompiled = plainwork(world, data_dir, "compile", str(again))
    assert json.loads(recompiled.stdout) == json.loads(flow.read_text())
    changed = data_dir.parent / "changed.md"
    changed.write_text(back.stdout.replace("every 10 minutes", "every 15 minutes"))
    diff = plainwork(world, data_dir, "diff", str(again), str(changed), "--json")
    assert diff.returncode == 0, diff.stderr
    assert "15" in diff.stdout
