"""Pictures of every screen and state, wide and narrow, light and dark: ``python -m tests.browser.screenshots [NAME…]``.

They land in build/screenshots as NAME.WIDTH.THEME.png, for people to look at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.acts import (
    Act,
    agent_settings,
    break_text,
    choose_files,
    choose_from,
    click,
    code_asked,
    draft,
    edit_condition,
    fill_in,
    make_live,
    name_a_step,
    new_recovery_codes,
    not_ready,
    nothing,
    on_canvas,
    open_findings,
    press,
    select,
    send_empty,
    session_ended,
    still_loading,
    tab,
    talk,
    then,
    two_texts,
    type_offline,
    unfold,
    without_server,
    wrong_password,
)
from tests.browser.rollout import another_workspace, begun_canary, changed_agent, failing_canary
from tests.browser.seed import Seeded, seed
from tests.browser.seed_people import People
from tests.browser.support import Visitor, chromium_path, launched, serving
from tests.browser.watch import AT_REST, NARROW, THEMES, WIDE
from tests.journeys.server import Server
from tests.world import running_world

FOLDER = Path(__file__).parents[2] / "build/screenshots"


@dataclass(frozen=True)
class Shot:
    """One state of one screen: where it is, and what is done there before the picture is taken."""

    name: str
    path: str
    act: Act = nothing
    signed_in: bool = True
    is_new: bool = False
    """On a server that has no agents yet."""
    who: Server | None = None
    """The server as somebody else than the owner sees it."""


def shots(seeded: Seeded, server: Server) -> Iterator[Shot]:
    """All of them."""
    yield from shots_of_agents(seeded)
    yield from shots_of_the_editor(seeded)
    yield from shots_of_bad_luck(seeded, server)
    yield from shots_of_runs(seeded)
    yield from shots_of_figures(seeded)
    yield from shots_of_the_inbox()
    yield from shots_of_settings(seeded.people)
    yield from shots_of_the_way_in(seeded.people)
    yield from shots_of_triggers(seeded)
    yield from shots_of_versions(server)
    yield from shots_of_pages_for_others(seeded.doors)


def shots_of_agents(seeded: Seeded) -> Iterator[Shot]:
    """The way in, the list of agents, a new one."""
    yield Shot("sign-in", "/sign-in", signed_in=False)
    yield Shot("sign-in-refused", "/sign-in", wrong_password, signed_in=False)
    yield Shot("agents-none", "/", is_new=True)
    yield Shot("agents", "/")
    yield Shot("agents-loading", "/", still_loading)
    yield Shot("agents-menu", "/", click("button", "more about morning digest"))
    yield Shot("agents-delete", "/", choose_from("more about morning digest", "delete"))
    yield Shot("agents-run", "/", choose_from("more about book the orders", "run now"))
    yield Shot("palette", "/", press("Control+k"))
    yield Shot("person-menu", "/", click("button", "theme and sign out|you"))
    yield Shot("server-gone", "/", without_server)
    yield Shot("session-ended", "/", session_ended)
    yield Shot("not-found", "/nowhere")
    yield Shot("new-agent", "/agents/new")
    yield Shot("new-agent-draft", "/agents/new", draft)


def shots_of_the_editor(seeded: Seeded) -> Iterator[Shot]:
    """The editor, its panel, its dialogs."""
    at = {title: f"/agents/{agent}" for title, agent in seeded.agents.items()}
    editor = at["Morning digest"]
    yield Shot("editor", editor)
    yield Shot("editor-loading", editor, still_loading)
    yield Shot("editor-text", editor, tab("Text"))
    yield Shot("editor-source", editor, then(tab("Text"), click("button", "^source$")))
    yield Shot("editor-json", editor, then(tab("Text"), click("button", "^json$")))
    yield Shot("editor-step", editor, then(select("Fetch the posts"), tab("Settings")))
    yield Shot("editor-model-step", editor, then(select("Sum them up"), tab("Settings")))
    yield Shot("editor-agent-settings", editor, agent_settings)
    yield Shot("editor-add-step", editor, on_canvas("/"))
    yield Shot("editor-name-step", editor, name_a_step)
    yield Shot("editor-condition", editor, edit_condition)
    yield Shot("editor-keys", editor, on_canvas("?"))
    yield Shot("editor-menu", editor, click("button", "^more$"))
    yield Shot("editor-run", f"{editor}?run={seeded.runs['succeeded']}")
    yield Shot("editor-run-failed", f"{at['Book the orders']}?run={seeded.runs['failed']}")
    yield Shot("editor-running", f"{at['Ask the slow archive']}?run={seeded.runs['running']}", tab("Canvas"))
    yield Shot("editor-inputs", at["Book the orders"], click("button", "^run"))
    yield Shot("editor-make-live", at["Remind of invoices"], make_live)
    yield Shot("editor-not-ready", at["Reserve what is asked for"], not_ready)
    yield Shot("editor-viewer", editor, who=seeded.people.max)
    yield Shot("editor-foreach", at["Book the orders"])
    yield Shot("editor-triage", at["Support triage"], on_canvas("f"))
    yield Shot("editor-500", at["A long agent"])
    yield Shot("editor-empty", at["A blank page"])
    yield Shot("editor-findings", at["Greet the newcomers"], open_findings)
    yield Shot("editor-missing", "/agents/00000000-0000-7000-8000-000000000000")


def shots_of_bad_luck(seeded: Seeded, server: Server) -> Iterator[Shot]:
    """What spoils a draft, on drafts that are there for it."""
    at = {title: f"/agents/{agent}" for title, agent in seeded.agents.items()}
    yield Shot("editor-broken", at["Broken while typing"], break_text)
    yield Shot("editor-broken-from-the-start", at["Broken while typing"])
    yield Shot("editor-offline", at["Typed while offline"], type_offline)
    conflict = two_texts(server, seeded.agents["Changed by two"])
    yield Shot("editor-conflict", at["Changed by two"], conflict)
    yield Shot("editor-conflict-both", at["Changed by two"], then(conflict, click("button", "look at both")))


def shots_of_runs(seeded: Seeded) -> Iterator[Shot]:
    """The list of runs, and one run in each state."""
    yield Shot("runs-none", "/runs", is_new=True)
    yield Shot("runs", "/runs")
    yield Shot("runs-loading", "/runs", still_loading)
    yield Shot("runs-failed", "/runs?status=failed")
    yield Shot("runs-no-match", "/runs?status=queued")
    for status, run in seeded.runs.items():
        yield Shot(f"run-{status}", f"/runs/{run}")
    failed = f"/runs/{seeded.runs['failed']}"
    for action in ("retry", "give its output", "discard"):
        yield Shot(f"run-failed-{action.split()[0]}", failed, click("button", action))
    yield Shot("run-asking-dialog", f"/runs/{seeded.runs['deciding']}", click("button", "^decide$"))
    yield Shot("run-step", f"/runs/{seeded.runs['succeeded']}?step=sum-them-up")
    yield Shot("run-missing", "/runs/00000000-0000-7000-8000-000000000000")


def shots_of_figures(seeded: Seeded) -> Iterator[Shot]:
    """What runs come to, and what they say."""
    yield Shot("figures-none", "/figures", is_new=True)
    yield Shot("figures", "/figures")
    yield Shot("figures-hours", "/figures?time=24h&by=step", lambda page: page.locator(".u-over").first.hover())
    yield Shot("figures-models", "/figures?by=model", lambda page: page.get_by_text("As a table").last.click())
    yield Shot("figures-agent", f"/figures?agent={seeded.agents['Book the orders']}")
    yield Shot("figures-loading", "/figures", still_loading)
    yield Shot("logs-none", "/logs", is_new=True)
    yield Shot("logs", "/logs")
    yield Shot("logs-search", "/logs?text=%22lost+its+list%22")
    yield Shot("logs-no-match", "/logs?text=unheard")
    yield Shot("logs-loading", "/logs", still_loading)


def shots_of_the_inbox() -> Iterator[Shot]:
    """What waits for a person."""
    yield Shot("inbox-none", "/inbox", is_new=True)
    yield Shot("inbox-none-runs", "/inbox?tab=runs", is_new=True)
    yield Shot("inbox-approvals", "/inbox?tab=approvals")
    yield Shot("inbox-closed", "/inbox?tab=approvals", click("button", "^closed$"))
    yield Shot("inbox-loading", "/inbox?tab=runs", still_loading)
    yield Shot("inbox-runs", "/inbox?tab=runs")
    chosen = click("checkbox", "choose all")
    yield Shot("inbox-chosen", "/inbox?tab=runs", chosen)
    yield Shot("inbox-retry", "/inbox?tab=runs", then(chosen, click("button", "^retry")))
    yield Shot("inbox-discard", "/inbox?tab=runs", then(chosen, click("button", "^discard")))


def shots_of_settings(people: People) -> Iterator[Shot]:
    """The account and the workspace, also as those see them who may do less."""
    yield Shot("account", "/account")
    yield Shot("account-loading", "/account", still_loading)
    yield Shot("account-second-factor", "/account", click("button", "add an authenticator"))
    yield Shot("account-password", "/account", click("button", "change password"))
    yield Shot("account-guarded", "/account", who=people.ada)
    yield Shot("recovery-codes", "/account", new_recovery_codes, who=people.ada)
    yield Shot("workspace", "/workspace")
    yield Shot("workspace-viewer", "/workspace", who=people.max)
    yield Shot("workspace-delete", "/workspace", click("button", "delete"))
    yield Shot("members", "/workspace/members")
    yield Shot("members-loading", "/workspace/members", still_loading)
    yield Shot("members-menu", "/workspace/members", click("button", "more about ada"))
    yield Shot("members-remove", "/workspace/members", choose_from("more about ada", "take out"))
    yield Shot("members-viewer", "/workspace/members", who=people.max)
    yield Shot("members-invite", "/workspace/members", click("button", "invite somebody"))
    secrets = "/workspace/secrets"
    yield Shot("secrets-none", secrets, is_new=True)
    yield Shot("secrets", secrets)
    yield Shot("secrets-loading", secrets, still_loading)
    yield Shot("secrets-menu", secrets, click("button", "more about openai"))
    yield Shot("secrets-add", secrets, then(click("button", "^add a secret$"), unfold("Who may use it")))
    yield Shot("secrets-use", secrets, choose_from("more about shop_db", "who may use it"))
    yield Shot("secrets-limits", secrets, choose_from("more about shop_db", "limits"))
    yield Shot("secrets-delete", secrets, choose_from("more about shop_db", "delete"))
    yield Shot("connect", secrets, then(click("button", "^connect airtable$"), unfold("What it may do")))
    yield Shot("keys-none", "/workspace/api-keys", is_new=True)
    yield Shot("keys", "/workspace/api-keys")
    yield Shot("keys-end", "/workspace/api-keys", click("button", "^end the key nightly"))
    yield Shot("keys-new", "/workspace/api-keys", click("button", "new key"))
    yield Shot("limits", "/workspace/limits")
    yield Shot("limits-viewer", "/workspace/limits", who=people.max)
    yield Shot("audit", "/workspace/audit")
    yield Shot("audit-loading", "/workspace/audit", still_loading)
    yield Shot("audit-filter", "/workspace/audit", click("combobox", "^about$"))
    yield Shot("audit-viewer", "/workspace/audit", who=people.max)
    yield Shot("audit-checked", "/workspace/audit", click("button", "check the log"))


def shots_of_the_way_in(people: People) -> Iterator[Shot]:
    """Signing in with a code, a lost password, and invitations in each state."""
    yield Shot("sign-in-code", "/sign-in", code_asked, signed_in=False)
    yield Shot("sign-in-recovery", "/sign-in", then(code_asked, click("button", "recovery code")), signed_in=False)
    yield Shot("sign-in-sso-refused", "/sign-in?sso=unknown", signed_in=False)
    yield Shot("reset-password-ask", "/reset-password", signed_in=False)
    yield Shot("reset-password", "/reset-password#token=made-up", signed_in=False)
    yield Shot("invitation", people.newcomer, signed_in=False)
    yield Shot("invitation-known", people.known, click("button", "have an account"), signed_in=False)
    yield Shot("invitation-join", people.known, who=people.max)
    yield Shot("invitation-for-another", people.known)
    yield Shot("enrolment", "/", who=people.grace)
    yield Shot("invitation-over", "/invitation#token=made-up", signed_in=False)


def shots_of_triggers(seeded: Seeded) -> Iterator[Shot]:
    """What starts an agent."""
    schedule, webhook = (f"/agents/{seeded.agents[title]}/triggers" for title in ("Morning digest", "Book the orders"))
    yield Shot("triggers-schedule", schedule)
    yield Shot("triggers-loading", schedule, still_loading)
    yield Shot("triggers-fill-in", schedule, then(click("button", "^fill in$"), click("button", "^see which$")))
    yield Shot("triggers-webhook", webhook)
    yield Shot("triggers-test", webhook, click("button", "^try it$"))
    yield Shot("triggers-addresses", webhook, click("button", "other addresses"))
    for kind, title in (("form", "Ask for your money back"), ("chat", "Ask the library"), ("poll", "Watch for orders")):
        yield Shot(f"triggers-{kind}", f"/agents/{seeded.agents[title]}/triggers")
    yield Shot("triggers-viewer", schedule, who=seeded.people.max)
    yield Shot("triggers-none-live", f"/agents/{seeded.agents['Remind of invoices']}/triggers")
    yield Shot("triggers-missing", "/agents/00000000-0000-7000-8000-000000000000/triggers")


def shots_of_versions(server: Server) -> Iterator[Shot]:
    """An agent's versions, and the ways of making one live with care."""
    changed, failed = changed_agent(server), failing_canary(server)
    versions, begun = f"/agents/{changed}/versions", f"/agents/{begun_canary(server)}"
    another_workspace(server, "Production")
    yield Shot("versions", f"{versions}?version=2")
    yield Shot("versions-loading", versions, still_loading)
    yield Shot("versions-missing", "/agents/00000000-0000-7000-8000-000000000000/versions")
    yield Shot("versions-graph", f"{versions}?version=2", click("button", "^graph$"))
    yield Shot("versions-changes", f"{versions}?version=2&against=1")
    yield Shot("versions-draft", f"{versions}?version=draft")
    yield Shot("versions-run", f"{versions}?version=2", click("button", "^run$"))
    yield Shot("versions-make-live", f"{versions}?version=2", click("button", "^make live$"))
    promote = then(click("button", "more about version 2"), click("menuitem", "take to another workspace"))
    yield Shot("versions-promote", f"{versions}?version=2", promote)
    yield Shot("versions-live-history", f"{begun}/versions?tab=live")
    yield Shot("canary-begin", f"{versions}?tab=canary")
    yield Shot("canary-under-way", f"{begun}/versions?tab=canary")
    yield Shot("canary-in-editor", begun)
    yield Shot("canary-rolled-back", f"/agents/{failed}/versions?tab=canary")
    yield Shot("shadow", f"/agents/{failed}/versions?tab=shadow&version=2", click("button", "^replay$"))
    opened = then(click("button", "^replay$"), click("button", "what differs"))
    yield Shot("workspace-import", "/workspace", then(click("button", "^import$"), choose_files))
    yield Shot("shadow-opened", f"/agents/{failed}/versions?tab=shadow&version=2", opened)


