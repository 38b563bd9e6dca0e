"""What runs do in the chaos: four agents of mixed steps, and what each of their runs does outside when it succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Effect = Literal["once", "keyed", "read"]


@dataclass(frozen=True, slots=True)
class Agent:
    """A document (``%(url)s`` stands for the receiving server), and the effect of each step, by its path, that acts outside."""

    markdown: str
    acts: Mapping[str, Effect]


def _document(title: str, *steps: str) -> str:
    return f"---\nagentspec: 1\n---\n\n# {title}\n\n## Steps\n" + "".join(steps)


def _step(name: str, uses: str, settings: str, more: str = "", level: str = "###") -> str:
    return f"\n{level} {name.capitalize()}\n```yaml step\nuses: {uses}\nwith: {settings}\n{more}```\n"


def _page(name: str) -> str:
    page = f'{{url: "%(url)s/{name}?run={{{{ run.id }}}}&act={name}"}}'
    return _step(name, "http", page, "retry: {times: 4, wait: 200ms}\n")


def _keyed(name: str, act: str | None = None, level: str = "###") -> str:
    return _step(name, "http", _post(name, act or name), "retry: {times: 5, wait: 200ms}\n", level)


def _once(name: str) -> str:
    return _step(name, "http", _post(name, name), "effect: once\n")


def _post(name: str, act: str) -> str:
    return f'{{url: "%(url)s/{name}", method: POST, json: {{run: "{{{{ run.id }}}}", act: "{act}"}}}}'


_LETTER = '{from: us@example.org, to: you@example.org, subject: "{{ run.id }}", body: A letter that may come once.}'

AGENTS = (
    Agent(
        _document("Take an order", _page("stock"), _keyed("reserve"), _once("charge"), _keyed("ship")),
        {"stock": "read", "reserve": "keyed", "charge": "once", "ship": "keyed"},
    ),
    Agent(
        _document("Write a letter", _page("address"), _step("letter", "email.send", _LETTER), _keyed("file")),
        {"address": "read", "letter": "once", "file": "keyed"},
    ),
    Agent(
        _document(
            "Send parcels",
            _step("parcels", "foreach", '{items: "{{ [1, 2, 3] }}", as: parcel, at_once: 2}'),
            _keyed("send", "parcels[{{ index }}].send", level="####"),
            _once("invoice"),
        ),
        {**{f"parcels[{n}].send": "keyed" for n in range(3)}, "invoice": "once"},
    ),
    Agent(
        _document(
            "Be patient",
            _keyed("book"),
            _step("rest", "wait", "{for: 1500ms}"),  # short: the worker holds the run meanwhile
            _once("remind"),
            _step("sleep", "wait", "{for: 6s}"),  # long: nobody does
            _keyed("close"),
        ),
        {"book": "keyed", "remind": "once", "close": "keyed"},
    ),
)
