"""Documents with limits: money, tokens, steps, time and runs; and models that stand in for each other."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from plainwork.errors import LimitReached
from tests.documents.stage import Played, Site, Stage, document
from tests.world import Reply

MODEL = "openai:gpt-4o-mini"  # 0.15 USD for a million tokens in, 0.60 for a million out


@pytest.fixture(autouse=True)
async def models(stage: Stage) -> None:
    models = stage.world.models
    await stage.vault.seal(stage.workspace_id, "openai", {"key": models.key, "base_url": models.openai_url})
    await stage.vault.seal(stage.workspace_id, "gemini", {"key": models.key, "base_url": models.gemini_url})
    models.forget()


def ask(name: str, extra: str = "", level: str = "###") -> str:
    return f"{level} {name}\n```yaml step\nuses: llm\n{extra}\n```\n```text prompt\nSay something.\n```\n"


THREE = ask("One") + ask("Two") + ask("Three")


async def asked(stage: Stage, text: str, site: Site | None = None) -> tuple[Played, int]:
    before = len(stage.world.models.asked)
    played = await stage.play(text, site)
    return played, len(stage.world.models.asked) - before


@pytest.mark.parametrize(
    ("limit", "calls", "says"),
    [
        ("{cost per run: 1 USD}", 3, None),
        ("{cost per run: 0.2 USD}", 2, "The run has used up its budget (0.3000 of 0.2000 USD)"),
        ("{tokens per run: 1000000}", 1, "The run has used up its tokens (1000000 of 1000000)"),
        ("{tokens per run: 1000001}", 2, "used up its tokens"),
    ],
)
async def test_a_run_stops_before_the_call_above_its_budget(
    stage: Stage, limit: str, calls: int, says: str | None
) -> None:
    stage.world.models.say("words", tokens_in=1_000_000, tokens_out=0)
    played, made = await asked(stage, document(THREE, front=f"model: {MODEL}\nlimits: {limit}"))
    assert made == calls
    assert played.run.cost_usd == pytest.approx(0.15 * calls)
    assert played.run.tokens == 1_000_000 * calls
    if says is None:
        assert played.status == "succeeded"
    else:
        assert (played.status, played.run.cause, played.failure["kind"]) == ("failed", "budget_exceeded", "budget")
        assert says in played.failure["message"]


async def test_what_an_agent_may_spend_in_a_day(stage: Stage) -> None:
    stage.world.models.say("words", tokens_in=1_000_000, tokens_out=0)
    version = await stage.publish(
        document(ask("One") + ask("Two"), front=f"model: {MODEL}\nlimits: {{cost per day: 0.4 USD}}")
    )
    ends = [await stage.end((await stage.start(version)).run_id) for _ in range(3)]
    assert [played.status for played in ends] == ["succeeded", "failed", "failed"]
    assert [played.run.tokens for played in ends] == [2_000_000, 1_000_000, 0]
    assert ends[2].run.cause == "budget_exceeded"
    assert "may spend in a day (0.4500 of 0.4000 USD)" in ends[2].failure["message"]
    other, made = await asked(stage, document(ask("One"), front=f"model: {MODEL}\nlimits: {{cost per day: 0.4 USD}}"))
    assert (other.status, made) == ("succeeded", 1)


async def test_a_step_has_limits_of_its_own(stage: Stage) -> None:
    stage.world.models.say("words", tokens_in=1_000_000, tokens_out=0)
    each = "### Each\n```yaml step\nuses: foreach\nwith: {items: [1, 2, 3, 4], on_item_error: collect}\n%s\n```\n"
    inner = (each % "") + ask("Say", "limits: {cost per run: 0.2 USD}", "####") + ask("Sum up")
    outer = (each % "limits: {tokens per run: 3000000}") + ask("Say", level="####") + ask("Sum up")
    for text, calls, message in [(inner, 2, "The step say has used up"), (outer, 3, "The step each has used up")]:
        played, made = await asked(stage, document(text, front=f"model: {MODEL}"))
        assert (played.status, made) == ("succeeded", calls + 1)
        errors = played.row("each").output["errors"]
        assert [one["kind"] for one in errors] == ["budget"] * (4 - calls)
        assert message in errors[0]["message"]


async def test_steps_per_run_counts_attempts_and_begins_no_more(stage: Stage) -> None:
    each = """### Each
```yaml step
uses: foreach
with: {items: "{{ range(10) }}", at_once: 10}
```

