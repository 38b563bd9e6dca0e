"""The permission matrix: one table in the code, the same in ``docs/security.md``."""

from __future__ import annotations

import re
from pathlib import Path

from plainwork.api.auth import MEANINGS, OPEN, ROLES, SCOPES, Permission
from plainwork.db import workspaces
from tests.api.support import Place

SECURITY = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")


def test_the_manual_shows_the_matrix_of_the_application() -> None:
    table = re.search(r"\| permission \| lets people \|(.*?)\n\n", SECURITY, re.DOTALL)
    assert table
    header, _, *rows = table[0].strip().splitlines()
    roles = [cell.strip() for cell in header.strip("|").split("|")][2:]
    assert sorted(roles) == sorted(ROLES)
    told = {}
    for row in rows:
        name, meaning, *marks = [cell.strip() for cell in row.strip("|").split("|")]
        told[name.strip("`")] = (meaning, {role for role, mark in zip(roles, marks, strict=True) if mark == "✓"})
    assert told == {
        permission.value: (MEANINGS[permission], {role for role in ROLES if permission in ROLES[role]})
        for permission in MEANINGS
    }


def test_every_permission_has_a_meaning_and_a_role() -> None:
    assert set(MEANINGS) == set(Permission) - {*OPEN, Permission.ACCOUNT}
    assert set(SCOPES) <= {permission.value for permission in MEANINGS}
    assert set(ROLES) == set(workspaces.ROLES)
    assert set().union(*ROLES.values()) == set(MEANINGS)


async def test_a_key_is_given_no_more_than_its_maker_has(place: Place) -> None:
    admin = await place.person("admin")
    refused = await admin.refused("POST", "/api-keys", 403, json={"name": "k", "scopes": ["workspace:own"]})
    assert "workspace:own" in refused["detail"]
    made = await admin.ok("POST", "/api-keys", 201, json={"name": "k", "scopes": ["members:manage"]})
    assert made["scopes"] == ["members:manage"]
    await admin.refused("POST", "/api-keys", 422, json={"name": "k", "scopes": ["everything"]})
