"""Hostile expressions and templates, and a runner: ``python -m tests.spec.expression_attacks`` forks once per case and
prints, as JSON, how each ended, the processor time it took and by how much its memory grew."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from typing import Any

BIG = "a" * 9_000_000
DEEP: Any = []
for _ in range(900):
    DEEP = [DEEP]
WIDE = list(range(200_000))
CHAIN: Any = {"end": 1}
for _ in range(95):
    CHAIN = {"n": CHAIN}
SCOPE: dict[str, Any] = {
    "big": BIG,
    "deep": DEEP,
    "wide": WIDE,
    "chain": CHAIN,
    "rows": [{"id": n, "name": f"n{n}"} for n in range(5_000)],
    "words": ["a" * 2_000 + str(n) for n in range(3_000)],
    "huge": 10**4_000,
    "nan": float("nan"),
    "inf": float("inf"),
    "control": "\x00" * 3_000_000,
    "wide_text": "🙂" * 2_000_000,
    "commas": "," * 9_000_000,
    "clash": [n * (2**61 - 1) for n in range(40_000)],
    "small": {"a": 1, "__class__": "just a key", "items": [1, 2, 3]},
    "html": "<&>" * 2_000_000,
    "zeros": "0" * 100_000,
}

SYNTAX = [
    "(" * 1_000 + "1" + ")" * 1_000,
    "[" * 900 + "]" * 900,
    "-" * 1_900 + "1",
    "not " * 490 + "1",
    "~" * 1_900 + "1",
    "small" + ".a" * 990,
    "small" + "[0]" * 660,
    "+".join(["1"] * 1_000),
    " or ".join(["small.a"] * 190),
    "1 if 1 else " * 160 + "1",
    "{'a':" * 380 + "1" + "}" * 95,
    'f"{' * 300,
    "f\"{f'{1}'}\"",
    "9" * 1_990,
    "0x" + "f" * 1_990,
    "1e999999",
    "1_" * 900 + "1",
    "'\\ud800'",
    "\ud800",
    "'\x00'\x00",
    "\x00",
    "a\u202eb",
    "ａ.ｂ",
    "(" + "\n" * 1_990 + "1)",
    "1)\n+ (2",
    "'" + "\\N{BULLET}" * 190 + "'",
    "b'x' * 10",
    "1j ** 2",
    "...",
    "a" * 100_000,
    "",
    "   ",
    "# comment",
    "x = 1",
    "import os",
    "1; 2",
    "{{ small.a }}",
    "`id`",
]
ESCAPES = [
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__",
    "small.__class__.__init__",
    "small.items.append(4)",
    "'{0.__class__}'.format(small)",
    "f'{small!r}'",
    "f'{1:{small.a}}'",
    "f'{1:>999999999}'",
    "f'{1:9999999d}'",
    "f'{1.5:.999999f}'",
    "'%999999999d' % 1",
    "(lambda: 1)()",
    "[x for x in (y := [1])]",
    "(y := 5)",
    "(yield)",
    "await small",
    "[x async for x in small]",
    "*small",
    "len(*small.items)",
    "len(**small)",
    "eval('1')",
    "exec('1')",
    "getattr(small, 'keys')",
    "open('/etc/passwd')",
    "globals()",
    "str.join('a', ['b'])",
    "len.__globals__",
    "{1, 2}",
    "{**small}",
    "(x for x in small.items)",
    "default(lambda: 1, 2)",
    "print(1)",
    "type(1)",
    "hash('a', method='shake_128')",
    "datetime('2026-01-01', zone='../../etc/passwd')",
    "in_zone(0, '/etc/localtime')",
]
WORK = [
    "2 ** 2 ** 2 ** 2 ** 2 ** 2",
    "9 ** 999999999",
    "(-8) ** 0.333",
    "0 ** -1",
    "10.0 ** 400",
    "1 << 999999999",
    "huge * huge",
    "str(huge)",
    "huge % 7 ** 300",
    "int('9' * 100000)",
    "int(zeros)",
    "float('1e400')",
    "inf - inf",
    "sorted([nan, 1, nan, 2])",
    "int(nan)",
    "round(inf)",
    "round(1.5, 99999999)",
    "'a' * 10 ** 9",
    "'a' * 10 ** 200",
    "[0] * 10 ** 9",
    "[[0] * 1000] * 1000",
    "[[[0] * 1000] * 1000] * 1000",
    "[big] * 100000",
    "[big for x in range(1000)]",
    "json([big for x in range(1000)])",
    "[[w, w] for w in [[v, v] for v in [[u, u] for u in rows]]]",
    "{str(n): big for n in range(1000)}",
    "big + big + big",
    "upper(big) + lower(big)",
    "upper(wide_text)",
    "join([big] * 50)",
    "join(range(50000), big)",
    "replace(big, 'a', 'bbbbbbbbbb')",
    "replace(big, 'a', big)",
    "split(big, 'a')",
    "split(commas, ',')",
    "split(commas)",
    "lines(replace(commas, ',', '\\n'))",
    "[c for c in big]",
    "[x for x in range(10 ** 12)]",
    "range(10 ** 8)",
    "len([1 for a in wide for b in wide for c in wide])",
    "sum(1 for a in range(1000) for b in range(1000))",
    "[x for x in wide if x in wide]",
    "wide == wide and wide != [0] + wide",
    "unique(clash)",
    "unique(wide)",
    "sorted(words)",
    "sorted(wide, descending=true)",
    "max(words + words + words)",
    "flatten([wide] * 100)",
    "zip(wide, wide, wide, wide)",
    "enumerate(wide)",
    "[slug(w) for w in words]",
    "[hash(big) for x in range(1000)]",
    "[big == big + '' for x in range(1000)]",
    "[contains(big, 'b') for x in range(1000)]",
    "['b' + 'a' * 1200 in 'a' * 2400 for x in range(3000)]",
    "[count(big, 'aa') for x in range(100)]",
    "json(deep)",
    "str(deep)",
    "deep == deep",
    "[deep]",
    "unique([deep, deep])",
    "json(control)",
    "json([control] * 3)",
    "url_encode(wide_text)",
    "url_decode(big)",
    "base64(big)",
    "base64_decode(big)",
    "escape_html(html)",
    "escape_html(big)",
    "parse_json('[' * 1900)",
    "parse_json(replace(commas, ',', '['))",
    "parse_json('[' + replace(commas, ',', '0,') + '0]')",
    "parse_json('NaN')",
    "parse_json('\"\\\\ud800\"')",
    "parse_json('1' * 5000)",
    "parse_json('1e999')",
    "table(rows * 10)",
    "[merge(r, r) for r in rows * 20]",
    "[table(rows) for x in range(100)]",
    "format_date('2026-01-01', '%Y' * 100000)",
    "add_time('9999-12-31', '3000 days')",
    "datetime(1e308)",
    "datetime('2026-01-01') - duration('9 years') * 10 ** 9",
    "range(10)[::0]",
    "big[::-1] + big[::-1]",
    "small.items[10 ** 30]",
    "chunk(wide, 1)",
    "truncate(big, 10 ** 9)",
    "trim(big, big)",
    "group_by(wide, 'x')",
    "chain" + ".n" * 38,
]
PATTERNS = [
    "matches(big, '(a+)+b')",
    "matches('a' * 5000, '(a|aa)+$')",
    "matches('a' * 30 + '!', '^(([a-z])+.)+[A-Z]([a-z])+$')",
    "matches(big, '.*.*.*.*=')",
    "matches('x', '((((((a{200}){200}){200}){200}))))')",
    "matches('x', '(a{200}){200}')",
    "matches('x', '" + "(" * 250 + "')",
    "matches('x', '[" + "a-z" * 90 + "]{200}')",
    "matches('a' * 20000, '[" + "a-z" * 90 + "]*$')",
    "find_all(big, '')",
    "find_all(big, 'a')",
    "find_all('ab' * 10000, '(ab)*c')",
    "matches('a', '(?<=a)b')",
    "matches('aa', '(a)\\\\1')",
    "matches('a', '(?P<x>a)')",
    "matches('a', 'a' * 301)",
    "matches('a', 'a{1,999999}')",
    "matches('a', '[b-a]')",
    "matches('a', '[')",
    "matches('a', '\\\\')",
    "matches('a', '*')",
]
TEMPLATES: list[Any] = [
    "{{" * 50_000,
    "{{ '" + "}" * 3_000,
    "{{ " + "(" * 2_000 + " }}",
    "{{ big }}{{ big }}{{ big }}{{ big }}",
    "{{ big }} " * 1_000,
    ["{{ big }} x"] * 1_000,
    {"a": [{"b": "{{ upper(big) }}"}] * 50},
    "{{ deep }} x",
    "\\{{" * 10_000,
    "{{ 1 }}" * 20_000,
    "{{}}",
    "{{ {{ 1 }} }}",
    "{{ [big] * 100 }}",
    "x {{ rows * 100 }}",
]
CASES: list[tuple[str, Any]] = [
    *(("expression", source) for source in (*SYNTAX, *ESCAPES, *WORK, *PATTERNS)),
    *(("template", value) for value in TEMPLATES),
    ("template", DEEP),
]


def attack(kind: str, source: Any) -> str:
    """How it ended: ``value``, ``refused`` or the name of an exception that must not come out."""
    from plainwork.spec.expression import ExpressionError, parse_expression
    from plainwork.spec.template import parse_template

    try:
        if kind == "expression":
            parse_expression(source).evaluate(SCOPE)
        else:
            parse_template(source).render(SCOPE)
    except ExpressionError as error:
        return "refused" if json.dumps(error.as_json()) and error.message else "refused without a word"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "value"


def run_forked(kind: str, source: Any) -> dict[str, Any]:
    """One case in a child of its own, ended after ten seconds."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        ended = attack(kind, source)
        spent = time.process_time() - started
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writing, json.dumps({"ended": ended, "cpu_s": spent, "grown_kb": grown}).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(answer) if answer else {"ended": f"died with status {status}", "cpu_s": 10.0, "grown_kb": 0}


def main() -> None:
    attack("expression", "upper('a')")
    attack("template", "{{ matches('a', 'a') }}")
    json.dump([run_forked(kind, source) for kind, source in CASES], sys.stdout)


if __name__ == "__main__":
    main()