#### Tell
```yaml step
uses: http
with: {url: WEB/told, method: POST}
retry: {times: 1, wait: 1ms}
```
"""
    site = stage.site()
    site.on("POST", "/told", Reply(json=1))
    fits = await stage.play(document(each, front="limits: {steps per run: 10}"), site)
    assert (fits.status, len(site.seen("/told"))) == ("succeeded", 10)
    over = await stage.play(document(each, front="limits: {steps per run: 9}"), site)
    assert (over.status, over.run.cause) == ("failed", "budget_exceeded")
    assert "more than 9 steps" in over.failure["message"]
    assert len(site.seen("/told")) <= 19
    site.on("POST", "/told", Reply(503), Reply(json=1))
    again = await stage.play(document(each, front="limits: {steps per run: 10}"), site)
    assert again.run.cause == "budget_exceeded"
    skipped = each.replace("retry:", "if: item < 3\nretry:")
    site.on("POST", "/told", Reply(json=1))
    fine = await stage.play(document(skipped, front="limits: {steps per run: 3}"), site)
    assert fine.status == "succeeded"


async def test_a_wait_counts_as_one_step(stage: Stage) -> None:
    waits = "".join(f"### W{i}\n```yaml step\nuses: wait\nwith: {{for: 20ms}}\n```\n" for i in range(3))
    played = await stage.play(document(waits, front="limits: {steps per run: 3}"))
    assert played.status == "succeeded", played.run.failure


WITHOUT_END = {
    "http": "uses: http\nwith: {url: WEB/slow}\n```\n",
    "wait": "uses: wait\nwith: {for: 20s}\n```\n",
    "repeat": "uses: repeat\nwith: {until: 1 > 2, max: 1000, wait: 20ms}\n```\n\n#### X\n```yaml step\nuses: set\n```\n",
    "code": "uses: code\n```\n```python code\nwhile True:\n    pass\n```\n",
}


@pytest.mark.parametrize("kind", WITHOUT_END)
async def test_the_time_of_a_run(stage: Stage, kind: str) -> None:
    site = stage.site()
    site.on("GET", "/slow", Reply(json=1, delay_s=4))
    after = "### After\n```yaml step\nuses: http\nwith: {url: WEB/after}\n```\n"
    text = document(f"### Slow\n```yaml step\n{WITHOUT_END[kind]}{after}", front="limits: {time per run: 400ms}")
    began = time.monotonic()
    played = await stage.play(text, site)
    assert 0.3 < time.monotonic() - began < 3
    assert (played.status, played.run.cause) == ("failed", "timed_out")
    assert played.failure["kind"] == "timeout"
    assert "passed its time limit" in played.failure["message"]
    assert site.seen("/after") == []


async def test_runs_per_day(stage: Stage) -> None:
    text = document("### A\n```yaml step\nuses: set\n```\n", front="limits: {runs per day: 2}")
    version = await stage.publish(text)
    first = await stage.start(version, key="one")
    assert not (await stage.start(version, key="one")).is_new
    await stage.start(version)
    with pytest.raises(LimitReached, match="2 times a day"):
        await stage.start(version)
    assert (await stage.start(version, key="one")).run_id == first.run_id


async def test_models_stand_in_for_each_other(stage: Stage) -> None:
    models = stage.world.models
    chain = "[openai:gpt-4o-mini, 'gemini:gemini-2.0-flash']"
    models.fail(503, "overloaded")
    models.say("from the second")
    played, made = await asked(stage, document(ask("One"), front=f"model: {chain}"))
    assert (played.output["text"], played.output["model"], made) == ("from the second", "gemini:gemini-2.0-flash", 2)
    async with stage.database.workspace(stage.workspace_id) as connection:
        rows = await connection.fetch(
            "select provider, status, step_path from llm_calls where run_id = $1 order by at", played.run.id
        )
    assert [tuple(row) for row in rows] == [("openai", "failed", "one"), ("gemini", "succeeded", "one")]
    models.forget()
    models.fail(401, "bad key")
    models.fail(503, "overloaded")
    models.say("at last")
    text = document(ask("One", "retry: {times: 1, wait: 5ms}"), front=f"model: {chain}")
    played, made = await asked(stage, text)
    assert (played.status, played.output["text"], made) == ("succeeded", "at last", 3)
    step = document(ask("One", "model: gemini:gemini-2.0-flash"), front=f"model: {MODEL}")
    played, _ = await asked(stage, step)
    assert played.output["model"] == "gemini:gemini-2.0-flash"
    none, _ = await asked(stage, document(ask("One"), front="model: anthropic:claude-3-5-haiku-latest"))
    assert (none.failure["kind"], "There is no key" in none.failure["message"]) == ("auth", True)


async def test_an_equal_call_is_answered_from_memory_while_it_may(stage: Stage) -> None:
    site = stage.site()
    numbers = iter(range(100))

    def answer(_: Any) -> Reply:
        return Reply(json=next(numbers))

    site.on("GET", "/x", answer)
    site.on("POST", "/x", answer)
    text = """### Each
```yaml step
uses: foreach
with: {items: [a, b, a]}
```

#### Look
```yaml step
uses: http
with: {url: WEB/x, query: {q: "{{ item }}"}}
cache: 400ms
```

### Act
```yaml step
uses: http
with: {url: WEB/x, method: POST}
cache: 400ms
```

### All
```yaml step
uses: set
with: {seen: "{{ [one.body for one in each.results] }}", act: "{{ act.body }}"}
```
"""
    version = await stage.publish(document(text), site)
    first, second = [await stage.end((await stage.start(version)).run_id) for _ in range(2)]
    assert first.output == {"seen": [0, 1, 0], "act": 2}
    assert second.output == {"seen": [0, 1, 0], "act": 3}
    other = await stage.play(document(text), stage_site := stage.site())
    assert (other.status, stage_site.paths) == ("failed", ["/x"])
    await asyncio.sleep(0.5)
    third = await stage.end((await stage.start(version)).run_id)
    assert third.output == {"seen": [4, 5, 4], "act": 6}
