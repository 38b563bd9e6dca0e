"""HTML as the text that a person would read: what feeds and mails hold is shown to models and sent on as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PARAGRAPHS = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"}
)  # fmt: skip
_LINES = frozenset(
    {"address", "article", "aside", "dd", "div", "dt", "figcaption", "figure", "footer", "form", "header", "li", "main"}
    | {"nav", "section", "tr"}
)
_UNSEEN = frozenset({"head", "noscript", "object", "script", "style", "svg", "template", "title"})
_LINE, _PARAGRAPH = "\u2028", "\u2029"
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u200b\u200c\ufeff]+")
_BREAKS = re.compile(r" ?[\u2028\u2029][\u2028\u2029 ]*")
_NEW_LINES = re.compile(r" ?\n ?")
_MANY = re.compile(r"\n{3,}")


def text_of(html: str) -> str:
    """The visible text: blocks stand on lines of their own, paragraphs apart; links keep their words, not their
    addresses."""
    from lxml import etree

    if "<" not in html and "&" not in html:
        return html.strip()
    # The encoding is given, so that no `meta` element changes it; the parser's own bounds on depth and size stay on.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(f"<body>{html}</body>".encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return ""
    text = _BLANKS.sub(" ", "".join(_pieces(etree.iterwalk(root, events=("start", "end")))))
    text = _BREAKS.sub(lambda run: "\n\n" if _PARAGRAPH in run[0] else "\n", text)
    return _MANY.sub("\n\n", _NEW_LINES.sub("\n", text)).strip()


def _pieces(walk: Any) -> Iterator[str]:
    unseen = 0
    for event, element in walk:
        starts, tag = event == "start", element.tag
        if tag in _UNSEEN:
            unseen += 1 if starts else -1
        elif tag in _PARAGRAPHS:
            yield _PARAGRAPH
        elif tag in _LINES:
            yield _LINE
        elif starts and tag in {"br", "td", "th"}:
            yield "\n" if tag == "br" else " "
        said = element.text if starts else element.tail
        if said and not unseen:
            yield said if starts and tag == "pre" else said.replace("\n", " ")
