"""The demo's data folder: what it remembers, and that only one process uses it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from opulse.cli.demo.models import DemoFailed, DemoState

STATE_FILE = "demo.json"
LOCK_FILE = "demo.lock"
INBOX = "inbox"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder. Two processes on one database would both decide and both send.

    Raises:
        DemoFailed: another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoFailed(
                f"a demo runs on {folder} already; stop it, or give another folder with --data"
            ) from error
        yield


def load_state(folder: Path) -> DemoState | None:
    """What the last start left; None where there was none.

    Raises:
        DemoFailed: the folder belongs to something else, or the file is damaged.
    """
    path = folder / STATE_FILE
    if not path.exists():
        if (folder / "opulse.db").exists() or (folder / "opulse.env").exists():
            raise DemoFailed(
                f"{folder} holds an installation that is no demo; give another folder with --data"
            )
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoState)
    except msgspec.DecodeError as error:
        raise DemoFailed(f"{path} cannot be read ({error}); remove {folder} and start again") from error


def save_state(folder: Path, state: DemoState) -> None:
    """Written whole, for the owner alone."""
    draft = folder / f"{STATE_FILE}.new"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state), indent=2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / STATE_FILE)


def forget_unfinished(folder: Path) -> None:
    """Remove what an interrupted first start left: the database that this demo made, its mails, its state."""
    for name in ("opulse.db", "opulse.db-wal", "opulse.db-shm", "agent.json", STATE_FILE):
        (folder / name).unlink(missing_ok=True)
    for mail in (folder / INBOX).glob("*.eml"):
        mail.unlink()
