"""docs/how-to.md is true: its blocks run from top to bottom as one session, against a running Plainwork."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.journeys.server import environment, running
from tests.world import Reply, running_world

PAGE = Path(__file__).parents[2] / "docs/how-to.md"
ENDED = "═ end of block"


def blocks() -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    starts = [found.end() for found in re.finditer(r"^```sh\n", text, re.MULTILINE)]
    found = []
    for start in starts:
        body = text[start:]
        here = re.match(r"cat > \S+ <<'END'\n.*?^END\n", body, re.MULTILINE | re.DOTALL)
        end = body.index("\n```", here.end() if here else 0)
        found.append(body[:end])
    return found


def test_its_parts_are_numbered() -> None:
    numbers = re.findall(r"^## (\d+)\.", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert len(blocks()) >= 10


def test_every_block_runs(data_dir: Path, tmp_path: Path) -> None:
    with running_world() as world, running(data_dir, PLAINWORK_ALLOW_HOSTS="127.0.0.1") as server:
        world.web.on("GET", "/posts.json", Reply(json=[{"title": "A faster parser", "score": 310}]))
        server.set_up()
        scopes = ["agents:read", "agents:write", "runs:read", "runs:write", "secrets:read", "secrets:write"]
        key = server.call("POST", "/api/v1/api-keys", {"name": "how to", "scopes": scopes}).json()["key"]
        env = environment(data_dir.parent / "own") | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SITE": world.web.url,
            "MAIL_SERVER": world.post.url,
            "URL": server.url,
            "KEY": key,
        }
        # The third block runs the draft before the settings of the fourth are there: a clear refusal, which is the point.
        script = "\n".join(
            f"{block} || true\n" if block.strip() == "plainwork run digest.md" else f"{block}\necho '{ENDED}'"
            for block in blocks()
        )
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(world.post.mails) == 1
        assert "Good morning, Ada." in done.stdout
        assert "event: run" in done.stdout
        assert "hush" not in done.stdout
        assert '"is_first":' in done.stdout
