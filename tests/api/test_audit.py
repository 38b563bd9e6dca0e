"""The audit log over HTTP and on the command line: looked through, exported, and checked for what was meddled with."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from plainwork.cli import program
from plainwork.db import audit
from tests.api.support import Api, Place


@pytest.fixture
async def place(api: Api) -> Place:
    """A workspace in which something was done."""
    place = await api.place("Audited")
    agent = await place.as_owner.agent(title="=SUM(A1)")
    await place.as_owner.ok("PUT", "/secrets/CHEST", json={"value": "the treasure itself"})
    await place.as_owner.ok("DELETE", "/secrets/CHEST")
    await place.as_owner.ok("PATCH", f"/agents/{agent['id']}", json={"name": "Renamed"})
    return place


async def seqs(place: Place, **filters: Any) -> list[int]:
    found = await place.as_owner.ok("GET", "/audit", params=filters)
    return [entry["seq"] for entry in found["entries"]]


async def test_entries_are_found_by_what_was_done_to_what_by_whom_and_when(place: Place) -> None:
    everything = (await place.as_owner.ok("GET", "/audit"))["entries"]
    assert [entry["seq"] for entry in everything] == list(range(len(everything), 0, -1))
    by_action = {entry["action"]: entry for entry in everything}
    sealed, renamed = by_action["secret.deleted"], by_action["agent.changed"]
    assert sealed["actor_kind"] == "api_key"
    assert await seqs(place, action="secret.deleted") == [sealed["seq"]]
    assert sealed["seq"] in await seqs(place, action="secret.")
    assert await seqs(place, action="secret") == []
    assert await seqs(place, target=f"agent:{renamed['target_id']}", action="agent.changed") == [renamed["seq"]]
    assert await seqs(place, target="secret", actor="user") == []
    assert renamed["seq"] in await seqs(place, actor=f"api_key:{renamed['actor_id']}")
    assert await seqs(place, until=everything[-1]["at"]) == []
    assert len(await seqs(place, since=everything[-1]["at"])) == len(everything)
    assert "treasure" not in json.dumps(everything)


async def test_pages_follow_each_other_without_a_gap(place: Place) -> None:
    whole = await seqs(place)
    found, before = [], None
    while True:
        params = {"limit": 2} | ({"before": before} if before else {})
        page = await place.as_owner.ok("GET", "/audit", params=params)
        found += [entry["seq"] for entry in page["entries"]]
        if (before := page["next"]) is None:
            break
    assert found == whole


async def test_a_filter_that_cannot_be_meant_is_refused(place: Place) -> None:
    problem = await place.as_owner.refused("GET", "/audit", 400, params={"since": "2026-03-01T08:30:00"})
    assert "no zone" in problem["detail"]
    await place.as_owner.refused("GET", "/audit/verify", 400, params={"seq": 1})
    await place.as_owner.refused("GET", "/audit/verify", 422, params={"seq": 1, "hash": "zz"})


async def test_only_owners_and_admins_see_it(place: Place) -> None:
    for role, status in (("viewer", 403), ("editor", 403), ("admin", 200)):
        person = await place.person(role)  # type: ignore[arg-type]
        assert (await person.get("/api/v1/audit")).status_code == status


async def test_the_exported_file_can_be_checked_by_anybody(place: Place) -> None:
    answer = await place.as_owner.get("/api/v1/audit/export")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-')
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1]["action"] == "audit.exported"
    before = ""
    for number, line in enumerate(lines, 1):
        assert (line["seq"], line["prev_hash"]) == (number, before)
        before = line["hash"]
    assert hashlib.sha256(bytes.fromhex(before)).digest_size * 2 == len(before)


async def test_the_csv_holds_nothing_that_a_spreadsheet_would_carry_out(place: Place) -> None:
    answer = await place.as_owner.get("/api/v1/audit/export", params={"format": "csv", "action": "agent."})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows][:1] == ["agent.created"]
    assert not any(cell[:1] in {"=", "+", "@"} for row in rows for cell in row.values())


async def test_export_goes_on_over_many_pages(api: Api) -> None:
    place = await api.place("Busy")
    async with api.database.workspace(place.id) as connection:
        for number in range(450):
            await audit.append(connection, audit.SYSTEM, "test.made", ("test", str(number)))
    answer = await place.as_owner.get("/api/v1/audit/export", params={"action": "test.made"})
    assert [json.loads(line)["target_id"] for line in answer.text.splitlines()] == [str(n) for n in range(450)]


async def meddle(url: str, place: Place, change: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("set session_replication_role = replica")
        await owner.execute(f"{change} and workspace_id = '{place.id}'")
    finally:
        await owner.close()


async def test_what_was_changed_afterwards_shows(place: Place, module_database_url: str) -> None:
    verdict = await place.as_owner.ok("GET", "/audit/verify")
    assert verdict["is_whole"]
    head = verdict["head"]
    assert (await place.as_owner.ok("GET", "/audit/verify", params=head))["is_whole"]
    await meddle(module_database_url, place, "update audit_log set action = 'agent.deleted' where seq = 2")
    verdict = await place.as_owner.ok("GET", "/audit/verify")
    assert (verdict["is_whole"], verdict["broken_at"], verdict["head"]) == (False, 2, None)


async def test_a_log_that_was_written_anew_does_not_go_through_the_noted_head(place: Place) -> None:
    head = (await place.as_owner.ok("GET", "/audit/verify"))["head"]
    other = head | {"hash": "0" * 64}
    verdict = await place.as_owner.ok("GET", "/audit/verify", params=other)
    assert (verdict["is_whole"], verdict["broken_at"]) == (False, head["seq"])


async def test_the_command_checks_every_workspace(
    place: Place, module_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DATABASE_URL", module_database_url)
    monkeypatch.setenv("PLAINWORK_DATA_DIR", str(tmp_path_factory.mktemp("data")))

    async def verify(*options: str) -> tuple[int, Any]:
        result = await asyncio.to_thread(
            CliRunner().invoke, program, ["audit", "verify", "--json", *options], standalone_mode=False
        )
        if result.exception is not None:
            raise result.exception
        return result.return_value, {one["workspace"]: one for one in json.loads(result.output)["workspaces"]}

    async with place.api.database.workspace(place.id) as connection:
        slug = await connection.fetchval("select slug from workspaces where id = $1", place.id)
    code, found = await verify("--workspace", slug)
    assert (code, found[slug]["is_whole"]) == (0, True)
    head = found[slug]["head"]
    assert (await verify("--workspace", slug, "--head", head))[0] == 0
    number = int(head.partition(":")[0])
    code, found = await verify("--workspace", slug, "--head", f"{number}:{'0' * 64}")
    assert (code, found[slug]["broken_at"]) == (1, number)
    await meddle(module_database_url, place, "delete from audit_log where seq = 1")
    code, found = await verify()
    assert (code, found[slug]["broken_at"]) == (1, 2)
