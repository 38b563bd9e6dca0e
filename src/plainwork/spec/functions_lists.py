"""Functions on lists and objects for the expression table: ordering, choosing, grouping, counting."""

from __future__ import annotations

from typing import Any

from plainwork.spec.functions import function, want_count, want_list, want_number, want_object, want_text
from plainwork.spec.meter import ExpressionError, Frame, check_number, kind_of, refuse, text_size, to_json, to_text
from plainwork.spec.operators import equal, look_up


def key_text(frame: Frame, value: Any) -> str:
    """A text that two values share exactly when they count as the same in ``unique`` and ``group_by``."""
    if isinstance(value, str):
        frame.scan(value)
        frame.grow(text_size(value))
        return "t" + value
    frame.work(2)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"j{check_number(value)}"
    return "j" + to_json(frame, value)


def part_of(frame: Frame, item: Any, by: Any) -> Any:
    """What ``by`` names in ``item``: nothing, a key, or a list of keys; null when it is not there."""
    for key in by if isinstance(by, list) else [by]:
        frame.work(1)
        try:
            item = look_up(item, key)
        except ExpressionError:
            frame.work(6)
            return None
    return item


# Several values


@function("min(values, by=null)")
def smallest(frame: Frame, *values: Any, by: Any = None) -> Any:
    """The smallest of a list or of the arguments; by names the key to compare."""
    return _ordered(frame, _several(values, "min"), by, "min")[0]


@function("max(values, by=null)")
def largest(frame: Frame, *values: Any, by: Any = None) -> Any:
    """The largest of a list or of the arguments; by names the key to compare."""
    return _ordered(frame, _several(values, "max"), by, "max", descending=True)[0]


def _several(values: tuple[Any, ...], name: str) -> list[Any]:
    found = want_list(values[0], name) if len(values) == 1 else list(values)
    if not found:
        refuse(f"{name} needs at least one value.", "Test it first: max(x) if x else 0.")
    return found


@function("sum(numbers)")
def total(frame: Frame, numbers: Any) -> Any:
    """All the numbers of a list, added."""
    result: Any = 0
    for number in want_list(numbers, "sum"):
        frame.work(1)
        result = check_number(result + want_number(number, "sum"))
    return result


@function("any(values)")
def any_of(frame: Frame, values: Any) -> bool:
    """Whether one of the values is true."""
    frame.work(len(want_list(values, "any")) >> 3)
    return any(values)


@function("all(values)")
def all_of(frame: Frame, values: Any) -> bool:
    """Whether every value is true (also when there is none)."""
    frame.work(len(want_list(values, "all")) >> 3)
    return all(values)


@function("sorted(list, by=null, descending=false)", selects=True)
def in_order(frame: Frame, values: Any, by: Any = None, descending: Any = False) -> list[Any]:
    """The list in order; by names the key to order by, and items without it come last."""
    return _ordered(frame, want_list(values, "sorted"), by, "sorted", descending=bool(descending))


def _ordered(frame: Frame, values: list[Any], by: Any, name: str, descending: bool = False) -> list[Any]:
    frame.make_list(len(values))
    pairs = [(value if by is None else part_of(frame, value, by), value) for value in values]
    present = [pair for pair in pairs if pair[0] is not None]
    if by is None and len(present) < len(values) > 1:
        refuse(f"{name} cannot order a list with nothing (null) in it.", "Take it out first with compact(list).")
    rounds = max(1, len(present).bit_length())
    kinds = set()
    for key, _ in present:
        kinds.add("a number" if isinstance(key, (int, float)) else kind_of(key))
        frame.work((1 + (len(key) >> 6 if isinstance(key, str) else 0)) * rounds >> 2)
    if len(kinds) > 1:
        refuse(
            f"{name} cannot order {' and '.join(sorted(kinds))} together.", "Make them alike with float(…) or str(…)."
        )
    if kinds & {"a list", "an object"}:
        hint = 'Name the key to order by: sorted(list, by="date").' if "an object" in kinds else None
        refuse(f"{name} cannot order {'objects' if 'an object' in kinds else 'lists'}.", hint)
    try:
        present.sort(key=lambda pair: pair[0], reverse=descending)
    except TypeError:
        refuse(f"{name} cannot order dates with and without a time zone together.", "Use datetime(…) on each.")
    return [value for _, value in present] + [value for key, value in pairs if key is None]


@function("get(value, key, default=null)", selects=True)
def get(frame: Frame, value: Any, key: Any, default: Any = None) -> Any:
    """The value under a key, an index or a list of them, and the default when it is not there."""
    for step in key if isinstance(key, list) else [key]:
        frame.work(1)
        try:
            value = look_up(value, step)
        except ExpressionError:
            frame.work(6)
            return default
    return value


@function("keys(object)")
def keys(frame: Frame, value: Any) -> list[str]:
    """The keys of an object, in its order."""
    frame.make_list(len(want_object(value, "keys")))
    return list(value)


@function("values(object)", selects=True)
def values(frame: Frame, value: Any) -> list[Any]:
    """The values of an object, in its order."""
    frame.make_list(len(want_object(value, "values")))
    return list(value.values())


@function("items(object)", selects=True)
def items(frame: Frame, value: Any) -> list[list[Any]]:
    """Pairs of key and value, for loops such as [k for k, v in items(x) if v]."""
    frame.make_list(3 * len(want_object(value, "items")))
    return [[key, part] for key, part in value.items()]


@function("merge(first, second, …)")
def merge(frame: Frame, *objects: Any) -> dict[str, Any]:
    """One object of several; where a key occurs twice the last wins."""
    result: dict[str, Any] = {}
    for part in objects:
        frame.make_list(2 * len(want_object(part, "merge")))
        result.update(part)
    return result


