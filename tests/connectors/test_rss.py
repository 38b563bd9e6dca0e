from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from plainwork.connectors import Reach, declared, perform
from plainwork.connectors.code.feed import MOST_ITEMS, NotAFeed, read
from plainwork.connectors.engine import poll_trigger
from plainwork.connectors.html_text import text_of
from plainwork.connectors.polled import Found
from plainwork.errors import CallFailed
from tests.world import Reply, Seen, World, world_and_client

URL = "https://blog.example.com/feed"
NEW_ITEM = declared.triggers()["rss.new_item"]
READ = declared.actions()["rss.read"]

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <title>A blog</title>
    <atom:link href="https://blog.example.com/feed" rel="self"/>
    <link>https://blog.example.com/</link>
    <item>
      <title>Older &amp;amp; wiser</title>
      <link>/41</link>
      <guid isPermaLink="false">post-41</guid>
      <description>Short.</description>
      <content:encoded><![CDATA[<p>Much <b>longer</b> &amp; better.</p><p>Second.</p>]]></content:encoded>
      <dc:creator>Ada</dc:creator>
      <pubDate>Sun, 22 Nov 2026 10:30:00 +0100</pubDate>
      <category>news</category><category> maths </category>
      <enclosure url="/41.mp3" type="audio/mpeg" length="1234"/>
    </item>
    <item>
      <title>AT&T &nbsp; &eacute;t&eacute; & a &lt;tag&gt;</title>
      <guid>https://blog.example.com/42?a=1&b=2</guid>
      <pubDate>Mon, 23 Nov 2026 09:30:00 GMT</pubDate>
    </item>
  </channel>
</rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">
  <title type="text">Notes</title><link href="https://notes.example.com/"/><link rel="self" href="/atom"/>
  <entry>
    <id>tag:example.com,2026:1</id><title type="text">Use &lt;div&gt; well</title>
    <link rel="edit" href="/edit/1"/><link href="/1"/><link rel="enclosure" href="/1.pdf" type="application/pdf"/>
    <updated>2026-11-23T12:00:00+02:00</updated><author><name>Bo</name></author><category term="html" label="HTML"/>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p></div></content>
  </entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://old.example.com/"><title>Old</title></channel>
  <item rdf:about="https://old.example.com/a"><title>A</title><link>https://old.example.com/a</link><dc:date>2026-11-01</dc:date>
  <dc:subject>past</dc:subject></item></rdf:RDF>"""

JSON = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example.com/", "items": ['
    '{"id": 7, "url": "/7", "content_html": "<p>Hi</p>", "date_published": "2026-11-23T09:30:00Z", "tags": ["a", 1],'
    ' "authors": [{"name": "Cy"}], "attachments": [{"url": "/7.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}, 3]}, 9]}'
)


def items(text: str | bytes, content_type: str = "") -> list[dict[str, Any]]:
    body = text if isinstance(text, bytes) else text.encode()
    return [entry.value for entry in read(body, content_type, URL).entries]


def test_rss_is_read_newest_first_with_all_it_says() -> None:
    feed = read(RSS.encode(), "application/rss+xml", URL)
    assert (feed.title, feed.link) == ("A blog", "https://blog.example.com/")
    newer, older = feed.entries
    assert older.identity == "post-41"
    assert older.value == {
        "id": "post-41",
        "title": "Older & wiser",
        "link": "https://blog.example.com/41",
        "text": "Much longer & better.\n\nSecond.",
        "html": "<p>Much <b>longer</b> &amp; better.</p><p>Second.</p>",
        "author": "Ada",
        "published": "2026-11-22T09:30:00Z",
        "categories": ["news", "maths"],
        "enclosures": [{"url": "https://blog.example.com/41.mp3", "type": "audio/mpeg", "size": 1234}],
    }
    assert newer.value["title"] == "AT&T été & a <tag>"
    assert newer.value["link"] == newer.identity == "https://blog.example.com/42?a=1&b=2"


def test_atom_rdf_and_json_feeds_give_the_same_fields() -> None:
    [atom], [rdf], [json] = items(ATOM), items(RDF), items(JSON)
    assert atom.keys() == rdf.keys() == json.keys()
    assert atom["title"] == "Use <div> well"
    assert (atom["link"], atom["author"]) == ("https://notes.example.com/1", "Bo")
    assert (atom["text"], atom["published"]) == ("One\n\nTwo", "2026-11-23T10:00:00Z")
    assert (atom["categories"], atom["enclosures"][0]["url"]) == (["HTML"], "https://notes.example.com/1.pdf")
    assert (rdf["id"], rdf["published"]) == ("https://old.example.com/a", "2026-11-01T00:00:00Z")
    assert rdf["categories"] == ["past"]
    assert (json["id"], json["text"], json["author"], json["categories"]) == ("7", "Hi", "Cy", ["a"])
    assert json["enclosures"] == [{"url": "https://blog.example.com/7.mp3", "type": "audio/mpeg", "size": 5}]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<rss><channel><item><title>Müller</title></item></channel></rss>".encode("utf-16"), ""),
        ('<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Müller</title></item></channel></rss>'.encode("latin-1"), ""),
        ("<rss><channel><item><title>Müller</title></item></channel></rss>".encode("latin-1"), "text/xml; charset=iso-8859-1"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Müller</title></item></channel></rss>'.encode(), ""),
        ('<?xml version="1.0" encoding="punycode"?><rss><channel><item><title>Müller</title></item></channel></rss>'.encode(), ""),
        (b"\n <rss><channel><item><title>M\xfcl\x0bler</title></item></channel></rss>", "text/xml; charset=nonsense"),
    ],
)  # fmt: skip
def test_encodings_are_seen_through(body: bytes, content_type: str) -> None:
    assert items(body, content_type)[0]["title"] == "Müller"


def test_broken_feeds_are_read_as_far_as_they_can_be() -> None:
    assert [i["title"] for i in items("<rss><channel><item><title>One</title></item><item><title>Two")] == [
        "One",
        "Two",
    ]
    [odd] = items(
        "<rss><channel><item><link>http://[bad</link><pubDate>soon</pubDate><enclosure/></item></channel></rss>"
    )
    assert (odd["link"], odd["published"], odd["title"], odd["enclosures"]) == ("http://[bad", None, None, [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("not found", "no XML"),
        ("<!doctype html><html><body><p>Hi</body></html>", "a web page"),
        ("<svg/>", "a document of <svg>"),
        ("{}", "no JSON Feed"),
        ("{" * 100_000, "no JSON that can be read"),
        ('{"a":' * 100_000, "no JSON that can be read"),
        ('<?xml version="1.0"?><!-- <a> --><!DOCTYPE r [<!ENTITY a "b">]><rss/>', "entities"),
        ('<!DOCTYPE r SYSTEM "a" [<!ATTLIST r a CDATA "x">]><rss/>', "entities"),
    ],
)
def test_what_is_no_feed_is_told_by_what_it_is(text: str, says: str) -> None:
    with pytest.raises(NotAFeed, match=says):
        read(text.encode(), "", URL)


def test_entities_fetch_and_reveal_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for feeds")
    for doctype in (
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        f'<!DOCTYPE r SYSTEM "{secret.as_uri()}">',
    ):
        body = f"{doctype}<rss><channel><item><title>a&x;</title></item></channel></rss>"
        for given in (body.encode(), body.encode("utf-16"), body.encode("utf-16-be")):
            try:
                assert "not for feeds" not in str(read(given, "", URL))
            except NotAFeed:
                continue


ITEM = "<item><title>T</title><description>&lt;b&gt;x</description></item>"
ATTACKS = {
    "depth": "<rss><channel><item>" + "<a>" * 300_000,
    "ampersands": "<rss><channel>" + "&" * 500_000,
    "angles": "<rss><channel>" + "<" * 1_500_000,
    "comments": "<!--" * 400_000 + "<rss/>",
    "open instructions": "<?" * 700_000,
    "attributes": "<rss><channel><item " + " ".join(f"a{i}='1'" for i in range(100_000)) + "/>",
    "namespaces": "<rss " + " ".join(f"xmlns:a{i}='u{i}'" for i in range(50_000)) + "><channel>" + ITEM,
    "items": "<rss><channel>" + ITEM * 20_000,
    "children": "<rss><channel><item>" + "<link/>" * 200_000,
    "categories": "<rss><channel><item>" + "<category>x</category>" * 60_000,
    "deep html": "<rss><channel><item><description>" + "&lt;b&gt;" * 150_000,
    "open tags in a title": "<rss><channel><item><title>" + "&lt;a " * 200_000,
    "a long date": "<rss><channel><item><pubDate>" + "1 " * 700_000,
    "open cdata": "<rss><channel>" + "<![CDATA[" * 150_000,
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_feeds_take_no_longer_than_a_second(attack: str) -> None:
    began = time.process_time()
    try:
        feed = read(ATTACKS[attack].encode(), "", URL)
    except NotAFeed:
        feed = None
    assert time.process_time() - began < 1.5
    assert feed is None or (len(feed.entries) <= MOST_ITEMS and len(str(feed)) < 1_000_000)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<p>One\n two</p><p>Three</p>", "One two\n\nThree"),
        ("<ul><li>a<li>b</ul>after", "a\nb\n\nafter"),
        ("<style>p{}</style><script>x()</script><!-- no -->yes<br>no", "yes\nno"),
        ("<table><tr><td>1<td>2</table>", "1 2"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("broken <b>bold <i>both", "broken bold both"),
        ("", ""),
        ("<", "<"),
        ("<meta charset=utf-16>ü", "ü"),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    assert text_of(html) == text


async def poll(world: World, client: Any, cursor: Any) -> Found:
    return await poll_trigger(NEW_ITEM, {"url": f"{world.web.url}/feed"}, cursor, Reach(client))


@pytest.mark.anyio
async def test_a_poll_lists_the_oldest_first_and_asks_for_changes_only() -> None:
    def answer(seen: Seen) -> Reply:
        if seen.headers.get("If-None-Match") == 'W/"1"' and seen.headers.get("If-Modified-Since") == "yesterday":
            return Reply(304)
        return Reply(text=RSS, headers={"ETag": 'W/"1"', "Last-Modified": "yesterday"})

    async with world_and_client() as (world, client):
        world.web.on("GET", "/feed", answer)
        first = await poll(world, client, None)
        assert [item.key for item in first.items] == ["post-41", "https://blog.example.com/42?a=1&b=2"]
        second = await poll(world, client, first.cursor)
        assert (second.items, second.cursor) == ((), first.cursor)
        assert len(world.web.requests) == 2


@pytest.mark.anyio
async def test_failures_of_a_feed_say_what_to_do() -> None:
    async with world_and_client() as (world, client):
        for reply, failure, says in [
            (Reply(503, headers={"Retry-After": "120"}), "retry", "cannot answer now"),
            (Reply(410), "rejected", "status 410"),
            (Reply(text="<html><head></head></html>"), "rejected", "is no feed: it is a web page"),
            (Reply(body=b"<rss>" + b" " * 5 * 1024 * 1024), "rejected", "5 MiB"),
        ]:
            world.web.on("GET", "/feed", reply)
            with pytest.raises(CallFailed, match=says) as caught:
                await poll(world, client, None)
            assert caught.value.failure == failure
            assert (caught.value.retry_after_s == 120) is (reply.status == 503)


@pytest.mark.anyio
async def test_a_step_reads_a_feed() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/feed", Reply(text=RSS))
        output = await perform(READ.kind, {"url": f"{world.web.url}/feed", "limit": 1}, Reach(client))
        assert (output["title"], output["count"]) == ("A blog", 1)
        assert output["items"][0]["published"] == "2026-11-23T09:30:00Z"
