"""The installation's keys: made once, kept private, the same for every process."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from opulse.bootstrap.keys import KEY_FILE, load_keys
from opulse.ports import SecretBox, SecretUnreadable
from opulse.settings import Settings, load_settings

GIVEN = "an administrator's own secret of good length"


def settings(folder: Path, **options: str) -> Settings:
    return load_settings(folder, **options)


def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    first = load_keys(settings(tmp_path / "data"))
    assert load_keys(settings(tmp_path / "data")) == first
    assert len(first.digest) == 32
    assert [len(secret) for _, secret in first.links] == [32]
    assert Fernet(first.sealing[0]).decrypt(Fernet(first.sealing[0]).encrypt(b"x")) == b"x"


def test_the_key_file_is_the_owners_alone(tmp_path: Path) -> None:
    load_keys(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE], "no draft is left behind"


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    one, other = load_keys(settings(tmp_path / "a")), load_keys(settings(tmp_path / "b"))
    assert one.digest != other.digest
    assert one.sealing != other.sealing
    assert one.links != other.links


def test_processes_that_start_at_once_take_the_same_keys(tmp_path: Path) -> None:
    """Else the loser's first sealed secrets could never be opened again."""
    with ThreadPoolExecutor(12) as pool:
        loaded = list(pool.map(lambda _: load_keys(settings(tmp_path)), range(24)))
    assert len({keys.digest for keys in loaded}) == 1
    assert loaded[0] == load_keys(settings(tmp_path))


def test_a_given_secret_makes_the_same_keys_everywhere_and_no_file(tmp_path: Path) -> None:
    one = load_keys(settings(tmp_path / "a", secret_key=GIVEN))
    other = load_keys(settings(tmp_path / "b", secret_key=GIVEN))
    assert one == other
    assert not (tmp_path / "a" / KEY_FILE).exists()
    assert one != load_keys(settings(tmp_path / "c", secret_key=GIVEN + "!"))


def test_keys_from_one_secret_are_independent(tmp_path: Path) -> None:
    keys = load_keys(settings(tmp_path, secret_key=GIVEN))
    assert len({keys.digest, keys.links[0][1], keys.sealing[0]}) == 3
    assert GIVEN.encode() not in keys.sealing[0] + keys.digest + keys.links[0][1]


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{GIVEN}\n")
    monkeypatch.setenv("OPULSE_SECRET_KEY_FILE", str(secret))
    assert load_keys(settings(tmp_path)) == load_keys(settings(tmp_path, secret_key=GIVEN))


def test_a_secret_file_that_cannot_be_read_is_an_error_and_no_empty_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPULSE_SECRET_KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(ValueError, match="OPULSE_SECRET_KEY_FILE: cannot read"):
        settings(tmp_path)


def test_what_an_older_key_sealed_is_still_read_and_a_foreign_key_is_told() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    sealed = SecretBox([old]).seal("secret")
    assert SecretBox([new, old]).open(sealed) == "secret"
    with pytest.raises(SecretUnreadable, match="restore the key file"):
        SecretBox([new]).open(sealed)
