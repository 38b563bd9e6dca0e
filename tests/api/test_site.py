"""The web app's files: which address leads to which, how they are kept and sent, and that nothing else gets out."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from plainwork.api.app import create_app
from plainwork.settings import Settings
from tests.api.support import listening

PAGES = {
    "index.html": "agents",
    "setup.html": "set-up",
    "agents/new.html": "new agent",
    "agents/[agent].html": "one agent",
    "agents/[agent]/history.html": "its history",
    "404.html": "not here",
    "theme.js": "theme()",
    "favicon.svg": "<svg/>",
    "_next/static/chunks/a.js": "a()",
    "_next/static/media/f.woff2": "font",
}
PACKED = ("index.html", "_next/static/chunks/a.js")
HTML = {"Accept": "text/html,*/*;q=0.8"}


def built(place: Path) -> Path:
    """A site, with what is none of its business beside it."""
    root = place / "site"
    for name, text in PAGES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name in PACKED:
        (root / f"{name}.gz").write_bytes(gzip.compress(PAGES[name].encode()))
        (root / f"{name}.br").write_bytes(b"br of " + name.encode())
    (place / "secret.html").write_text("hidden")
    (root / "leak.html").symlink_to(place / "secret.html")
    (root / "out").symlink_to(place)
    return root


def app_with(pages: Path) -> FastAPI:
    nothing: Any = None
    settings = Settings(data_dir=pages.parent / "data")
    return create_app(settings, nothing, nothing, nothing, nothing, nothing, pages=pages)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    headers = {"Accept-Encoding": "identity"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://plainwork.test", headers=headers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def app(folder: Path) -> FastAPI:
    return app_with(folder)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize(
    ("address", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/?status=failed", "index.html", "text/html; charset=utf-8"),
        ("/setup?token=x", "setup.html", "text/html; charset=utf-8"),
        ("/agents/new", "agents/new.html", "text/html; charset=utf-8"),
        ("/agents/0192-a", "agents/[agent].html", "text/html; charset=utf-8"),
        ("/agents/é%20b", "agents/[agent].html", "text/html; charset=utf-8"),
        ("/agents/x/history", "agents/[agent]/history.html", "text/html; charset=utf-8"),
        ("/theme.js", "theme.js", "text/javascript; charset=utf-8"),
        ("/favicon.svg", "favicon.svg", "image/svg+xml"),
        ("/_next/static/chunks/a.js", "_next/static/chunks/a.js", "text/javascript; charset=utf-8"),
        ("/_next/static/media/f.woff2", "_next/static/media/f.woff2", "font/woff2"),
    ],
)
async def test_an_address_leads_to_its_file(browser: httpx.AsyncClient, address: str, name: str, kind: str) -> None:
    answer = await browser.get(address)
    assert (answer.status_code, answer.text) == (200, PAGES[name])
    assert answer.headers["content-type"] == kind
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


async def test_a_page_that_is_not_there_says_so_to_browsers_and_to_programs(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/nothing", headers=HTML)
    assert (page.status_code, page.text) == (404, "not here")
    for address, headers in (("/nothing", {}), ("/_next/static/chunks/old.js", HTML), ("/api/v1/nothing", HTML)):
        answer = await browser.get(address, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


async def test_the_api_keeps_its_addresses(browser: httpx.AsyncClient) -> None:
    for address in ("/api", "/api/", "/api/v1", "/api/v1/agents/x/nothing"):
        for method in ("GET", "POST"):
            assert (await browser.request(method, address, headers=HTML)).status_code == 404
    assert (await browser.get("/api/v1/agents", headers=HTML)).status_code == 401
    assert (await browser.get("/apiary", headers=HTML)).text == "not here"
    assert (await browser.post("/agents/x")).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/_next/static/../../../secret.html",
        "/_next/static/%2e%2e/%2e%2e/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/..\\secret.html",
        "/..%5csecret.html",
        "/%00",
        "/index.html%00",
        "/leak",
        "/leak.html",
        "/out/secret.html",
        "//secret.html",
        "//evil.example/",
        "/etc/passwd",
        "//etc/passwd",
        "/%ff%fe",
        "/setup%0d%0aset-cookie:x=y",
        "/" + "a/" * 8000,
        "/" + "a" * 30_000,
        "/.",
        "/agents",
        "/agents/x/y/z",
    ],
)
async def test_no_address_leads_out_of_the_site(app: FastAPI, address: str) -> None:
    """Over a socket, with the address as it was written: what clients tidy up, an attacker does not."""
    async with listening(app) as server:
        reader, writer = await asyncio.open_connection(*server.removeprefix("http://").split(":"))
        writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n" % address.encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert int(head.split()[1]) in {400, 404}
    assert b"hidden" not in body
    assert b"set-cookie" not in head.lower()


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR ; q=1", "br"),
        ("gzip;q=0.0", None),
        ("", None),
        ("zstd", None),
    ],
)
async def test_it_is_sent_compressed_to_whom_takes_it(
    browser: httpx.AsyncClient, folder: Path, accepts: str, coding: str | None
) -> None:
    async with browser.stream("GET", "/", headers={"Accept-Encoding": accepts}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[coding]
    assert body == (folder / f"index.html{suffix}").read_bytes()
    assert answer.headers["content-length"] == str(len(body))
    unpacked = await browser.get("/setup", headers={"Accept-Encoding": accepts})
    assert "content-encoding" not in unpacked.headers


async def test_hashed_files_are_kept_forever_and_pages_are_asked_for(browser: httpx.AsyncClient) -> None:
    kept = await browser.get("/_next/static/chunks/a.js")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    page = await browser.get("/")
    assert page.headers["cache-control"] == "no-cache"
    tag = page.headers["etag"]
    for sent in (tag, f'"other", W/{tag}'):
        same = await browser.get("/", headers={"If-None-Match": sent})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await browser.get("/", headers={"If-None-Match": '"other"'})).status_code == 200
    packed = await browser.get("/", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert (packed.status_code, packed.headers["etag"] != tag) == (200, True)


async def test_head_tells_what_get_would(browser: httpx.AsyncClient) -> None:
    for address in ("/", "/agents/x", "/theme.js"):
        get, head = await browser.get(address), await browser.head(address)
        assert (head.status_code, dict(head.headers)) == (200, dict(get.headers))


async def test_a_slash_too_many_is_taken_away(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/agents/a%20%C3%A9/")
    assert (answer.status_code, answer.headers["location"]) == (308, "/agents/a%20%C3%A9")


async def test_a_site_that_is_built_again_shows_at_the_next_load(tmp_path: Path) -> None:
    folder = built(tmp_path)
    async with client_of(app_with(folder)) as browser:
        before = await browser.get("/")
        (folder / "index.html").write_text("anew")
        os.utime(folder / "index.html", ns=(1, 1))
        (folder / "more.html").write_text("more")
        after = await browser.get("/")
        assert (after.text, after.headers["etag"] != before.headers["etag"]) == ("anew", True)
        assert (await browser.get("/more")).text == "more"


async def test_without_a_site_a_plain_page_says_how_to_get_it(tmp_path: Path) -> None:
    async with client_of(app_with(tmp_path / "none")) as browser:
        for address in ("/", "/setup?token=x"):
            answer = await browser.get(address, headers=HTML)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/html")
            assert "make web" in answer.text
            assert "/api/v1/openapi.json" in answer.text
        assert (await browser.get("/agents/new", headers=HTML)).json()["code"] == "NotFound"
