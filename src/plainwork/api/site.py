"""The web app's files: the static export that ``make web`` puts beside this package, at every address outside ``/api``.

Nothing is looked for on disk by what a request says: addresses are found in a table that is made from the exported tree, so
that no request leads out of it. A page with a parameter is exported once (``agents/[agent].html`` answers for each
``/agents/…``) and finds its parameter in the browser.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException

import plainwork
from plainwork import __version__
from plainwork.api.auth import Permission
from plainwork.api.routing import Routes

routes = Routes()

INSTALLED = Path(plainwork.__file__).parent / "site"
"""Where ``make web`` puts the export, and where a wheel has it."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_CODINGS = {"br": ".br", "gzip": ".gz"}
"""Content coding → suffix of the file that holds it, the smaller one first."""
_HASHED = "_next/static/"
"""Under it, another content has another name."""
_PARAMETER = re.compile(r"\\\[\w+\\\]")

_PLAIN_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Plainwork</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; margin-bottom: .25rem; }}
code {{ font-size: .95em; padding: .1em .35em; border-radius: .3em; background: color-mix(in srgb, currentColor 9%, transparent); }}
</style></head>
<body><main>
<h1>Plainwork {__version__} is running</h1>
<p>Say in plain English what an agent should do; read it, run it, trust it.</p>
<p>Its web app has not been built here. <code>make web</code> builds it, with Node 20.9 or newer; then load this page again.</p>
<p>The API is under <code>/api/v1</code>; <a href="/api/v1/openapi.json">its description</a> lists every route.
Make the first owner with the one-time token that was printed at the start:
<code>POST /api/v1/setup</code>.</p>
</main></body></html>
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class File:
    """One exported file. ``codings``: those it also lies compressed in. ``digest``: of its content, where a browser has to
    ask each time whether it is still the same; None for what is kept forever."""

    path: Path
    codings: tuple[str, ...]
    digest: str | None

    def answer(self, headers: dict[str, str], status: int = 200) -> Response:
        """The file as an answer to a request with these headers, compressed or not sent at all if they allow it."""
        accepted = _accepted(headers.get("accept-encoding", ""))
        coding = next((one for one in self.codings if one in accepted), None)
        sent = {"Cache-Control": "public, max-age=31536000, immutable"}
        if self.digest is not None:
            tag = f'"{self.digest}-{coding or "plain"}"'
            sent = {"Cache-Control": "no-cache", "ETag": tag}
        if self.codings:
            sent["Vary"] = "Accept-Encoding"
        if status == 200 and self.digest is not None and tag in _tags(headers.get("if-none-match", "")):
            return Response(status_code=304, headers=sent)
        if coding is not None:
            sent["Content-Encoding"] = coding
        body = self.path.with_name(self.path.name + _CODINGS.get(coding or "", "")).read_bytes()
        return Response(body, status, sent, media_type=_TYPES.get(self.path.suffix, "application/octet-stream"))


def _accepted(header: str) -> set[str]:
    """The codings that ``Accept-Encoding`` names and does not rule out with a weight of 0 (RFC 9110 §12.5.3)."""
    named = (one.strip().lower().partition(";") for one in header.split(","))
    return {coding.strip() for coding, _, weight in named if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)}


def _tags(header: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in header.split(",")}


@dataclass(slots=True)
class Site:
    """The export in ``folder``, as it is there now: building it again shows at the next load of a page."""

    folder: Path = INSTALLED
    _files: dict[str, File] = field(default_factory=dict)
    _pages: list[tuple[re.Pattern[str], File]] = field(default_factory=list)
    _built_at: int | None = None

    def answer(self, path: str, headers: dict[str, str]) -> Response | None:
        """What the site has at ``path`` (without the slash it begins with), or None. Reads files: not for the event loop."""
        self._refresh()
        if self._built_at is None:
            return Response(_PLAIN_PAGE, media_type="text/html") if path in {"", "setup"} else None
        found = self._find(path)
        if found is not None:
            return found.answer(headers)
        without_slash = path.rstrip("/")
        if without_slash != path and self._find(without_slash) is not None:
            return Response(status_code=308, headers={"Location": "/" + quote(without_slash)})
        missing = self._files.get("404.html")
        if missing is None or "text/html" not in headers.get("accept", "") or path.startswith(_HASHED):
            return None
        return missing.answer(headers, 404)

    def _find(self, path: str) -> File | None:
        exact = self._files.get(f"{path}.html" if path else "index.html") or self._files.get(path)
        return exact or next((file for pattern, file in self._pages if pattern.fullmatch(path)), None)

    def _refresh(self) -> None:
        """Makes the table anew when the export has become another one."""
        try:
            built_at = (self.folder / "index.html").stat().st_mtime_ns
        except OSError:
            built_at = None
        if built_at != self._built_at:
            self._files = dict(_exported(self.folder)) if built_at is not None else {}
            self._pages = [(_pattern(name), file) for name, file in self._files.items() if "[" in name]
            self._built_at = built_at


def _exported(folder: Path) -> list[tuple[str, File]]:
    """Every file of the export by its name in it. Links that lead out of the folder are no part of it."""
    inside = folder.resolve()
    present = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(inside)
    }
    compressed = tuple(_CODINGS.values())
    return [
        (name, File(path, tuple(c for c, suffix in _CODINGS.items() if name + suffix in present), _digest(name, path)))
        for name, path in present.items()
        if not (name.endswith(compressed) and name.rpartition(".")[0] in present)
    ]


def _digest(name: str, path: Path) -> str | None:
    return None if name.startswith(_HASHED) else sha256(path.read_bytes()).hexdigest()[:16]


def _pattern(name: str) -> re.Pattern[str]:
    """``agents/[agent].html`` → the addresses it answers for: a parameter is one segment."""
    return re.compile(_PARAMETER.sub("[^/]+", re.escape(name.removesuffix(".html"))))


class _Elsewhere(StringConvertor):
    """Every path outside ``/api``, so that the site takes none of the API's addresses."""

    regex = r"(?!api(?:/|$)).*"

    def to_string(self, value: str) -> str:
        """The path as it is."""
        return value


register_url_convertor("elsewhere", _Elsewhere())


@routes.add("GET", "/{path:elsewhere}", Permission.PUBLIC, include_in_schema=False)
async def file(request: Request, path: str) -> Response:
    """A page or a file of the web app."""
    site: Site = request.app.state.site
    try:
        answer = await asyncio.to_thread(site.answer, path, dict(request.headers))
    except FileNotFoundError:  # the site is being built at this moment
        answer = None
    if answer is None:
        raise HTTPException(404)
    return answer