def shots_of_pages_for_others(doors: dict[str, str]) -> Iterator[Shot]:
    """What somebody sees who has no account here."""
    yield Shot("form", doors["form"], signed_in=False)
    yield Shot("form-wrong", doors["form"], send_empty, signed_in=False)
    yield Shot("form-thanks", doors["form"], fill_in, signed_in=False)
    yield Shot("form-gone", "/forms/made-up/trigger-1", signed_in=False)
    yield Shot("chat", doors["chat"], signed_in=False)
    yield Shot("chat-answered", doors["chat"], talk, signed_in=False)


def take(browser: Browser, server: Server, shot: Shot) -> None:
    """The four pictures of one state."""
    for size in (WIDE, NARROW):
        visitor = Visitor.of(browser, shot.who or server, size=size, signed_in=shot.signed_in, has_touch=size == NARROW)
        page = visitor.go(shot.path)
        shot.act(page)
        page.wait_for_timeout(700)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(AT_REST)
            page.screenshot(path=FOLDER / f"{shot.name}.{size[0]}.{theme}.png")
        visitor.context.close()


def main(wanted: list[str]) -> int:
    """Takes the pictures whose names begin with one of ``wanted``, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = chromium_path()
    if path is None:
        print("Pictures need Chromium.")
        return 1
    failures = 0
    with (
        running_world() as world,
        launched(path) as browser,
        serving() as fresh,
        serving(PLAINWORK_SMTP_URL=world.post.url) as server,
    ):
        if is_wanted("set-up", wanted):
            take(browser, fresh, Shot("set-up", f"/setup?token={fresh.token}", signed_in=False))
        fresh.set_up()
        server.set_up()
        for shot in shots(seed(server, world), server):
            if not is_wanted(shot.name, wanted):
                continue
            try:
                take(browser, fresh if shot.is_new else server, shot)
            except Exception as why:
                failures += 1
                print(f"{shot.name}: {str(why).splitlines()[0]}")
    return 1 if failures else 0


def is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or name.startswith(tuple(wanted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
