"""The :class:`Database` that flows are given, and how it is opened from an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from opulse.db.wake import Wakes

P = ParamSpec("P")
T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  # an item


class Priority(IntEnum):
    """Which unit the one SQLite writer takes first when several wait (spine.md 9). PostgreSQL needs no order."""

    INGEST = 0  # a batch of sensor states waits for its 202
    ACTIVATION = 1  # an activation opens or closes
    MAIL = 2  # a burst of mails is claimed or its outcomes are recorded
    ANSWER = 3  # a person waits for the done page
    OTHER = 4  # everything else


class Database(Protocol):
    """Runs units. A unit is a plain function of a connection: no await inside, at most 2,000 rows or 50 ms of work."""

    dialect: Literal["sqlite", "postgresql"]
    wakes: Wakes

    async def write(
        self, unit: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``unit`` in a transaction of its own fate; when this returns it is durable, when it raises nothing happened."""
        ...

    async def write_first(
        self,
        priority: Priority,
        unit: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """``write``, but ahead of units with a larger ``priority``."""
        ...

    async def write_grouped(self, unit: Callable[[Connection, Sequence[I]], Sequence[T]], item: I) -> T:
        """``write`` for one of many small things: ``unit`` is handed all items of the moment, and returns a result for each.

        When one of them fails, each is written on its own, so that it takes no other with it: writing an item twice must be the
        same as once. ``unit`` is a module's function; it is the name of the group.
        """
        ...

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``query`` on a read-only snapshot."""
        ...

    async def look_up(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """``read`` for one statement that finds a handful of rows by their keys: microseconds of work.

        SQLite answers it at once, on the loop's thread: the way to a reader thread and back costs ten times the look-up.
        PostgreSQL is spared the two messages around a transaction. Each statement is a snapshot of its own.
        """
        ...

    async def close(self) -> None: ...


async def open_database(url: str) -> Database:
    """Open ``sqlite:///path/to/file`` or ``postgresql://user:password@host/name``.

    Raises:
        ValueError: the address names another kind of database.
    """
    if url.startswith("sqlite:///"):
        from opulse.db.sqlite import SqliteDatabase

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from opulse.db.postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise ValueError("a database address starts with sqlite:/// or postgresql://")
