"""Pages for people who have no account here: plain HTML that works without scripts, under the strictest rules a browser knows.

They look as the web app does: the colours and sizes are those of web/src/ui/tokens.css.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape

from fastapi import Response

_STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#fdfcfa, #1a1917); --raised: light-dark(#ffffff, #22201e);
  --sunken: light-dark(#efece6, #0f0e0d); --ink: light-dark(#1d1b18, #f1eee8); --soft: light-dark(#57524a, #b5afa5);
  --line: light-dark(#e2ddd4, #33302c); --strong: light-dark(#8a8378, #79736a); --accent: light-dark(#2440d6, #8fa3ff);
  --on-accent: light-dark(#ffffff, #10153a); --good: light-dark(#14713a, #6fcf8e); --bad: light-dark(#b3261e, #ff9a90);
  --bad-soft: light-dark(#fce5e2, #3d1a17); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 "Geist Sans", system-ui, sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: clamp(1.5rem, 6vh, 5rem) 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; letter-spacing: -.015em; margin: 0 0 .5rem; text-wrap: balance; }
p { margin: 0 0 1rem; } .soft, footer { color: var(--soft); } footer { font-size: .8125rem; margin-top: 3rem; }
form { display: grid; gap: 1.25rem; margin-top: 2rem; }
label, legend { display: block; font-weight: 600; padding: 0; } .about { color: var(--soft); font-size: .875rem; }
fieldset { border: 0; margin: 0; padding: 0; } legend { margin-bottom: .1rem; }
.choice { display: flex; gap: .7rem; align-items: center; } .choice label { font-weight: 400; flex: 1; padding: .3rem 0; }
input, textarea, select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--strong);
  border-radius: .5rem; padding: .55rem .75rem; width: 100%; min-height: 2.75rem; margin-top: .35rem; }
input[type=checkbox], input[type=radio] { width: 1.1rem; height: 1.1rem; min-height: 0; margin: 0; flex: none;
  accent-color: var(--accent); }
textarea { min-height: 7rem; resize: vertical; } .talk + form textarea { min-height: 4.5rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[aria-invalid=true] { border-color: var(--bad); } .wrong { color: var(--bad); font-size: .875rem; margin: .35rem 0 0; }
.alert { background: var(--bad-soft); border-radius: .5rem; padding: .75rem 1rem; margin: 1.5rem 0 0; }
button { font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 0;
  border-radius: .5rem; padding: .65rem 1.25rem; min-height: 2.75rem; cursor: pointer; justify-self: start; }
a { color: var(--accent); } a.button { display: inline-block; } .answer { background: var(--raised); padding: 1rem 1.25rem;
  border: 1px solid var(--line); border-radius: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1.5rem 0; }
.talk { list-style: none; padding: 0; margin: 2rem 0 0; display: grid; gap: .75rem; }
.talk li { max-width: 85%; padding: .65rem 1rem; border-radius: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.talk .you { justify-self: end; background: var(--sunken); }
.talk .agent { justify-self: start; background: var(--raised); border: 1px solid var(--line); }
@media (pointer: coarse) { .choice label { padding: .6rem 0; } form button { justify-self: stretch; } }
form + p { margin-top: 1.5rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_STYLE_DIGEST = _digest(_STYLE)


def _headers(script: str | None) -> dict[str, str]:
    scripts = f"script-src {_digest(script)}; " if script else ""
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src {_STYLE_DIGEST}; {scripts}form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
        # The address of the page is what opens it, so other sites do not learn it. Not `no-referrer`: with that, browsers call
        # the page that its own form comes from `null`.
        "Referrer-Policy": "same-origin",
        "X-Robots-Tag": "noindex",
    }


def page(title: str, content: str, status: int = 200, script: str | None = None) -> Response:
    """A whole page. ``content`` is HTML in which everything foreign has been escaped; ``script``, a constant of ours, only
    spares people a click."""
    ending = f"<script>{script}</script>" if script else ""
    html = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{content}\n<footer>Made with Plainwork</footer></main>{ending}</body></html>\n"
    )
    return Response(html, status, _headers(script), media_type="text/html")


def notice(title: str, text: str, status: int = 200, script: str | None = None) -> Response:
    """A page that says one thing."""
    return page(title, f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>", status, script)


def element(name: str, attributes: Mapping[str, str | bool | None], content: str | None = None) -> str:
    """One element. Attributes are escaped here (True: without a value; None and False: left out); ``content`` is HTML."""
    shown = "".join(
        f" {key}" if value is True else f' {key}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{name}{shown}>" if content is None else f"<{name}{shown}>{content}</{name}>"


def options(choices: Iterable[tuple[str, str]], chosen: str) -> str:
    """The options of a select, each a value with its label."""
    return "".join(
        element("option", {"value": value, "selected": value == chosen}, escape(label)) for value, label in choices
    )
