"""A workspace exported as files, and imported into itself and into another."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from plainwork.cli import program
from plainwork.db import workspaces
from plainwork.errors import Invalid
from tests.api.support import GREETER, Place, titled
from tests.api.test_agents import SCHEDULED
from tests.api.test_live import SIGNED, WRONG, codes

LOUD = titled("Greets", GREETER).replace("Hello", "HELLO")


async def exported(place: Place) -> dict[str, str]:
    return dict((await place.as_owner.ok("GET", "/workspace/export"))["files"])


async def imported(place: Place, files: dict[str, str], *, apply: bool = True) -> dict[str, Any]:
    return dict(await place.as_owner.ok("POST", "/workspace/import", json={"files": files, "apply": apply}))


async def set_variable(place: Place, name: str, value: Any) -> None:
    async with place.api.database.workspace(place.id) as connection:
        await workspaces.set_variable(connection, name, value)


async def variables(place: Place) -> dict[str, Any]:
    async with place.api.database.workspace(place.id) as connection:
        return await workspaces.variables(connection)


@pytest.fixture
async def full(place: Place) -> Place:
    """A workspace with something of everything."""
    owner = place.as_owner
    await owner.agent(GREETER, "Greets")
    clock = await owner.agent(SCHEDULED, "Clock")
    await owner.ok("PATCH", f"/agents/{clock['id']}/schedules/trigger-1", json={"paused": True})
    asleep = await owner.agent(GREETER, "Asleep", live=False)
    await owner.ok("PATCH", f"/agents/{asleep['id']}", json={"paused": True, "name": "Fast asleep"})
    body = {"value": "t0p secret", "about": "The shop's", "hosts": ["shop.example.org"], "agents": [clock["id"]]}
    await owner.ok("PUT", "/secrets/SHOP", json=body)
    await set_variable(place, "team", {"b": 1, "a": ["ü"]})
    return place


async def test_a_workspace_as_files(full: Place) -> None:
    files = await exported(full)
    assert list(files) == [
        *("agents/asleep.md", "agents/clock.md", "agents/greets.md"),
        *("plainwork.json", "secrets.json", "variables.json"),
    ]
    assert files["agents/greets.md"] == titled("Greets")
    state = json.loads(files["plainwork.json"])["agents"]
    assert state["clock"] == {"name": "Clock", "live": True, "paused": False, "paused_triggers": ["trigger-1"]}
    assert state["asleep"] == {"name": "Fast asleep", "live": False, "paused": True, "paused_triggers": []}
    need = {"about": "The shop's", "connector": None, "hosts": ["shop.example.org"], "agents": ["clock"]}
    assert json.loads(files["secrets.json"]) == {"SHOP": need}
    assert json.loads(files["variables.json"]) == {"team": {"b": 1, "a": ["ü"]}}
    assert "t0p secret" not in json.dumps(files)


async def test_the_same_workspace_gives_the_same_bytes_and_nothing_to_do(full: Place) -> None:
    files = await exported(full)
    before = await full.audited()
    done = await imported(full, files)
    assert {one["action"] for one in (*done["agents"], *done["variables"])} == {"same"}
    assert (done["missing_secrets"], done["left_alone"]) == ([], [])
    assert await exported(full) == files
    assert [entry.action for entry in await full.audited()][len(before) :] == ["workspace.imported"]


async def test_another_workspace_becomes_the_same(full: Place, other: Place) -> None:
    files = await exported(full)
    planned = await imported(other, files, apply=False)
    assert planned["applied"] is False
    assert [(one["slug"], one["action"], one["goes_live"]) for one in planned["agents"]] == [
        ("asleep", "new", False),
        ("clock", "new", True),
        ("greets", "new", True),
    ]
    assert planned["missing_secrets"] == ["SHOP"]
    assert (await other.as_owner.ok("GET", "/agents"))["agents"] == []
    done = await imported(other, files)
    assert done == planned | {"applied": True}
    again = await exported(other)
    assert again == files | {"secrets.json": "{}\n"}
    assert {one["live_version"] for one in (await other.as_owner.ok("GET", "/agents"))["agents"]} == {None, 1}
    assert await variables(other) == {"team": {"b": 1, "a": ["ü"]}}
    actions = [entry.action for entry in await other.audited()]
    assert [actions.count(one) for one in ("agent.created", "version.published", "agent.live")] == [3, 3, 2]
    assert actions[-1] == "workspace.imported"
    assert "schedule.paused" in actions


async def test_a_change_makes_one_version_and_is_told_in_sentences(full: Place) -> None:
    files = await exported(full) | {"agents/greets.md": LOUD}
    del files["agents/asleep.md"], files["plainwork.json"]
    files["plainwork.json"] = json.dumps({"format": 1, "agents": {"greets": {"name": "Greets", "live": True}}})
    planned = await imported(full, files, apply=False)
    by_slug = {one["slug"]: one for one in planned["agents"]}
    assert (by_slug["greets"]["action"], by_slug["greets"]["goes_live"]) == ("changed", True)
    assert any("Greet" in change for change in by_slug["greets"]["changes"])
    assert planned["left_alone"] == ["asleep"]
    await imported(full, files)
    agents = {one["slug"]: one for one in (await full.as_owner.ok("GET", "/agents"))["agents"]}
    assert {slug: (one["last_version"], one["live_version"]) for slug, one in agents.items()} == {
        "greets": (2, 2),
        "clock": (1, 1),
        "asleep": (1, None),
    }
    history = await full.as_owner.ok("GET", f"/agents/{agents['greets']['id']}/live/history")
    assert history["changes"][0]["reason"] == "Imported"
    await imported(full, files)
    assert (await full.as_owner.ok("GET", f"/agents/{agents['greets']['id']}"))["last_version"] == 2


async def test_what_is_not_ready_does_not_go_live(place: Place) -> None:
    state = {slug: {"name": slug, "live": True} for slug in ("signed", "greeter")}
    files = {"agents/signed.md": SIGNED, "agents/greeter.md": WRONG}
    files["plainwork.json"] = json.dumps({"format": 1, "agents": state})
    done = {one["slug"]: one for one in (await imported(place, files))["agents"]}
    assert {slug: (one["goes_live"], codes(one["unmet"])) for slug, one in done.items()} == {
        "signed": (False, ["secret-missing"]),
        "greeter": (False, ["example-failed"]),
    }
    agents = (await place.as_owner.ok("GET", "/agents"))["agents"]
    assert [(one["last_version"], one["live_version"]) for one in agents] == [(1, None), (1, None)]
    await place.as_owner.ok("PUT", "/secrets/SHOP", json={"value": "x"})
    done = {one["slug"]: one for one in (await imported(place, files))["agents"]}
    assert (done["signed"]["action"], done["signed"]["goes_live"]) == ("same", True)


async def test_one_document_with_errors_refuses_all(place: Place) -> None:
    files = {"agents/good.md": GREETER, "agents/bad.md": GREETER.replace("uses: set", "uses: sett")}
    refused = await place.as_owner.refused("POST", "/workspace/import", 422, json={"files": files, "apply": True})
    assert all(one["message"].startswith("agents/bad.md: ") for one in refused["findings"])
    assert (await place.as_owner.ok("GET", "/agents"))["agents"] == []
    body = {"files": {"agents/../x.md": GREETER}, "apply": True}
    assert codes((await place.as_owner.refused("POST", "/workspace/import", 422, json=body))["findings"]) == [
        "unknown-file"
    ]
    await place.as_owner.refused("POST", "/workspace/import", 422, json={"files": {"agents/a.md": 3}})
    body = {"files": {"variables.json": '{"not a name": 1}'}, "apply": True}
    await place.as_owner.refused("POST", "/workspace/import", 422, json=body)


async def test_it_takes_every_permission_that_it_uses(place: Place) -> None:
    for scopes in (["workspace:manage"], ["workspace:manage", "agents:read"]):
        await (await place.program(*scopes)).refused("GET", "/workspace/export", 403)
        await (await place.program(*scopes)).refused("POST", "/workspace/import", 403, json={"files": {}})
    for role in ("editor", "viewer"):
        await (await place.person(role)).refused("GET", "/workspace/export", 403)
    await (await place.person("admin")).ok("POST", "/workspace/import", json={"files": {}})


# ── The command line ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def command(module_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Any:
    monkeypatch.setenv("DATABASE_URL", module_database_url)
    monkeypatch.setenv("PLAINWORK_DATA_DIR", str(tmp_path_factory.mktemp("data")))

    async def invoke(*arguments: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, program, list(arguments), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert result.return_value == 0
        return result.output

    return invoke


async def slug_of(place: Place) -> str:
    return str((await place.as_owner.ok("GET", "/workspace"))["slug"])


async def test_a_folder_and_back(full: Place, other: Place, command: Any, tmp_path: Path) -> None:
    mine, theirs = await slug_of(full), await slug_of(other)
    folder = tmp_path / "workspace"
    assert "3 agents" in await command("export", str(folder), "-w", mine)
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == await exported(full)
    (folder / "agents" / "gone.md").write_text("# Gone\n")
    (folder / "README.md").write_text("Ours")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    await command("export", str(folder), "-w", mine)
    assert not (folder / "agents" / "gone.md").exists()
    assert (folder / "README.md").read_text() == "Ours"
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before
    said = await command("import", str(folder), "-w", theirs, "--plan")
    assert "+ clock: new, goes live" in said
    assert "! secret SHOP is not there" in said
    assert (await other.as_owner.ok("GET", "/agents"))["agents"] == []
    done = json.loads(await command("import", str(folder), "-w", theirs, "--json"))
    assert (done["applied"], len(done["agents"])) == (True, 3)
    assert await exported(other) == found | {"secrets.json": "{}\n"}
    system = [entry for entry in await other.audited() if entry.action == "workspace.imported"]
    assert [entry.actor.kind for entry in system] == ["system"]


async def test_a_folder_that_is_none(full: Place, other: Place, command: Any, tmp_path: Path) -> None:
    slug = await slug_of(full)
    for folder, word in ((tmp_path / "nothing", "no such folder"), (tmp_path, "no workspace in this folder")):
        with pytest.raises(Exception, match=word):
            await command("import", str(folder), "-w", slug)
    with pytest.raises(Exception, match="no workspace"):
        await command("export", str(tmp_path), "-w", "nobodys")
    with pytest.raises(Exception, match="--workspace"):
        await command("export", str(tmp_path))
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "Not A Slug.md").write_text("# X\n")
    with pytest.raises(Invalid):
        await command("import", str(tmp_path), "-w", slug)
    (tmp_path / "agents" / "Not A Slug.md").unlink()
    (tmp_path / "agents" / "link.md").symlink_to("/etc/hostname")
    with pytest.raises(Exception, match="link"):
        await command("import", str(tmp_path), "-w", slug)
