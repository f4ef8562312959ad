"""One process serves a SQLite database: it has one writer, one evaluator, and frees at its start what its predecessor held."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SQLITE = "sqlite:///"


class DatabaseTaken(ValueError):
    """Another process serves this database; the message says what to do."""


@contextmanager
def owned(database: str) -> Iterator[None]:
    """Hold ``database`` as long as the block runs. PostgreSQL is shared; the lock of a killed process is free at once.

    Raises:
        DatabaseTaken: with what to do.
    """
    if not database.startswith(SQLITE):
        yield
        return
    path = Path(f"{database.removeprefix(SQLITE)}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseTaken(
                f"another process serves {path.with_suffix('')} already: stop it first, or give another folder with --data"
            ) from error
        yield
