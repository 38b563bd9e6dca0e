"""Hostile documents by name, for the parser's attack suite. Run as a program it times them all and prints JSON lines."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1_000_000
HEAD = "---\nagentspec: 1\n---\n\n# T\n\n"
STEPS = HEAD + "## Steps\n\n"


def yaml_step(body: str) -> str:
    return f"{STEPS}### A\n```yaml step\n{body}\n```\n"


def front(body: str) -> str:
    return f"---\nagentspec: 1\n{body}\n---\n\n# T\n"


def full(prefix: str, unit: str, size: int = MB - 1000) -> str:
    """The prefix, then as many units as make a document of about that size."""
    return prefix + unit * ((size - len(prefix)) // len(unit))


def routes(count: int) -> str:
    links = "".join(f"- If `x` → [A](#missing-{n})\n" for n in range(count))
    return yaml_step("uses: condition") + links


def steps(count: int, body: str = "uses: set") -> str:
    return STEPS + "".join(f"### S{n}\n```yaml step\n{body}\n```\n" for n in range(count))


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


def noise(seed: int, alphabet: str, size: int) -> str:
    chooser = random.Random(seed)
    return "".join(chooser.choice(alphabet) for _ in range(size))


SIZE: dict[str, Callable[[], str]] = {
    "ten megabytes of text": lambda: "a" * (10 * MB),
    "ten megabytes of lines": lambda: "- If `x` → stop\n" * (10 * MB // 17),
    "just over the limit": lambda: HEAD + "a" * MB,
    "one line of a megabyte": lambda: HEAD + "a" * (MB - 100),
    "a title of a megabyte": lambda: "---\nagentspec: 1\n---\n# " + "a" * (MB - 100),
    "a step name of a megabyte": lambda: STEPS + "### " + "a" * (MB - 100),
    "an info line of a megabyte": lambda: STEPS + "### A\n```" + "a" * (MB - 100),
    "two words of half a megabyte": lambda: STEPS + "### A\n```" + "a" * 450_000 + " " + "b" * 450_000 + "\n```\n",
    "a route of a megabyte": lambda: full(yaml_step("uses: condition") + "- If `", "x"),
    "a route of brackets": lambda: full(yaml_step("uses: condition") + "- Then → ", "["),
    "a route of links": lambda: full(yaml_step("uses: condition") + "- Then → ", "[A](#a), "),
    "a route of escaped brackets": lambda: full(yaml_step("uses: condition") + "- Then → [", "\\]"),
    "a route of half links": lambda: full(yaml_step("uses: condition") + "- Then → ", "[a]("),
    "a route of backquotes": lambda: full(yaml_step("uses: condition") + "- If ", "`` `"),
    "a route of blanks": lambda: full(yaml_step("uses: condition") + "- If `x`", " "),
    "a route of arrows": lambda: full(yaml_step("uses: condition") + "- If `x` ", "→"),
    "a route of growing backquotes": lambda: yaml_step("uses: x") + "- If " + " ".join("`" * n for n in range(1, 1300)),
    "many dangling links": lambda: routes(9_000),
    "many good routes": lambda: full(yaml_step("uses: condition"), "- If `x` → stop\n"),
    "many prose bullets": lambda: full(yaml_step("uses: condition"), "- If x\n"),
    "many bullets": lambda: full(yaml_step("uses: condition"), "- \n"),
    "many blank lines": lambda: full(HEAD, "\n"),
    "many blank lines in a step": lambda: full(yaml_step("uses: set"), "\n"),
    "blanks before a line end": lambda: full(HEAD, " ") + "\n",
    "blank lines of blanks": lambda: full(yaml_step("uses: set"), "   \n"),
    "many titles": lambda: full(HEAD, "# T\n"),
    "many sections": lambda: full(HEAD, "## S\n"),
    "many step sections": lambda: full(HEAD, "## Steps\n"),
    "many empty steps": lambda: full(STEPS, "### \n"),
    "many steps without a block": lambda: full(STEPS, "### Step\n"),
    "many deep headings": lambda: full(STEPS, "###### S\n"),
    "many steps": lambda: steps(3_000),
    "two thousand steps": lambda: steps(2_000),
    "two thousand equal names": lambda: STEPS + "### S\n```yaml step\nuses: set\n```\n" * 2_000,
    "many Examples": lambda: full(HEAD + "## Examples\n", "### E\n"),
    "many given blocks": lambda: full(HEAD + "## Examples\n### E\n", "```yaml given\n```\n"),
    "many step blocks": lambda: full(STEPS + "### A\n", "```yaml step\nuses: set\n```\n"),
    "many text blocks": lambda: full(yaml_step("uses: set"), "```text a\n```\n"),
    "many distinct text blocks": lambda: yaml_step("uses: x") + "".join(f"```text k{n}\n```\n" for n in range(40_000)),
    "many step blocks outside": lambda: full(HEAD, "```yaml step\n```\n"),
    "many prose fences": lambda: full(HEAD, "```\n```\n"),
    "many fence openings in one": lambda: full(HEAD + "````\n", "```x\n"),
    "many comments": lambda: full(HEAD, "<!-- -->\n"),
    "growing fences": lambda: HEAD + "\n".join("`" * n + "x" for n in range(3, 1_350)),
    "shrinking fences": lambda: HEAD + "\n".join("`" * n + "x" for n in range(1_350, 3, -1)),
    "growing closed fences": lambda: HEAD + "\n".join("`" * n + "\n" + "`" * n for n in range(3, 900)),
    "alternating fences": lambda: full(HEAD, "```x\n~~~y\n"),
}
FORM: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "one line feed": lambda: "\n",
    "only a byte order mark": lambda: "\ufeff",
    "a byte order mark in the middle": lambda: STEPS + "\ufeff### A\n",
    "NUL": lambda: "\0",
    "NULs": lambda: HEAD + "\0" * 1000,
    "NUL in YAML": lambda: yaml_step("uses: \0"),
    "binary": lambda: noise(1, "".join(map(chr, range(256))), 100_000),
    "half a character": lambda: HEAD + "\ud800",
    "half a character in YAML": lambda: yaml_step("uses: '\udfff'"),
    "old line ends": lambda: HEAD.replace("\n", "\r"),
    "mixed line ends": lambda: HEAD + "## Steps\r\n\n### A\r\n```yaml step\nuses: set\r\n```\r\n",
    "line separators": lambda: HEAD + "## Steps\u2028### A\u2029```yaml step\x85",
    "escape characters": lambda: HEAD + "\x1b[2J",
    "right to left": lambda: STEPS + "### \u202eA\n",
    "an open fence": lambda: STEPS + "### A\n```yaml step\nuses: set\n",
    "an open front matter": lambda: "---\nagentspec: 1\n",
    "an open front matter of a megabyte": lambda: full("---\n", "a: b\n"),
    "an open comment": lambda: full(HEAD + "<!-- ", "-- >\n"),
    "an open quote": lambda: yaml_step('uses: "set'),
    "only dashes": lambda: full("", "---\n"),
    "only hashes": lambda: full("", "#"),
    "only backquotes": lambda: full("", "`"),
    "only tildes on lines": lambda: full("", "~~~\n"),
    "punctuation": lambda: noise(2, "#`~-*<>!&|[]{}():→ \n", 300_000),
    "punctuation in a step": lambda: STEPS + "### A\n" + noise(3, "#`~-*<>!&|[]{}():→ \n", 300_000),
    "words and marks": lambda: (
        STEPS
        + " ".join(random.Random(4).choices(["###", "```yaml step", "\n", "- If", "`x`", "→", "[a](#a)"], k=60_000))
    ),
}
YAML: dict[str, Callable[[], str]] = {
    "a billion laughs": lambda: front(laughs()),
    "a billion laughs in a step": lambda: yaml_step(laughs()),
    "an anchor to itself": lambda: yaml_step("with: &a [*a]"),
    "a merge key": lambda: yaml_step("uses: set\nwith: {<<: *x}"),
    "a tag that builds objects": lambda: yaml_step("uses: !!python/object/apply:os.system ['true']"),
    "a binary tag": lambda: yaml_step("with: !!binary aGk="),
    "a set tag": lambda: yaml_step("with: !!set {a, b}"),
    "deep brackets": lambda: yaml_step("with: " + "[" * 100_000),
    "deep closed brackets": lambda: yaml_step("with: " + "[" * 50_000 + "]" * 50_000),
    "deep braces": lambda: yaml_step("with: " + "{a: " * 50_000),
    "deep blocks": lambda: yaml_step("\n".join(" " * n + "a:" for n in range(1_200))),
    "deep dashes": lambda: yaml_step("with:\n  " + "- " * 100_000),
    "question marks": lambda: yaml_step("? " * 100_000),
    "many keys": lambda: front("inputs:\n" + "".join(f"  k{n}: text\n" for n in range(60_000))),
    "one key many times": lambda: front("a: 1\n" * 150_000),
    "many unknown keys": lambda: front("".join(f"k{n}: 1\n" for n in range(50_000))),
    "many items": lambda: yaml_step("uses: set\nwith: {a: [" + "1," * 400_000 + "]}"),
    "many empty items": lambda: yaml_step("with: [" + "[]," * 250_000 + "]"),
    "many triggers": lambda: front("when: [" + "{cron: x}," * 60_000 + "]"),
    "many wrong triggers": lambda: front("when: [" + "{x: y}," * 60_000 + "]"),
    "a key of a megabyte": lambda: yaml_step("a" * 900_000 + ": 1"),
    "a scalar of a megabyte": lambda: yaml_step("uses: " + "a" * 900_000),
    "a number of a megabyte": lambda: yaml_step("with: {a: " + "9" * 900_000 + "}"),
    "a decimal of a megabyte": lambda: yaml_step("with: {a: 0." + "9" * 900_000 + "}"),
    "a cost of a megabyte": lambda: front("limits: {cost per run: " + "1" * 900_000 + " USD}"),
    "an endless number": lambda: yaml_step("with: {a: 1e999}"),
    "a version of many digits": lambda: "---\nagentspec: " + "1" * 5_000 + "\n---\n# T\n",
    "two documents": lambda: yaml_step("uses: set\n--- \nuses: set"),
    "many documents": lambda: yaml_step("--- \n" * 100_000),
    "a directive": lambda: yaml_step("%YAML 1.1\n---\nuses: set"),
    "a tag directive": lambda: yaml_step("%TAG ! tag:x,2000:\n---\nuses: !y set"),
    "tabs": lambda: yaml_step("with:\n\ta: 1"),
    "a block that is a list": lambda: yaml_step("- uses"),
    "a block that is a text": lambda: yaml_step("uses"),
    "a front matter that is a text": lambda: "---\nhello\n---\n# T\n",
    "keys that are lists": lambda: yaml_step("[a]: 1"),
    "keys that are templates": lambda: yaml_step("uses: {{ x }}"),
    "odd words": lambda: yaml_step(
        "uses: yes\nwith: {on: off, t: 12:30:45, o: 0o17, d: 2020-01-01, n: .nan, i: -.inf}"
    ),
    "colons": lambda: yaml_step(": " * 100_000),
    "commas": lambda: yaml_step("{" + "," * 100_000 + "}"),
    "quotes": lambda: yaml_step("'" * 300_001),
    "escapes": lambda: yaml_step('uses: "' + "\\x41" * 100_000 + '"'),
    "a bad escape": lambda: yaml_step('uses: "\\ud800"'),
    "folded lines": lambda: yaml_step("uses: >\n" + "  a\n\n" * 150_000),
    "comments": lambda: yaml_step("# c\n" * 200_000),
    "everything wrong at once": lambda: yaml_step(
        "id: stop\nuses: [x]\nwith: 3\nretry: x\ntimeout: {}\njoin: some\nlimits: {a: 1}\nid2: 3"
    ),
}
ATTACKS = SIZE | FORM | YAML


def memory(key: str) -> float:
    """Megabytes in use now (``VmRSS``), or the most since ``forget`` (``VmHWM``)."""
    return next(int(line.split()[1]) / 1024 for line in Path("/proc/self/status").open() if line.startswith(key))


def forget() -> None:
    """Starts the highest use anew (Linux: proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def measured() -> Iterator[dict[str, object]]:
    """Every attack: seconds of work, findings, and how much more memory than before was needed at the most."""
    from plainwork.spec.markdown import parse

    parse(yaml_step("uses: set"))
    for name, make in ATTACKS.items():
        text = make()
        forget()
        before = memory("VmRSS")
        began = time.process_time()
        parsed = parse(text)
        seconds = time.process_time() - began
        extra = memory("VmHWM") - before
        codes = [finding.code for finding in parsed.findings]
        yield {"name": name, "seconds": seconds, "extra_mb": extra, "codes": codes, "spec": parsed.spec is not None}


if __name__ == "__main__":
    for line in measured():
        print(json.dumps(line))
