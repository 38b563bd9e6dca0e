"""Changing an agent with care: comparing versions, a canary from its begin to its end, a replay, another workspace."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.rollout import BETTER, another_workspace, archive, changed_agent, run, run_until
from tests.browser.support import Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")


def test_a_canary_is_begun_compared_and_promoted(visit: Callable[..., Visitor], server: Server) -> None:
    agent = changed_agent(server)
    page = visit(server).go(f"/agents/{agent}/versions?version=2")
    page.get_by_role("button", name="Changes").click()
    expect(page.get_by_role("list", name="In words")).to_contain_text("New step “Count the words”")
    expect(page.get_by_role("list", name="Step by step")).to_contain_text("'letters'")
    expect(page.get_by_role("textbox", name="Version 1")).to_be_visible()

    page.get_by_role("button", name="More about version 2").click()
    page.get_by_role("menuitem", name="Try as a canary").click()
    page.get_by_role("textbox", name="Share in percent").fill("50")
    page.get_by_role("button", name="Begin the canary").click()
    expect(page.get_by_role("heading", name="Version 2 as a canary")).to_be_visible()
    expect(page.get_by_text("Too few runs to tell.")).to_be_visible()
    run_until(server, agent, candidate=1, live=1)
    ended = page.get_by_role("row", name="Runs that ended").get_by_role("cell")
    expect(ended.first).to_have_text(re.compile(r"[1-9]"))
    check_looks(page)
    page.get_by_role("link", name="Open in the editor").click()
    page.get_by_role("link", name="See how it fares").click()

    page.get_by_role("button", name="Make it live").click()
    page.get_by_role("dialog").get_by_role("button", name="Make it live").click()
    expect(page.get_by_role("list", name="Those that were")).to_contain_text("Promoted")
    page.get_by_role("tab", name="What was live").click()
    expect(page.get_by_role("list", name="What was live")).to_contain_text("After a canary")


def test_a_version_is_tried_on_past_runs_and_taken_elsewhere(visit: Callable[..., Visitor], server: Server) -> None:
    agent = changed_agent(server, "Sort the parcels")
    run(server, agent, inputs={"letter": "Good day"})
    another_workspace(server, "Production")
    page = visit(server).go(f"/agents/{agent}/versions?tab=shadow&version=2")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("The run would come to something else.")).to_be_visible()
    page.get_by_role("button", name="What differs in run").click()
    expect(page.get_by_text("New step")).to_be_visible()

    page.get_by_role("tab", name="All versions").click()
    page.get_by_role("button", name="More about version 2").click()
    page.get_by_role("menuitem", name="Take to another workspace").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is missing there.")
    dialog.get_by_role("button", name="Take it there").click()
    expect(page.get_by_text("It is version 1 in Production, and live.")).to_be_visible()


def test_a_workspace_is_taken_out_and_put_in_as_files(visit: Callable[..., Visitor], server: Server) -> None:
    agent = changed_agent(server, "Sort the cards")
    page = visit(server).go("/workspace")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export").click()
    with zipfile.ZipFile(downloading.value.path()) as exported:
        assert exported.testzip() is None
        document = exported.read("agents/sort-the-cards.md").decode()
    assert "# Sort the cards" in document

    page.get_by_role("button", name="Import").click()
    changed = BETTER.replace("Sort the letters", "Sort the cards")
    page.get_by_label("An archive").set_input_files(archive(sort_the_cards=changed, read_the_meter=BETTER))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("list", name="Agents")).to_contain_text("New step “Count the words” (set).")
    expect(dialog).to_contain_text("One file is left out")
    dialog.get_by_role("button", name="Import").click()
    expect(page.get_by_text("The files are imported.")).to_be_visible()
    assert server.call("GET", f"/api/v1/agents/{agent}/versions/2").json()["markdown"] == changed
