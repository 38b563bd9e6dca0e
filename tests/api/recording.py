"""``make examples``: asks every route what it is asked for in ``seeded``, and keeps what was sent and answered as the examples of
the API's description. What changes from run to run (ids, times, words of chance) is put into one form, so that only what is
new differs.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plainwork.api.auth import OPEN, Permission
from plainwork.api.openapi import EXAMPLES
from tests.api import seeded
from tests.api.people import somebody
from tests.api.seeded import World
from tests.api.support import Operation, operations, serving
from tests.conftest import Cluster

OF_ANY_SHAPE = {"get_schema"}
"""Operations whose answer is no example of anything: a JSON Schema."""
LONGEST_LIST = 2
"""How many things of a list are shown."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{20,}(?![\w-])")
_SAID: list[tuple[str, str]] = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", "2026-03-02T09:00:00"),
    (r"^\d{6}$", "123456"),
    (r"pwk_[0-9a-f]{32}_[0-9a-f]{64}", "pwk_0123456789abcdef_and_48_more_characters"),
    (r"\b[0-9a-f]{64}\b", "0f343b09" * 8),
    (r"\b[0-9a-f]{12,32}@example\.org", "ada@example.org"),
    (r"w-[0-9a-f]{12}", "acme"),
    (r"( |_|-)[0-9a-f]{8}\b", ""),
    (r"Treasure|treasure", "greeter"),
    (r"Standing", "Acme"),
    (r"/tmp/\S+", "/data"),
]
"""What is written in place of what differs each time."""
_VALUES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("took_ms", "latency_ms"), lambda value: None if value is None else 12.0),
    "csrf_token": lambda _: "0f343b09" * 8,
    "secret": lambda value: "JBSWY3DPEHPK3PXP" if isinstance(value, str) else value,
    "recovery_codes": lambda value: [f"abcd-efgh-{n}" for n in range(1, 3)] if isinstance(value, list) else value,
    "uri": lambda _: "otpauth://totp/Plainwork:ada%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Plainwork",
    "hint": lambda _: "cdef",
    "link": lambda _: "https://plainwork.example.org/#a-word-of-chance",
}


class Form:
    """One form for what a run of the recording gave: the same ids for the same things, in the order they come."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def of(self, value: Any, key: str = "") -> Any:
        if key in _VALUES:
            return _VALUES[key](value)
        if isinstance(value, dict):
            return {self._text(name): self.of(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            most = LONGEST_LIST if any(isinstance(inner, dict) for inner in value) else len(value)
            return [self.of(inner) for inner in value[:most]]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = _ID.sub(lambda found: self._id(found[0]), text)
        text = _WORD.sub(lambda found: found[0] if _ID.fullmatch(found[0]) else "a-word-of-chance", text)
        for pattern, instead in _SAID:
            text = re.sub(pattern, instead, text)
        return text

    def _id(self, found: str) -> str:
        return self._ids.setdefault(found, f"0199a3c4-5f2e-7d10-9b64-{len(self._ids) + 1:012x}")


async def record(world: World) -> dict[str, dict[str, Any]]:
    """Operation → the ``body`` that was sent and the ``answer`` to it, where there are such in JSON."""
    found: dict[str, dict[str, Any]] = {}
    for operation in sorted(operations(), key=lambda one: (one.changes, one.path, one.method)):
        example = await _example(world, operation)
        if example:
            found[operation.name] = Form().of(example)
    return found


async def _example(world: World, operation: Operation) -> dict[str, Any]:
    client = world.place.as_owner
    if operation.permission in {Permission.ACCOUNT, *OPEN} or operation.name in seeded.BY_PEOPLE:
        world.person = await somebody(world.api, world.place)
        client = world.person.browser if operation.permission not in OPEN else world.api.client()
    asked = await seeded.request(world, operation, fresh=True)
    answer = await client.request(**asked)
    example = {"body": asked["json"]} if "json" in asked else {}
    if (
        operation.name not in OF_ANY_SHAPE
        and answer.is_success
        and answer.content
        and answer.headers.get("content-type") == "application/json"
    ):
        example["answer"] = answer.json()
    return example


async def main() -> None:
    """Records against a fresh installation, and writes the file that the application reads."""
    with tempfile.TemporaryDirectory(prefix="plainwork-examples-") as root:
        cluster = Cluster(Path(root) / "cluster")
        try:
            async with serving(Path(root), cluster.create()) as api:
                found = await record(await seeded.seed(api))
        finally:
            cluster.leave()
    EXAMPLES.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(found)} examples in {EXAMPLES.name}")


if __name__ == "__main__":
    asyncio.run(main())
