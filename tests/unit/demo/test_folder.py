"""The demo's data folder: private, one process at a time, never somebody else's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from opulse.cli.demo.folder import forget_unfinished, load_state, locked, save_state
from opulse.cli.demo.models import DemoFailed, DemoState, MadeObjects, MadeScenario

STATE = DemoState(7, 2_000, "admin@acme.example", "secret words", "opi_key", "http://127.0.0.1:8080")
MADE = MadeObjects(
    "POOL_1", "CG_1", "acc", "WF_1", "rec", "opi_2", (MadeScenario("n", "SV_1", "WF_2", "g"),), "m", "opa"
)


def test_the_sign_in_is_found_again_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None
    state = msgspec.structs.replace(STATE, objects=MADE)
    save_state(tmp_path, state)
    assert load_state(tmp_path) == state
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_only_one_process_uses_a_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "demo"),
        pytest.raises(DemoFailed, match=r"runs on .* already"),
        locked(tmp_path / "demo"),
    ):
        pass
    with locked(tmp_path / "demo"):
        assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700


def test_an_installation_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "opulse.db").write_bytes(b"theirs")
    with pytest.raises(DemoFailed, match="no demo"):
        load_state(tmp_path)
    assert (tmp_path / "opulse.db").read_bytes() == b"theirs"


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(DemoFailed, match=r"remove .* and start again"):
        load_state(tmp_path)


def test_an_interrupted_start_leaves_nothing_behind(tmp_path: Path) -> None:
    save_state(tmp_path, STATE)
    (tmp_path / "opulse.db").write_bytes(b"half")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "000000001.eml").write_bytes(b"mail")
    (tmp_path / "yours.txt").write_text("kept")
    forget_unfinished(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["inbox", "yours.txt"]
