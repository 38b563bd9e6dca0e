"""Feeds, read: RSS 0.9 to 2.0, RDF, Atom and JSON Feed come out as the same plain items, whoever wrote them.

Broken feeds are read as far as they can be. Documents that declare entities of their own are refused: that is how a
kilobyte becomes a gigabyte, and no feed needs it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape, unescape
from html.entities import html5
from typing import Any
from urllib.parse import urljoin

from plainwork.connectors.charsets import decoded
from plainwork.connectors.html_text import text_of

MOST_ITEMS = 500
LONGEST_TEXT = 20_000
LONGEST_HTML = 50_000
_LONGEST_WORDS = 1_000
_MOST_OF_EACH = 30
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*>", re.DOTALL | re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE\s", re.IGNORECASE)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(#?\w{1,31};)?", re.DOTALL)
_OF_XML = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_INLINE = re.compile(r"</?(?:a|b|br|code|em|i|p|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_DATES = ("pubDate", "published", "date", "issued", "created", "updated", "modified")
_BODIES = ("encoded", "content", "description", "summary")


class NotAFeed(Exception):
    """What was fetched is no feed; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item; ``identity``: what its publisher says tells it apart, if anything does."""

    value: dict[str, Any]
    identity: str | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, its newest items first where all of them say when they appeared, else as they are listed."""

    title: str | None
    link: str | None
    entries: tuple[Entry, ...]


def read(body: bytes, content_type: str, url: str) -> Feed:
    """The feed in these bytes, fetched from ``url``. Raises NotAFeed."""
    charset, declared = _CHARSET.search(content_type), _ENCODING.match(body.lstrip()[:300])
    text = decoded(body, declared and declared[1].decode(), charset and charset[1])
    feed = _json_feed(text, url) if text.lstrip().startswith("{") else _xml_feed(text, url)
    if not all(entry.value["published"] for entry in feed.entries):
        return feed
    newest_first = sorted(feed.entries, key=lambda entry: str(entry.value["published"]), reverse=True)
    return Feed(feed.title, feed.link, tuple(newest_first))


def _xml_feed(text: str, url: str) -> Feed:
    root = _root(text)
    name = _name(root)
    if name not in {"rss", "rdf", "feed"}:
        raise NotAFeed("it is a web page" if name == "html" else f"it is a document of <{name[:40]}>")
    channel = next((child for child in root if _name(child) == "channel"), root)
    items = (e for e in root.iter("{*}item", "{*}entry") if _name(e.getparent()) in {"channel", "rdf", "feed"})
    link = _link(channel, url)
    base = link or url
    entries = tuple(_entry(_Element(item), base) for item, _ in zip(items, range(MOST_ITEMS), strict=False))
    return Feed(_title(_Element(channel)), link, entries)


def _root(text: str) -> Any:
    """The root element. Nothing outside is fetched; what cannot be read is passed over."""
    from lxml import etree

    at = 0
    while found := _BEFORE_ROOT.match(text, at):
        at = found.end()
    if _DOCTYPE.match(text, at):
        raise NotAFeed("it declares entities of its own, which feeds may not")
    rest = text[at:]
    if not re.match(r"<[A-Za-z_]", rest):
        raise NotAFeed("it is no XML" if rest else "it is empty")
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    clean = _REFERENCE.sub(_reference, _NO_XML.sub("", rest))
    root = etree.fromstring(clean.encode(), parser)
    if root is None:
        raise NotAFeed("it is no XML")
    return root


def _reference(found: re.Match[str]) -> str:
    """Characters by their HTML names, and ampersands that are only that, as XML has them; CDATA as it is."""
    name = found[1]
    if found[0][0] == "<" or (name and (name in _OF_XML or name[0] == "#")):
        return found[0]
    return escape(html5[name]) if name in html5 else f"&amp;{name or ''}"


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


