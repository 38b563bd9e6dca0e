"""Documents with loops: foreach in all its settings, nested, in branches and at length; repeat; group."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from tests.documents.stage import Stage, document
from tests.world import Reply, Seen

DOUBLE = """### Each
```yaml step
uses: foreach
with: {items: "{{ inputs.items }}", as: number%s}
```

#### Fetch
```yaml step
uses: http
with: {url: "WEB/{{ number }}"}
```

#### Double
```yaml step
uses: set
with: {number: "{{ number }}", twice: "{{ fetch.body * 2 }}", index: "{{ index }}"}
```
"""
ITEMS = "inputs:\n  items: {type: list of integer, default: [3, 1, 2]}"


async def test_foreach_keeps_the_order_of_its_items(stage: Stage) -> None:
    site = stage.site()
    for number in (1, 2, 3):
        site.on("GET", f"/{number}", Reply(json=number, delay_s=0.05 * number))
    played = await stage.play(document(DOUBLE % ", at_once: 3", front=ITEMS), site)
    assert played.status == "succeeded"
    assert played.output == {
        "results": [
            {"number": 3, "twice": 6, "index": 0},
            {"number": 1, "twice": 2, "index": 1},
            {"number": 2, "twice": 4, "index": 2},
        ],
        "errors": [],
        "count": 3,
    }
    fetched = [path for path, _, status in played.rows if "fetch" in path and status == "succeeded"]
    assert fetched == ["each[1].fetch", "each[2].fetch", "each[0].fetch"]
    assert played.rows[-1] == ("each", 0, "succeeded")
    assert site.paths == ["/3", "/1", "/2"]


async def test_at_once_is_how_many_are_under_way_at_most(stage: Stage) -> None:
    site = stage.site()
    under_way: list[int] = [0]
    most: list[int] = []

    async def answer(seen: Seen) -> Reply:
        import asyncio

        under_way[0] += 1
        most.append(under_way[0])
        await asyncio.sleep(0.02)
        under_way[0] -= 1
        return Reply(json=1)

    for number in range(9):
        site.on("GET", f"/{number}", answer)
    played = await stage.play(document(DOUBLE % ", at_once: 4", front=ITEMS), site, items=list(range(9)))
    assert played.output["count"] == 9
    assert max(most) == 4


@pytest.mark.parametrize(
    ("on_item_error", "status", "asked"),
    [
        ("stop", "failed", ["/1", "/2"]),
        ("skip", "succeeded", ["/1", "/2", "/3"]),
        ("collect", "succeeded", ["/1", "/2", "/3"]),
    ],
)
async def test_an_item_that_fails(stage: Stage, on_item_error: str, status: str, asked: list[str]) -> None:
    site = stage.site()
    site.on("GET", "/1", Reply(json=1))
    site.on("GET", "/2", Reply(422, json={"message": "no twos"}))
    site.on("GET", "/3", Reply(json=3))
    played = await stage.play(
        document(DOUBLE % f", on_item_error: {on_item_error}", front=ITEMS), site, items=[1, 2, 3]
    )
    assert (played.status, site.paths) == (status, asked)
    assert played.ended["each[1].fetch"] == "failed"
    assert played.ended["each[1].double"] == "skipped"
    if on_item_error == "stop":
        assert played.failure["path"] == "each[1].fetch"
        assert played.failure["message"].startswith("Item 2 of “Each” failed: ")
        return
    assert [one["number"] for one in played.output["results"]] == [1, 3]
    assert played.output["count"] == 3
    collected = [(one["index"], one["item"], one["kind"]) for one in played.output["errors"]]
    assert collected == ([(1, 2, "rejected")] if on_item_error == "collect" else [])
    assert all("no twos" in one["message"] for one in played.output["errors"])


@pytest.mark.parametrize(
    ("items", "says"), [("{{ [] }}", None), ("{{ null }}", "a list is needed"), ("{{ {} }}", "a list is needed")]
)
async def test_nothing_to_loop_over(stage: Stage, items: str, says: str | None) -> None:
    text = DOUBLE.replace("{{ inputs.items }}", items) % ""
    played = await stage.play(document(text))
    if says is None:
        assert played.output == {"results": [], "errors": [], "count": 0}
        assert played.rows == [("each", 0, "succeeded")]
    else:
        assert says in played.failure["message"]
        assert played.failure["path"] == "each"


NESTED = """### Is it worth it?
```yaml step
uses: condition
```
- If `len(inputs.rows) > 0` → [Each row](#each-row)
- Otherwise → [Say so](#say-so)

### Each row
```yaml step
uses: foreach
with: {items: "{{ inputs.rows }}", as: row, at_once: 2}
```

#### Big?
```yaml step
uses: condition
```
- If `len(row) > 1` → [Each cell](#each-cell)
- Otherwise → [Alone](#alone)

#### Each cell
```yaml step
uses: foreach
with: {items: "{{ row }}", as: cell}
```

##### Shout
```yaml step
uses: set
with: {said: "{{ upper(cell) }}{{ index }} of {{ len(row) }}"}
```

#### Gather
```yaml step
uses: set
with: {all: "{{ [result.said for result in each_cell.results] }}"}
```
- Then → stop

#### Alone
```yaml step
uses: set
with: {only: "{{ row[0] }}", number: "{{ index }}"}
```

### Count
```yaml step
uses: set
with: {count: "{{ each_row.count }}", rows: "{{ each_row.results }}"}
```
- Then → stop

### Say so
```yaml step
uses: set
with: {nothing: true}
```
"""
ROWS = "inputs:\n  rows: list of list of text"


async def test_loops_in_loops_in_branches(stage: Stage) -> None:
    text = document(NESTED, front=ROWS)
    played = await stage.play(text, rows=[["a", "b"], ["c"], ["d", "e", "f"]])
    assert played.output == {
        "count": 3,
        "rows": [
            {"all": ["A0 of 2", "B1 of 2"]},
            {"only": "c", "number": 1},
            {"all": ["D0 of 3", "E1 of 3", "F2 of 3"]},
        ],
    }
    assert played.ended["each-row[2].each-cell[1].shout"] == "succeeded"
    assert played.ended["each-row[1].each-cell"] == "skipped"
    none = await stage.play(text, rows=[])
    assert (none.output, none.paths("skipped")) == ({"nothing": True}, {"each-row", "count"})


async def test_two_thousand_items(stage: Stage) -> None:
    text = """### Each
```yaml step
uses: foreach
with: {items: "{{ inputs.items }}", as: number, at_once: 40}
```

#### Square
```yaml step
uses: set
with: {square: "{{ number ** 2 }}"}
```

### Sum
```yaml step
uses: set
with: {sum: "{{ sum([one.square for one in each.results]) }}", count: "{{ each.count }}"}
```
"""
    began = time.monotonic()
    played = await stage.play(document(text, front=ITEMS), items=list(range(2000)))
    assert played.output == {"sum": sum(n * n for n in range(2000)), "count": 2000}
    assert len(played.journal) == played.run.steps == 2002
    assert [row.seq for row in played.journal] == list(range(1, 2003))
    assert time.monotonic() - began < 10


async def test_two_thousand_requests(stage: Stage) -> None:
    site = stage.site()
    stage.world.web.on("GET", f"{site.prefix}/any", Reply(json=1))
    text = (DOUBLE % ", at_once: 100").replace('"WEB/{{ number }}"', '"WEB/any", query: {n: "{{ number }}"}')
    played = await stage.play(document(text, front=ITEMS), site, 40.0, items=list(range(2000)))
    assert played.output["count"] == 2000
    assert [one["number"] for one in played.output["results"]] == list(range(2000))
    assert sorted(int(seen.query["n"]) for seen in site.seen("/any")) == list(range(2000))


async def test_what_loops_see_and_set_stays_with_them(stage: Stage) -> None:
    text = """### Before
```yaml step
uses: set
with: {word: outer}
```

### Each
```yaml step
uses: foreach
with: {items: [1, 2], as: one}
```

#### Inner
```yaml step
uses: set
with: {saw: "{{ before.word }}", item: "{{ item }}", one: "{{ one }}"}
```

### After
```yaml step
uses: set
with: {first: "{{ each.results[0] }}", rest: "{{ len(each.results) }}"}
```
"""
    played = await stage.play(document(text))
    assert played.output == {"first": {"saw": "outer", "item": 1, "one": 1}, "rest": 2}


REPEAT = """### Ask until it is done
```yaml step
uses: repeat
with: {until: poll.body.done, max: %s%s}
```

#### Poll
```yaml step
uses: http
with: {url: WEB/job, query: {round: "{{ index }}", last: "{{ default(last.body.n, 'none') }}"}}
```
"""


@pytest.mark.parametrize(("most", "rounds"), [(10, 3), (2, 2)])
async def test_repeat_until_or_at_most(stage: Stage, most: int, rounds: int) -> None:
    site = stage.site()
    site.on("GET", "/job", *(Reply(json={"n": n, "done": n == 3}) for n in (1, 2, 3)))
    played = await stage.play(document(REPEAT % (most, "")), site)
    assert played.status == "succeeded"
    assert played.output["count"] == rounds
    assert played.output["last"]["body"]["n"] == rounds
    assert [seen.query for seen in site.seen("/job")] == [
        {"round": str(i), "last": "none" if i == 0 else str(i)} for i in range(rounds)
    ]


async def test_repeat_waits_between_rounds(stage: Stage) -> None:
    site = stage.site()
    at: list[float] = []

    def answer(_: Any) -> Reply:
        at.append(time.monotonic())
        return Reply(json={"n": 1, "done": len(at) == 3})

    site.on("GET", "/job", answer)
    played = await stage.play(document(REPEAT % (9, ", wait: 200ms")), site)
    assert played.output["count"] == 3
    assert all(later - earlier >= 0.19 for earlier, later in itertools.pairwise(at))
    assert at[-1] - at[0] < 2


async def test_a_round_that_fails_ends_the_repeat(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/job", Reply(json={"done": False}), Reply(404))
    played = await stage.play(document(REPEAT % (9, "")), site)
    assert played.failure["message"].startswith("Round 2 of “Ask until it is done” failed: ")
    assert played.failure["path"] == "ask-until-it-is-done[1].poll"
    unclear = await stage.play(document((REPEAT % (9, "")).replace("poll.body.done", "poll.nothing > 1")), site)
    assert "until" in unclear.failure["message"]


GROUP = """### Prepare
```yaml step
uses: group
```
%s
#### One
```yaml step
uses: set
with: {n: 1}
```

#### Two
```yaml step
uses: %s
with: {%s}
```

### After
```yaml step
uses: set
with: {group: "{{ prepare.n }}", inner: "{{ one.n }}"}
```
"""


async def test_a_group_is_a_box_whose_steps_stay_in_sight(stage: Stage) -> None:
    played = await stage.play(document(GROUP % ("", "set", 'n: "{{ one.n + 1 }}"')))
    assert played.output == {"group": 2, "inner": 1}
    assert played.ran == {"prepare", "prepare.one", "prepare.two", "after"}


async def test_a_group_that_fails_is_caught_as_one_step(stage: Stage) -> None:
    caught = GROUP % ("- On error → [Rescue](#rescue)", "fail", "message: no luck")
    rescue = '### Rescue\n```yaml step\nuses: set\nwith: {why: "{{ error.message }}", at: "{{ error.step }}"}\n```\n'
    played = await stage.play(document(caught, errors=rescue))
    assert (played.status, played.output) == ("succeeded", {"why": "no luck", "at": "prepare.two"})
    assert played.paths("skipped") == {"after"}


@pytest.mark.parametrize("extra", ["if: 1 > 2", ""])
async def test_steps_in_a_group_that_did_not_run_are_null(stage: Stage, extra: str) -> None:
    text = """### Choose
```yaml step
uses: condition
```
- If `1 > 2` → [Outer](#outer)
- Otherwise → [Last](#last)

### Outer
```yaml step
uses: group
```
- Then → [Last](#last)

#### Inner
```yaml step
uses: group
```

##### Deep
```yaml step
uses: set
```

### Last
```yaml step
uses: set
with: {outer: "{{ outer }}", inner: "{{ inner }}", deep: "{{ deep }}", text: "<{{ default(deep.x, 'none') }}>"}
```
"""
    if extra:
        text = text[text.index("### Outer") :].replace("uses: group", f"uses: group\n{extra}", 1)
    played = await stage.play(document(text))
    assert played.output == {"outer": None, "inner": None, "deep": None, "text": "<none>"}, played.run.failure


async def test_a_loop_that_is_passed_over(stage: Stage) -> None:
    text = (DOUBLE % "").replace("uses: foreach", "uses: foreach\nif: len(inputs.items) > 5")
    played = await stage.play(
        document(text + '\n### After\n```yaml step\nuses: set\nwith: {each: "{{ each }}"}\n```\n', front=ITEMS)
    )
    assert played.output == {"each": None}
    assert played.rows == [("each", 0, "skipped"), ("after", 1, "succeeded")]


async def test_routes_inside_a_loop_stop_and_fail_their_item_only(stage: Stage) -> None:
    text = """### Each
```yaml step
uses: foreach
with: {items: [1, 2, 3, 4], on_item_error: collect}
```

#### Look
```yaml step
uses: set
with: {n: "{{ item }}"}
```
- If `item == 2` → stop
- If `item == 3` → fail
- Otherwise → [Tell](#tell)

#### Tell
```yaml step
uses: set
with: {told: "{{ item }}"}
```
"""
    played = await stage.play(document(text))
    assert played.output["results"] == [{"told": 1}, {"n": 2}, {"told": 4}]
    assert [(one["index"], one["item"]) for one in played.output["errors"]] == [(2, 3)]
    assert played.output["count"] == 4
