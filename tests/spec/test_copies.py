"""Copies of steps on the canvas: fresh ids, names inside that follow, and nothing else touched."""

from __future__ import annotations

import pytest

from plainwork.errors import Invalid
from plainwork.spec import load
from plainwork.spec.edit import edit
from plainwork.spec.markdown import parse
from plainwork.spec.render import walk
from tests.spec.kinds import CATALOGUE

LOOP = """# Loop

## Steps

### Go through
```yaml step
uses: foreach
with: {items: "{{ inputs.urls }}", as: url}
```

#### Get it
```yaml step
uses: http
with: {url: "{{ url }}"}
```
- On error → [Note it](#note-it)

#### Keep some
```yaml step
uses: filter
if: get_it.status == 200
with: {items: "{{ get_it.body.get_it }}", where: 'item.name != "get_it" and get_it.status < 300'}
```
- If `len(keep_some.items) > 0` → [Note it](#note-it)
- Otherwise → stop

#### Note it
```yaml step
uses: set
with: {text: "\\\\{{ get_it }} {{ get_it.status }} and { get_it }"}
```

### After
```yaml step
uses: set
with: {count: "{{ len(go_through.results) }}"}
```
"""


def test_a_plain_step_is_copied_right_after_itself() -> None:
    edited = edit(LOOP, {"op": "duplicate", "node": "after"})
    assert edited.node == "after-copy"
    assert edited.markdown == LOOP + LOOP[LOOP.index("\n### After") :].replace("After", "After copy")


def test_a_container_is_copied_with_what_is_inside() -> None:
    edited = edit(LOOP, {"op": "duplicate", "node": "go-through"})
    assert edited.markdown.startswith(LOOP[: LOOP.index("### After")])
    assert edited.markdown.endswith(LOOP[LOOP.index("### After") :])
    parsed = parse(edited.markdown).spec
    assert parsed is not None
    _, copy, after = parsed.steps
    assert [step.id for step in walk(parsed)] == [
        *("go-through", "get-it", "keep-some", "note-it"),
        *("go-through-copy", "get-it-2", "keep-some-2", "note-it-2", "after"),
    ]
    assert (copy.name, [step.name for step in copy.steps]) == ("Go through copy", ["Get it", "Keep some", "Note it"])
    fetch, keep, note = copy.steps
    assert fetch.routes[0].to == ("note-it-2",)
    assert keep.if_ == "get_it_2.status == 200"
    assert keep.with_ == {
        "items": "{{ get_it_2.body.get_it }}",
        "where": 'item.name != "get_it" and get_it_2.status < 300',
    }
    assert (keep.routes[0].test, keep.routes[0].to) == ("len(keep_some_2.items) > 0", ("note-it-2",))
    assert note.with_ == {"text": "\\{{ get_it }} {{ get_it_2.status }} and { get_it }"}
    assert after.with_ == {"count": "{{ len(go_through.results) }}"}


def test_a_copy_leads_where_the_step_leads_and_nothing_leads_to_it() -> None:
    text = LOOP.replace("### After", "### Other", 1) + "- Then → [Go through](#go-through)\n"
    edited = edit(text, {"op": "duplicate", "node": "keep-some"})
    parsed = parse(edited.markdown).spec
    assert parsed is not None
    copy = next(step for step in walk(parsed) if step.id == edited.node)
    assert [route.to for route in copy.routes] == [("note-it",), ("stop",)]
    assert not [step.id for step in walk(parsed) for route in step.routes if copy.id in route.to]


def test_copies_of_copies_have_ids_of_their_own() -> None:
    text, ids = LOOP, []
    for _ in range(4):
        edited = edit(text, {"op": "duplicate", "node": "after"})
        text = edited.markdown
        ids.append(edited.node)
    assert ids == ["after-copy", "after-copy-2", "after-copy-3", "after-copy-4"]
    assert not [one for one in load(text, CATALOGUE).findings if one.code == "duplicate-id"]


def test_there_has_to_be_such_a_step() -> None:
    for change in ({"op": "duplicate"}, {"op": "duplicate", "node": "nowhere"}, {"op": "duplicate", "node": None}):
        with pytest.raises(Invalid, match="There is no step"):
            edit(LOOP, change)
