"""Where master keys come from, and what is said when they cannot be read."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from plainwork.errors import Invalid, Unavailable
from plainwork.vault import Key, master_keys
from plainwork.vault.masters import master_key


def test_the_default_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = master_key(None, tmp_path / "data")
    assert master_key(None, tmp_path / "data") == first
    assert (tmp_path / "data" / "vault.key").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["vault.key"]


def test_keys_are_read_from_the_setting_and_from_files(tmp_path: Path) -> None:
    raw = bytes(range(32))
    (tmp_path / "raw").write_bytes(raw)
    (tmp_path / "text").write_bytes(b64encode(raw) + b"\n")
    for setting in (f"local:{b64encode(raw).decode()}", f"file:{tmp_path / 'raw'}", f"file:{tmp_path / 'text'}"):
        assert master_key(setting, tmp_path) == Key(raw)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("local:c2hvcnQ=", "32 bytes"),
        ("local:!!!", "32 bytes"),
        ("s3cret-without-a-kind", "cannot be understood"),
        ("vault:/somewhere", "cannot be understood"),
        ("kms:alias/x", "cannot be understood"),
    ],
)
def test_a_bad_setting_is_refused_and_not_shown(tmp_path: Path, setting: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as caught:
        master_key(setting, tmp_path)
    assert setting not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nowhere"):
        master_key(f"file:{tmp_path / 'nowhere'}", tmp_path)


def test_a_key_never_shows_itself() -> None:
    key = Key.new()
    assert repr(key) == "Key()"
    assert key.id != Key.new().id


def test_several_are_told_apart_also_where_a_path_has_a_comma(tmp_path: Path) -> None:
    first, second = Key.new(), Key.new()
    (tmp_path / "of, old").write_bytes(b64encode(first.secret))
    text = b64encode(second.secret).decode()
    held = master_keys(f"file:{tmp_path / 'of, old'}, local:{text}", tmp_path)
    assert held.keys == (first, second)
    assert held.ids == [first.id, second.id]
