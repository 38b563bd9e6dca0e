"""What a step kind declares. One declaration feeds the checker, the canvas form, completion, drafting, fakes and docs.

Declarations are YAML files beside the code that performs them (``engine/kinds/*.yaml``, ``connectors/catalog/*.yaml``);
this module only knows their shape and how to look one up.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import field

from plainwork.spec.model import Effect, Part


class Kind(Part, frozen=True, kw_only=True):
    """One step kind.

    ``input``: JSON Schema of the step's configuration; a string field marked ``"x-expression": true`` holds a bare
    expression instead of a template (``"x-names"`` lists the extra names in its scope, such as ``item``).
    ``output``: JSON Schema of what later steps see under the step's name. ``blocks``: configuration keys best written
    as fenced text → fence language. ``outcomes_from``: the configuration key that lists the step's named outcomes
    (``labels``); ``outcomes``: those it has whatever its configuration; ``outcome_in``: where its output names the one it
    ended under. ``waits``: it waits for something outside, without a worker, for as long as its own ``timeout`` says.
    ``effect``: see ``docs/glossary.md``; ``reads_when`` lowers it to ``read`` for those that only
    read (``{"method": ["GET", "HEAD"]}``, compared with the schema's default where the key is absent). ``account``: the
    kind of credential it needs (``smtp``, ``bearer`` …), ``account_required`` whether it can do without. ``hosts``:
    hosts it reaches anyway. ``holds``: its steps are the deeper headings. ``fake``: the output that
    dry runs use. ``example``: ``{"with": {...}, "output": ...}``, checked by the tests. ``words``: what people call it,
    for drafting. ``aliases``: other ids under which documents may use it.
    """

    id: str
    title: str
    about: str
    version: int = 1
    group: str = "data"
    effect: Effect = "none"
    reads_when: dict[str, list[Any]] = field(default_factory=dict)
    input: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    output: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    outcomes_from: str | None = None
    outcomes: tuple[str, ...] = ()
    outcome_in: str = "label"
    waits: bool = False
    account: str | None = None
    account_required: bool = False
    hosts: tuple[str, ...] = ()
    holds: bool = False
    fake: Any = None
    example: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The versioned name a flow node carries: ``http@1``."""
        return f"{self.id}@{self.version}"

    def outcome_of(self, output: Any) -> str | None:
        """The named outcome that an output tells of; None where the kind has no such outcomes."""
        if (
            not (self.outcomes or self.outcomes_from)
            or not isinstance(output, Mapping)
            or self.outcome_in not in output
        ):
            return None
        return str(output[self.outcome_in])

    def effect_of(self, config: Mapping[str, Any]) -> Effect:
        """The effect of a step with this configuration."""
        properties = self.input.get("properties", {})
        for key, values in self.reads_when.items():
            value = config.get(key, properties.get(key, {}).get("default"))
            if (value.upper() if isinstance(value, str) else value) in values:
                return "read"
        return self.effect


class Catalogue(Mapping[str, Kind]):
    """Every step kind that is installed, by id (``http``) or type (``http@1``). ``triggers``: what can be polled, by id;
    a trigger's ``input`` are its settings, its ``output`` is one item."""

    def __init__(self, kinds: Iterable[Kind], triggers: Iterable[Kind] = ()) -> None:
        self.triggers: Mapping[str, Kind] = {kind.id: kind for kind in triggers}
        self._by_id: dict[str, Kind] = {}
        for kind in kinds:
            if kind.id in self._by_id:
                raise ValueError(f"step kind {kind.id} is declared twice")
            self._by_id[kind.id] = kind
        self._aliases = {alias: kind for kind in self._by_id.values() for alias in kind.aliases}

    def __getitem__(self, name: str) -> Kind:
        kind_id, _, version = name.partition("@")
        kind = self._by_id.get(kind_id) or self._aliases[kind_id]
        if version and version != str(kind.version):
            raise KeyError(name)
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def nearest(self, name: str) -> str | None:
        """The declared id most like ``name``, for "did you mean"; None when nothing is close."""
        return _nearest(name, self._by_id)

    def nearest_trigger(self, name: str) -> str | None:
        """The same, among the triggers."""
        return _nearest(name, self.triggers)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return close[0] if close else None
