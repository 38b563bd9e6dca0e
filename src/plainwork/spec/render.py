"""The spec → its canonical markdown: ``parse(render(spec)).spec == spec`` for every spec without ``problems``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from plainwork.spec import keys, routes, scan
from plainwork.spec.model import Example, Section, Spec, Step
from plainwork.spec.names import slug
from plainwork.spec.yaml_write import block

HEADINGS: Final = {"steps": "Steps", "errors": "When things go wrong", "examples": "Examples"}


def render(spec: Spec) -> str:
    """The document, LF line ends. For a spec with ``problems`` the text is readable but does not give it back."""
    names = {step.id: step.name for step in walk(spec)}
    chunks = [front_text(spec), f"# {spec.title}\n"]
    if spec.about:
        chunks.append(f"{spec.about}\n")
    for part in ("steps", "errors", "examples", "end"):
        chunks += _part(spec, part, lambda step_id: names.get(step_id, step_id))
    return "\n".join(chunks)


def walk(spec: Spec) -> Iterator[Step]:
    """Every step, in the order of the document."""
    waiting = [*reversed(spec.errors), *reversed(spec.steps)]
    while waiting:
        step = waiting.pop()
        yield step
        waiting.extend(reversed(step.steps))


def front_text(spec: Spec) -> str:
    """The front matter with its two lines ``---``."""
    return "\n".join(["---", *block(keys.front_yaml(spec), spread=keys.SPREAD), "---", ""])


def _part(spec: Spec, part: str, name_of: Callable[[str], str]) -> list[str]:
    sections = [section for section in spec.sections if section.before == part]
    chunks = [_section(section) for section in sections if section.title]
    intro = next((section.text for section in sections if not section.title), "")
    if part == "end":
        return chunks
    if part == "examples":
        inner = [example_text(example) for example in spec.examples]
    else:
        inner = [chunk for step in getattr(spec, part) for chunk in tree_texts(step, 3, name_of)]
    if sections or inner:
        chunks.append(f"## {HEADINGS[part]}\n")
        chunks += ([f"{intro}\n"] if intro else []) + inner
    return chunks


def _section(section: Section) -> str:
    return f"## {section.title}\n" + (f"\n{section.text}\n" if section.text else "")


def tree_texts(step: Step, level: int, name_of: Callable[[str], str]) -> list[str]:
    """A step and its inner steps, a text each."""
    return [
        step_text(step, level, name_of),
        *(t for inner in step.steps for t in tree_texts(inner, level + 1, name_of)),
    ]


def step_text(step: Step, level: int, name_of: Callable[[str], str]) -> str:
    """A step's own lines: heading, prose, step block, text blocks, routes."""
    lines = [f"{'#' * level} {step.name}"]
    if step.about:
        lines.append(step.about)
    lines.append(fence_text("yaml step", "\n".join(block(keys.step_yaml(step, slug(step.name))))))
    for key, language in step.blocks.items():
        lines.append(fence_text(f"{language} {key}", str(step.with_[key])))
    lines += [routes.line_text(route, name_of) for route in step.routes]
    return "\n".join(lines) + "\n"


def fence_text(info: str, content: str) -> str:
    """A fenced block, without its last line break; the fence is as long as the content makes necessary."""
    ticks = scan.ticks_for(content)
    return f"{ticks}{info}\n{content}\n{ticks}" if content else f"{ticks}{info}\n{ticks}"


def example_text(example: Example) -> str:
    """An Example: heading, prose, what is given, what is expected."""
    lines = [f"### {example.name}"]
    if example.about:
        lines.append(example.about)
    for word in ("given", "expect"):
        value = getattr(example, word)
        lines.append(fence_text(f"yaml {word}", "\n".join(block(value)) if value else "{}"))
    return "\n".join(lines) + "\n"