class _Element:
    """An item or a channel, its children by name (in small letters) whatever their namespace."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self._children: dict[str, list[Any]] = {}
        for child in element:
            self._children.setdefault(_name(child), []).append(child)

    def all(self, name: str) -> list[Any]:
        return self._children.get(name.lower(), [])[:_MOST_OF_EACH]

    def texts(self, *names: str) -> Iterator[str]:
        for name in names:
            for child in self.all(name):
                if text := "".join(child.itertext()).strip():
                    yield text

    def first(self, *names: str) -> str | None:
        return next(self.texts(*names), None)


def _entry(item: _Element, base: str) -> Entry:
    given = item.first("guid", "id") or item.element.get(_ABOUT)
    link = _link(item.element, base) or (given if given and given.startswith(("http://", "https://")) else None)
    html, plain = _body(item)
    value = {
        "id": given or link,
        "title": _title(item),
        "link": link,
        "text": plain[:LONGEST_TEXT],
        "html": html[:LONGEST_HTML],
        "author": _short(_author(item)),
        "published": _moment(item.texts(*_DATES)),
        "categories": [_short(c) for c in _categories(item)],
        "enclosures": [part for child in item.all("enclosure") + item.all("link") if (part := _enclosure(child, base))],
    }
    return Entry(value, given or link)


def _title(item: _Element) -> str | None:
    element = next(iter(item.all("title")), None)
    if element is None:
        return None
    text = "".join(element.itertext())[:_LONGEST_WORDS]
    if element.get("type", "html") != "text":
        text = unescape(_INLINE.sub("", text))
    return " ".join(text.split()) or None


def _link(element: Any, base: str) -> str | None:
    for child in element:
        if _name(child) == "link" and child.get("rel", "alternate") == "alternate":
            link = (child.get("href") or child.text or "").strip()
            if link:
                return _joined(base, link)
    return None


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def _body(item: _Element) -> tuple[str, str]:
    """The longest of its bodies, as HTML and as text: a summary often stands beside the whole."""
    bodies = [child for name in _BODIES for child in item.all(name)]
    written = [(_inner(child), child.get("type", "html")) for child in bodies]
    html, kind = max(written, key=lambda one: len(one[0]), default=("", "text"))
    if kind == "text":
        return "", html.strip()
    return html, text_of(html[: 4 * LONGEST_HTML])


def _inner(element: Any) -> str:
    from lxml import etree

    if not len(element):
        return element.text or ""
    parts = (etree.tostring(child, encoding="unicode") for child in element)
    return escape(element.text or "", quote=False) + "".join(parts)


def _author(item: _Element) -> str | None:
    person = next(iter(item.all("author")), None)
    named = None if person is None else _Element(person).first("name")
    return named or item.first("creator", "author")


def _categories(item: _Element) -> Iterator[str]:
    for child in item.all("category") + item.all("subject"):
        said = child.get("label") or child.get("term") or child.text
        if said and said.strip():
            yield said


def _enclosure(child: Any, base: str) -> dict[str, Any] | None:
    url = child.get("url") if _name(child) == "enclosure" else child.get("href")
    if not url or (_name(child) == "link" and child.get("rel") != "enclosure"):
        return None
    length = child.get("length", "")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    return {"url": _joined(base, url.strip()), "type": child.get("type"), "size": size}


def _short(text: str | None) -> str | None:
    return " ".join(text[:_LONGEST_WORDS].split()) or None if text else None


def _moment(texts: Iterable[str]) -> str | None:
    """The first of these that is a date, in UTC (ISO 8601); times that say no zone are taken for UTC."""
    for text in texts:
        found = _date(text[:80])
        if found is not None:
            return found.isoformat().replace("+00:00", "Z")
    return None


def _date(text: str) -> datetime | None:
    for reads in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = reads(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        return found.replace(microsecond=0)
    return None


def _json_feed(text: str, url: str) -> Feed:
    """https://www.jsonfeed.org/version/1.1/"""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAFeed("it is no JSON that can be read") from None
    items = given.get("items") if isinstance(given, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(given.get("version"))[:200]:
        raise NotAFeed("it is JSON, but no JSON Feed")
    entries = tuple(_json_entry(item, url) for item in items[:MOST_ITEMS] if isinstance(item, dict))
    return Feed(_short(_text(given, "title")), _text(given, "home_page_url"), entries)


def _json_entry(item: Mapping[str, Any], base: str) -> Entry:
    given = str(item["id"]) if isinstance(item.get("id"), str | int | float) else None
    link = _text(item, "url") or _text(item, "external_url")
    html, authors = _text(item, "content_html") or "", item.get("authors") or [item.get("author")]
    plain = _text(item, "content_text") or text_of(html[: 4 * LONGEST_HTML]) or _text(item, "summary") or ""
    author = (
        next((_text(a, "name") for a in authors if isinstance(a, dict)), None) if isinstance(authors, list) else None
    )
    tags, attached = (v if isinstance(v := item.get(name), list) else [] for name in ("tags", "attachments"))
    value = {
        "id": given or link,
        "title": _short(_text(item, "title")),
        "link": _joined(base, link) if link else None,
        "text": plain[:LONGEST_TEXT],
        "html": html[:LONGEST_HTML],
        "author": _short(author),
        "published": _moment(text for name in ("date_published", "date_modified") if (text := _text(item, name))),
        "categories": [_short(tag) for tag in tags[:_MOST_OF_EACH] if isinstance(tag, str)],
        "enclosures": [
            {"url": _joined(base, part["url"]), "type": _text(part, "mime_type"), "size": _whole(part)}
            for part in attached[:_MOST_OF_EACH]
            if isinstance(part, dict) and _text(part, "url")
        ],
    }
    return Entry(value, given or link)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) and value else None


def _whole(part: Mapping[str, Any]) -> int | None:
    size = part.get("size_in_bytes")
    return size if isinstance(size, int) and not isinstance(size, bool) else None
