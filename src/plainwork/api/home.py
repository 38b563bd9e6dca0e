"""The page at ``/``: says that Plainwork runs and where to go."""

from __future__ import annotations

from fastapi.responses import HTMLResponse

from plainwork import __version__
from plainwork.api.auth import Permission
from plainwork.api.routing import Routes

routes = Routes()

_PAGE = f"""<!doctype html>
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
<p>The API is under <code>/api/v1</code>; <a href="/api/v1/openapi.json">its description</a> lists every route.
Make the first owner with the one-time token that was printed at the start:
<code>POST /api/v1/setup</code>.</p>
</main></body></html>
"""  # noqa: E501


@routes.add("GET", "/", Permission.PUBLIC, include_in_schema=False)
@routes.add("GET", "/setup", Permission.PUBLIC, include_in_schema=False)
async def home() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)
