"""Two processes on one SQLite database would each free what the other holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opulse.bootstrap.owning import DatabaseTaken, owned

HOLDS = """
import sys, time
from opulse.bootstrap.owning import owned
with owned(sys.argv[1]):
    print("holds", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_and_the_lock_of_a_killed_one_is_free(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'new' / 'opulse.db'}"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, database], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holds\n"
        with pytest.raises(DatabaseTaken, match=r"opulse\.db already: stop it first"), owned(database):
            pass
        other.kill()
        other.wait()
        with owned(database):
            assert (tmp_path / "new" / "opulse.db.lock").exists()


def test_a_server_is_shared() -> None:
    with owned("postgresql://opulse@127.0.0.1/opulse"), owned("postgresql://opulse@127.0.0.1/opulse"):
        assert not Path("postgresql:").exists()
