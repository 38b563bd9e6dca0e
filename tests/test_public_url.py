"""Where this installation is reached from outside, as addresses that leave it say."""

from __future__ import annotations

import pytest

from plainwork.errors import Invalid
from plainwork.settings import Settings


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({}, "http://127.0.0.1:8700"),
        ({"PLAINWORK_HOST": "::1", "PLAINWORK_PORT": "9000"}, "http://[::1]:9000"),
        ({"PLAINWORK_PUBLIC_URL": "https://flows.example.org/"}, "https://flows.example.org"),
        ({"PLAINWORK_PUBLIC_URL": " https://example.org/flows "}, "https://example.org/flows"),
    ],
)
def test_the_address(env: dict[str, str], address: str) -> None:
    assert Settings.from_env({"PLAINWORK_DATA_DIR": "/data"} | env).address == address


@pytest.mark.parametrize("url", ["flows.example.org", "ftp://example.org", "https://", "https://x/?a=b", "http://[::1"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="PLAINWORK_PUBLIC_URL"):
        Settings.from_env({"PLAINWORK_DATA_DIR": "/data", "PLAINWORK_PUBLIC_URL": url})
