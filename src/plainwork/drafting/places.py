"""Where the services of a clause stand in it: read from, sent to, done with; and what a text is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps, known
from plainwork.drafting.clauses import Act
from plainwork.drafting.data import words
from plainwork.drafting.text import Token

_NEAR = {"to": "at", "in": "at", "into": "at", "on": "at", "onto": "at", "at": "at", "inside": "at", "within": "at"}
_VIA = dict.fromkeys(("via", "using", "with", "through", "by"), "via")
_FROM = dict.fromkeys(("from", "of", "off"), "from")
HOLDS: dict[str, frozenset[str]] = {
    "sheet": frozenset(["sheet", "spreadsheet", "row", "rows", "column", "cell"]),
    "storage": frozenset(["file", "files", "folder", "folders", "document", "bucket", "drive"]),
    "tracker": frozenset(
        ["issue", "issues", "ticket", "tickets", "task", "tasks", "card", "cards", "incident", "board"]
    ),
    "records": frozenset(
        [
            "contact",
            "contacts",
            "lead",
            "leads",
            "deal",
            "deals",
            "record",
            "records",
            "customer",
            "crm",
            "page",
            "invoice",
            "order",
            "profile",
        ]
    ),
    "database": frozenset(["table", "row", "rows", "record", "records", "database"]),
}
"""Which things a kind of service holds, so that "the sheet" means the sheet service spoken of before."""
_CODE = words("code_things")
RELATION = _NEAR | _VIA | _FROM


@dataclass(slots=True)
class Setting:
    """What is known of the whole text while its clauses are read: how the run is answered, the home of loose words such
    as "pull request", the app that was last spoken of, and what was read already."""

    answers: bool = False
    home: App | None = None
    apps: list[App] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    inputs: frozenset[str] = frozenset()
    channel: App | None = None
    """The one service for messages that the text names, for messages whose way is not said."""
    background: list[str] = field(default_factory=list)
    mailed: bool = False
    """Whether a mail starts the run, so that "reply" means one to it."""

    @property
    def last(self) -> App | None:
        """The app that was spoken of last."""
        return self.apps[-1] if self.apps else None

    def meet(self, app: App) -> None:
        """Note that a step uses ``app``."""
        self.seen.add(app.id)
        self.apps.append(app)


@dataclass(frozen=True, slots=True)
class Place:
    """An app in a clause and how it is bound to it: ``at`` (to, in), ``via`` (with), ``from``, ``own`` (a Jira issue),
    ``subject`` (the Jira node)."""

    app: App
    relation: str


def places_of(act: Act) -> list[Place]:
    """The apps in an act and their relations, in order."""
    found = [Place(mention.app, "subject") for mention in find_apps(act.subject)]
    found += [Place(mention.app, "via") for mention in find_apps(act.tool)]
    return found + [Place(app, relation) for app, relation in related(act.object)]


def related(tokens: Sequence[Token]) -> list[tuple[App, str]]:
    """The services in the tokens, each with its relation."""
    found = []
    for mention in find_apps(tokens):
        at = mention.start - 1
        while at >= 0 and tokens[at].kind != "mark" and tokens[at].lower not in RELATION and mention.start - at < 5:
            if tokens[at].lower in w.PREPOSITIONS or tokens[at].lower == "and":
                break
            at -= 1
        behind = tokens[mention.end].lower if mention.end < len(tokens) else ""
        if (
            mention.app.sort == "feed"
            and behind in ("profile", "profiles", "url", "link", "handle")
            and len(tokens) > 4
        ):
            continue
        bound = RELATION.get(tokens[at].lower, "own") if at >= 0 and mention.start - at < 5 else "own"
        found.append((mention.app, bound))
    return found


def choose(places: Sequence[Place], *order: str) -> App | None:
    """The app of the first relation in ``order`` that there is; models do not count."""
    real = [place for place in places if place.app.sort != "model"]
    for relation in order:
        for place in real:
            if place.relation == relation:
                return place.app
    return real[0].app if real else None


def home_for(part: Sequence[Token], setting: Setting) -> App | None:
    """Where loose words such as "pull request" live, when the part speaks of such a thing."""
    loose = {token.lower for token in part} & _CODE
    return setting.home if loose else None


def home_of(text: Sequence[Token]) -> App | None:
    """GitHub, when the text speaks of repositories and pull requests and names no other place for them."""
    lowers = [token.lower for token in text]
    named = {mention.app.id for mention in find_apps(text)}
    if named & {"gitlab", "bitbucket", "gitea", "azure_devops", "jira", "linear", "youtrack", "redmine"}:
        return None
    strong = {
        "ci",
        "pr",
        "prs",
        "repo",
        "repository",
        "repositories",
        "maintainer",
        "maintainers",
        "codebase",
        "commit",
        "commits",
    }
    runs = ("workflow", "run") in pairwise(lowers)
    pull = bool({("pull", "request"), ("pull", "requests")} & set(pairwise(lowers)))
    triage = bool({"issue", "issues"} & set(lowers)) and bool(
        {"triage", "labels", "reopened", "duplicates"} & set(lowers)
    )
    coded = bool(_CODE & set(lowers)) and names_repo(text)
    return known()["github"] if "github" in named or pull or triage or runs or coded or strong & set(lowers) else None


def names_repo(tokens: Sequence[Token]) -> bool:
    """Whether they name a repository by its owner: ``opened in acme/site``."""
    return any(
        before.lower in ("in", "on", "of", "at", "to", "for", "from", "repo", "repository", "stars", "forks")
        and re.fullmatch(r"(?!r/)[a-z0-9_.-]+/[a-z0-9_.-]+", token.lower)
        for before, token in pairwise(tokens)
    )
