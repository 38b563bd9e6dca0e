"""Agents to begin with: the examples that come with Plainwork."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from plainwork import spec
from plainwork.api.auth import Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import Shape

routes = Routes("templates")
_PACKAGE = Path(__file__).parents[1]
FOLDERS = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples" / "agents")
"""Where the examples are: inside an installed package, or at the root of a checkout."""


class Template(Shape):
    """A whole document to begin with. ``starts``: what starts it, in words; ``kinds``: the step kinds it uses;
    ``english``: what it does, as somebody would ask for it."""

    id: str
    title: str
    about: str
    markdown: str
    starts: str
    kinds: list[str]
    english: str


class Templates(Shape):
    """Every template, by its id."""

    templates: list[Template]


@routes.add("GET", "/templates", Permission.AGENTS_READ)
def list_templates() -> Templates:
    """Documents to begin with; ``POST /agents`` with the ``markdown`` of one makes an agent."""
    return Templates(templates=list(_all()))


@cache
def _all() -> tuple[Template, ...]:
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    return tuple(_template(path) for path in sorted(folder.glob("*.md")))


def _template(path: Path) -> Template:
    from plainwork.spec.compile import compile
    from plainwork.spec.render import walk
    from plainwork.spec.starts import starts_of, triggers_of

    markdown = path.read_text(encoding="utf-8")
    read = spec.parse(markdown).spec
    assert read is not None, f"{path} is an example"
    starts = starts_of((node.type, node.config) for node in triggers_of(compile(read)))
    about = " ".join(read.about.split())
    return Template(
        id=path.stem,
        title=read.title,
        about=about,
        markdown=markdown,
        starts=starts,
        kinds=list(dict.fromkeys(step.uses for step in walk(read))),
        english=_english(about, starts),
    )


def _english(about: str, starts: str) -> str:
    """The description as a request. One that says when it runs keeps its own words."""
    if not starts.startswith("every ") or about.lower().startswith("every "):
        return about
    return f"{starts[:1].upper()}{starts[1:]}: {about[:1].lower()}{about[1:]}"
