"""The settings of single sign-on and of the public address, read from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainwork.errors import Invalid
from plainwork.settings import Settings, SingleSignOn

OIDC = {
    "PLAINWORK_PUBLIC_URL": "https://plainwork.example.org/",
    "PLAINWORK_OIDC_ISSUER": "https://id.example.org/realms/team",
    "PLAINWORK_OIDC_CLIENT_ID": "plainwork",
    "PLAINWORK_OIDC_CLIENT_SECRET": "s3cret",
}


def test_single_sign_on_is_read_whole(tmp_path: Path) -> None:
    more = {"PLAINWORK_OIDC_DOMAINS": "Example.org, example.com", "PLAINWORK_OIDC_JOIN": "team:editor"}
    settings = Settings.from_env(OIDC | more, data_dir=tmp_path)
    assert settings.public_url == "https://plainwork.example.org"
    assert settings.single_sign_on == SingleSignOn(
        "https://id.example.org/realms/team", "plainwork", "s3cret", ("example.org", "example.com"), "team", "editor"
    )
    assert "s3cret" not in repr(settings)
    assert Settings.from_env(OIDC, data_dir=tmp_path).single_sign_on == SingleSignOn(
        "https://id.example.org/realms/team", "plainwork", "s3cret"
    )
    assert Settings.from_env({}, data_dir=tmp_path).single_sign_on is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"PLAINWORK_OIDC_CLIENT_ID": ""}, "CLIENT_ID"),
        ({"PLAINWORK_OIDC_CLIENT_SECRET": ""}, "CLIENT_SECRET"),
        ({"PLAINWORK_PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PLAINWORK_PUBLIC_URL": "plainwork.example.org"}, "PUBLIC_URL"),
        ({"PLAINWORK_PUBLIC_URL": "https://plainwork.example.org?x=1"}, "PUBLIC_URL"),
        ({"PLAINWORK_OIDC_ISSUER": "ftp://id.example.org"}, "ISSUER"),
        ({"PLAINWORK_OIDC_ISSUER": "https://id.example.org?x=1"}, "ISSUER"),
        ({"PLAINWORK_OIDC_JOIN": "team:owner"}, "JOIN"),
        ({"PLAINWORK_NEW_WORKSPACES": "everybody"}, "NEW_WORKSPACES"),
    ],
)
def test_what_cannot_be_understood_is_named(tmp_path: Path, wrong: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid, match=named):
        Settings.from_env(OIDC | wrong, data_dir=tmp_path)