@function("pick(object, keys)", selects=True)
def pick(frame: Frame, value: Any, names: Any) -> dict[str, Any]:
    """The object with only these keys; those it lacks are left out."""
    return _choose(frame, value, names, "pick", keep=True)


@function("omit(object, keys)", selects=True)
def omit(frame: Frame, value: Any, names: Any) -> dict[str, Any]:
    """The object without these keys."""
    return _choose(frame, value, names, "omit", keep=False)


def _choose(frame: Frame, value: Any, names: Any, name: str, keep: bool) -> dict[str, Any]:
    chosen = {want_text(key, name) for key in want_list(names, name)}
    frame.make_list(len(chosen) + 2 * len(want_object(value, name)))
    return {key: part for key, part in value.items() if (key in chosen) is keep}


@function("unique(list, by=null)", selects=True)
def unique(frame: Frame, values: Any, by: Any = None) -> list[Any]:
    """The list without repetitions, first ones kept; by names the key that makes two the same."""
    found: dict[str, Any] = {}
    for value in want_list(values, "unique"):
        frame.make_list(2)
        found.setdefault(key_text(frame, value if by is None else part_of(frame, value, by)), value)
    return list(found.values())


@function("group_by(list, by)", selects=True)
def group_by(frame: Frame, values: Any, by: Any) -> dict[str, list[Any]]:
    """An object of lists: the items under the text of what by names in them."""
    groups: dict[str, list[Any]] = {}
    for value in want_list(values, "group_by"):
        frame.make_list(3)
        groups.setdefault(to_text(frame, part_of(frame, value, by)), []).append(value)
    return groups


@function("flatten(list)", selects=True)
def flatten(frame: Frame, values: Any) -> list[Any]:
    """One list of a list of lists (one level)."""
    result: list[Any] = []
    for value in want_list(values, "flatten"):
        part = value if isinstance(value, list) else [value]
        frame.make_list(len(part))
        result.extend(part)
    return result


@function("compact(list)", selects=True)
def compact(frame: Frame, values: Any) -> list[Any]:
    """The list without what is null or an empty text."""
    frame.make_list(len(want_list(values, "compact")))
    return [value for value in values if value is not None and value != ""]


@function("first(list, default=null)", selects=True)
def first(frame: Frame, values: Any, default: Any = None) -> Any:
    """The first item or character, or the default when there is none."""
    return _end(values, 0, default, "first")


@function("last(list, default=null)", selects=True)
def last(frame: Frame, values: Any, default: Any = None) -> Any:
    """The last item or character, or the default when there is none."""
    return _end(values, -1, default, "last")


def _end(values: Any, index: int, default: Any, name: str) -> Any:
    found = values if isinstance(values, str) else want_list(values, name)
    return found[index] if found else default


@function("reverse(list)", selects=True)
def reverse(frame: Frame, values: Any) -> Any:
    """The list or text from its end to its beginning."""
    if isinstance(values, str):
        frame.grow(50 + 4 * len(values))
        return values[::-1]
    frame.make_list(len(want_list(values, "reverse")))
    return values[::-1]


@function("range(start, stop, step=1)")
def count_up(frame: Frame, start: Any, stop: Any = None, step: Any = 1) -> list[int]:
    """Whole numbers from start up to, not including, stop; range(3) is [0, 1, 2]."""
    bounds = (0, start, step) if stop is None else (start, stop, step)
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, int) or abs(bound) > 1 << 53:
            refuse("range needs whole numbers.")
    if not step:
        refuse("The step of range cannot be 0.")
    numbers = range(*bounds)
    frame.make_list(len(numbers))
    return list(numbers)


@function("zip(first, second, …)")
def together(frame: Frame, *lists: Any) -> list[list[Any]]:
    """Lists of the first items, the second items and so on, as long as the shortest."""
    parts = [want_list(part, "zip") for part in lists]
    frame.make_list(min(map(len, parts), default=0) * (1 + len(parts)))
    return [list(row) for row in zip(*parts, strict=False)]


@function("enumerate(list, start=0)")
def numbered(frame: Frame, values: Any, start: Any = 0) -> list[list[Any]]:
    """Pairs of number and item."""
    frame.make_list(3 * len(want_list(values, "enumerate")))
    return [[number, value] for number, value in enumerate(values, want_count(start, "enumerate"))]


@function("chunk(list, size)")
def chunk(frame: Frame, values: Any, size: Any) -> list[list[Any]]:
    """The list cut into lists of this size; the last one may be shorter."""
    width = want_count(size, "chunk") or refuse("chunk needs a size of at least 1.")
    frame.make_list(2 * len(want_list(values, "chunk")))
    return [values[start : start + width] for start in range(0, len(values), width)]


@function("count(list, value)")
def count(frame: Frame, values: Any, value: Any) -> int:
    """How often a value is in a list, or a text in a text."""
    if isinstance(values, str):
        part = want_text(value, "count") or refuse("count needs a text to look for.")
        frame.search(values, part)
        return values.count(part)
    frame.work(len(want_list(values, "count")))
    return sum(equal(frame, item, value) for item in values)


@function("index_of(list, value)")
def index_of(frame: Frame, values: Any, value: Any) -> int:
    """Where a value first stands in a list, or a text in a text; -1 when nowhere."""
    if isinstance(values, str):
        part = want_text(value, "index_of")
        frame.search(values, part)
        return values.find(part)
    frame.work(len(want_list(values, "index_of")))
    return next((spot for spot, item in enumerate(values) if equal(frame, item, value)), -1)
