"""Secrets and connections on screen: a value that is typed once, who may use it, and an account that a person connects at a
real provider."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editing import card, new_agent, open_editor, saved
from tests.browser.support import PASSWORD, Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server, free_port
from tests.people.provider import program

pytestmark = pytest.mark.xdist_group("browser")

VALUE = "a value that nobody sees again"
STRANGER = ("request to a stranger", "console", "uncaught")
"""What the provider's own page may do, which is none of ours."""
RECORDS = """# Keep the records

## Steps

### Add a record
```yaml step
uses: airtable.create
with: {base: app1, table: People, fields: {Name: Ada}}
```
"""
SHOP = """---
agentspec: 1
secrets:
  SHOP: What the shop asks for
---

# Ask the shop

## Steps

### Ask for orders
```yaml step
uses: http
account: SHOP
with: {url: "https://shop.example.org/orders"}
```
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider of OAuth in a process of its own, which knows Ada."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(program(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                send("PUT", f"{address}/users/ada", {"name": "Ada"})
                break
            except urllib.error.URLError:
                assert time.monotonic() < until, "the provider has not started"
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def send(method: str, url: str, body: object) -> bytes:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: bytes = answer.read()
        return found


def store_app(server: Server, provider: str) -> None:
    """Registers Plainwork with the provider, and stores that as the app of a workspace."""
    made = json.loads(
        send("POST", f"{provider}/oauth2/clients", {"redirect_uris": [f"{server.url}/connections/callback"]})
    )
    app = {
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
        "authorize_url": f"{provider}/oauth2/authorize",
        "token_url": f"{provider}/oauth2/token",
        "base_url": provider,
    }
    assert server.call("PUT", "/api/v1/secrets/Our%20app", {"value": app, "connector": "airtable"}).status == 200


def agree(page: Page, button: str, *, answer: str = "Authorize") -> Page:
    """Goes on to the provider's page and answers there; the page that comes back."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name=button).click()
    popup = opened.value
    popup.get_by_role("button", name=answer).wait_for()
    if answer == "Authorize":
        popup.locator("input[name=sub]").fill("ada")
    popup.get_by_role("button", name=answer).click()
    return popup


def choose(page: Page, row: str, item: str) -> None:
    """Chooses from the menu of a secret or a connection."""
    page.get_by_role("button", name=f"More about {row}").click()
    page.get_by_role("menuitem", name=item).click()


def test_an_account_is_connected_from_the_step_that_needs_it(
    visit: Callable[..., Visitor], server: Server, provider: str
) -> None:
    store_app(server, provider)
    visitor = visit(server)
    page = open_editor(visitor, new_agent(server, RECORDS))
    card(page, "Add a record").click()
    page.get_by_role("combobox", name="Account").click()
    page.get_by_role("option", name="Connect Airtable").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="App")).to_have_text("Our app")
    dialog.get_by_role("textbox", name="Name").fill("Records")
    dialog.get_by_text("What it may do").click()
    dialog.get_by_role("textbox", name="Scopes").fill("profile email")
    with visitor.watch.but(*STRANGER):
        agree(page, "Go on to Airtable", answer="Deny")
        expect(dialog.get_by_text("It was not connected.")).to_be_visible()
        dialog.get_by_role("button", name="Try again").click()
        agree(page, "Go on to Airtable")
        expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox", name="Account")).to_have_text("Records")
    saved(page)

    visitor.go("/workspace/secrets?connect=Records")
    expect(dialog).to_contain_text("Connect Records anew")
    check_looks(page)
    with visitor.watch.but(*STRANGER):
        agree(page, "Go on to Airtable")
        expect(page.get_by_text("Records is connected")).to_be_visible()
    connections = page.get_by_role("list", name="Connections")
    expect(connections).to_contain_text("Connected")
    expect(page.get_by_role("list", name="Secrets")).not_to_contain_text("Records")
    choose(page, "Records", "Remove")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No account is connected")).to_be_visible()


def test_a_secret_is_typed_once_and_never_seen_again(visit: Callable[..., Visitor], server: Server) -> None:
    assert server.call("POST", "/api/v1/agents", {"markdown": SHOP, "live": False}).status == 201
    visitor = visit(server)
    page = visitor.go("/workspace/secrets")
    page.get_by_role("button", name="Add a secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Seal it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Give it a name.")
    dialog.get_by_role("textbox", name="Name").fill("SHOP")
    dialog.get_by_label("Value").fill(VALUE)
    dialog.get_by_text("Who may use it").click()
    dialog.get_by_role("textbox", name="Sent to").fill("*.example.org")
    check_looks(page)
    dialog.get_by_role("button", name="Seal it").click()
    rows = page.get_by_role("list", name="Secrets")
    expect(rows).to_contain_text("Only to *.example.org")

    choose(page, "SHOP", "Who may use it")
    dialog.get_by_role("textbox", name="Sent to").fill("shop.example.org")
    dialog.get_by_role("button", name="Only these").click()
    dialog.get_by_role("checkbox", name="Ask the shop").click()
    dialog.get_by_role("button", name="Save").click()
    expect(rows).to_contain_text("Only to shop.example.org · only by Ask the shop")
    with visitor.watch.but("status of 403"):
        choose(page, "SHOP", "Who may use it")
        dialog.get_by_role("textbox", name="Sent to").fill("")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Replace its value, and say there where it may go.")
        page.keyboard.press("Escape")
    choose(page, "SHOP", "Limits")
    dialog.get_by_role("textbox", name="Uses a minute").fill("60")
    dialog.get_by_role("button", name="Save").click()
    expect(rows).to_contain_text("60 uses a minute")
    choose(page, "SHOP", "Replace the value")
    dialog.get_by_label("Value").fill(VALUE[::-1])
    dialog.get_by_role("button", name="Replace it").click()
    expect(dialog).to_be_hidden()
    expect(rows).to_contain_text("Only to shop.example.org · only by Ask the shop · 60 uses a minute")

    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])") + page.content()
    for value in (VALUE, VALUE[::-1]):
        assert value not in kept
        assert urlencode({"v": value}) not in kept
    choose(page, "SHOP", "Delete")
    expect(page.get_by_role("list", name="Agents that use it")).to_contain_text("Ask the shop")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("button", name="More about SHOP")).to_be_hidden()


def test_who_may_not_change_secrets_sees_their_names(visit: Callable[..., Visitor], server: Server) -> None:
    seen = {"value": VALUE, "about": "For the press", "hosts": ["press.example.org"]}
    assert server.call("PUT", "/api/v1/secrets/PRESS", seen).status == 200
    invited = server.call("POST", "/api/v1/invitations", {"email": "ed@example.org", "role": "editor"}).json()
    token = invited["link"].rpartition("token=")[2]
    body = {"token": token, "name": "Ed", "password": PASSWORD}
    made = server.call("POST", "/api/v1/invitations/accept", body, {"Cookie": ""})
    assert made.status == 201, made.body
    visitor = visit(server, signed_in=False)
    name, _, value = made.headers["set-cookie"].partition(";")[0].partition("=")
    visitor.context.add_cookies([{"name": name, "value": value, "url": server.url, "httpOnly": True}])
    page = visitor.go("/workspace/secrets")
    rows = page.get_by_role("list", name="Secrets")
    expect(rows).to_contain_text("PRESS")
    expect(rows).to_contain_text("For the press")
    expect(rows).not_to_contain_text("press.example.org")
    expect(page.get_by_text("Admins and owners add and change them.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Add a secret|More about|^Connect"))).to_have_count(0)
