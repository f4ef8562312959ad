"""SQLite: one writer thread with group commit, many read-only connections.

Sixty-four threads that each open a write transaction starve each other; one thread that takes units from a queue does not,
and one fsync pays for every unit that waited. Each unit runs in its own savepoint, so one that fails takes no other with it.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from opulse.db.engine import Priority
from opulse.db.grouped import GroupedWrites
from opulse.db.wake import Wakes, take_wakes

P = ParamSpec("P")
T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  # an item

READERS = 4
GROUP_SECONDS = 0.02  # a group takes no further unit after this long: the first one in it is waiting
GROUP_UNITS = 256


@dataclass(order=True)
class _Item:
    priority: int
    number: int
    run: Callable[[Connection], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


class SqliteDatabase:
    """See :class:`opulse.db.engine.Database`."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.wakes = Wakes()
        self._grouped = GroupedWrites(self.write)
        self.path = path
        self._writer = _engine(path, "BEGIN IMMEDIATE", 1, read_only=False)
        self._readers = _engine(path, "BEGIN", READERS, read_only=True)
        self._looker = _engine(path, "", 1, read_only=True)
        self._looking: Connection | None = None
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-read")
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write_for_ever, name="sqlite-write", daemon=True)
        self._thread.start()

    async def write(
        self, unit: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.write_first(Priority.OTHER, unit, *args, **kwargs)

    async def write_first(
        self,
        priority: Priority,
        unit: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if self._closing:
            raise RuntimeError("the database is closed")
        self._loop = asyncio.get_running_loop()
        future: Future[T] = Future()

        def run(conn: Connection) -> T:
            return unit(conn, *args, **kwargs)

        self._queue.put(_Item(int(priority), next(self._numbers), run, future))
        # shielded: the unit runs whether or not the caller still waits, so a cancelled wait must not poison the future
        return await asyncio.shield(asyncio.wrap_future(future))

    async def write_grouped(self, unit: Callable[[Connection, Sequence[I]], Sequence[T]], item: I) -> T:
        return await self._grouped.write(unit, item)

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def run() -> T:
            with self._readers.connect() as conn:
                return query(conn, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def look_up(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._looking is None:
            self._looking = self._looker.connect()
        return query(self._looking, *args, **kwargs)

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self._looking is not None:
            self._looking.close()
        self._looker.dispose()
        self._queue.put(_Item(99, next(self._numbers), lambda conn: None, Future()))
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._pool.shutdown(wait=True)
        self._readers.dispose()
        self._writer.dispose()

    def _write_for_ever(self) -> None:
        with self._writer.connect() as conn:
            while True:
                first = self._queue.get()
                if first.priority == 99:
                    return
                self._write_group(conn, first)

    def _write_group(self, conn: Connection, first: _Item) -> None:
        """Run ``first`` and whoever waits behind it under one commit, then tell each of them its result."""
        done: list[tuple[_Item, Any]] = []
        taken = [first]
        topics: set[str] = set()
        until = time.monotonic() + GROUP_SECONDS
        item: _Item | None = first
        urgent = first.priority
        try:
            with conn.begin():
                while item is not None:
                    topics |= self._run_one(conn, item, done)
                    urgent = min(urgent, item.priority)
                    item = self._next_in_group(urgent, until, len(done))
                    if item is not None:
                        taken.append(item)
        except BaseException as error:  # no transaction, or no commit: everyone in the group must hear of it
            take_wakes(conn)
            for waiting in taken:
                if not waiting.future.done():
                    waiting.future.set_exception(error)
            return
        if topics and self._loop is not None and not self._loop.is_closed():
            # before the results: whoever hears that a key was revoked must not find it believed still
            self._loop.call_soon_threadsafe(partial(self.wakes.set, topics))
        for finished, result in done:
            finished.future.set_result(result)

    def _run_one(self, conn: Connection, item: _Item, done: list[tuple[_Item, Any]]) -> set[str]:
        """Run one unit in a savepoint of its own. Returns the topics that it woke; none when it failed.

        The savepoint is the driver's: SQLAlchemy's costs as much as a small unit, and there are thousands in an incident.
        """
        _tell(conn, "SAVEPOINT unit")
        try:
            result = item.run(conn)
        except Exception as error:
            _tell(conn, "ROLLBACK TO unit")
            _tell(conn, "RELEASE unit")
            take_wakes(conn)
            item.future.set_exception(error)
            return set()
        _tell(conn, "RELEASE unit")
        done.append((item, result))
        return take_wakes(conn)

    def _next_in_group(self, urgent: int, until: float, taken: int) -> _Item | None:
        """The next unit that waits; None when the group is full, or when what is ``urgent`` in it would wait for less urgent."""
        if taken >= GROUP_UNITS or time.monotonic() > until:
            return None
        try:
            item = self._queue.get_nowait()
        except queue.Empty:
            return None
        if item.priority > urgent:
            self._queue.put(item)
            return None
        return item


def _tell(conn: Connection, statement: str) -> None:
    """Have the driver run ``statement``; what goes wrong is SQLAlchemy's error, as from any other statement."""
    driver = conn.connection.driver_connection
    assert driver is not None, "the writer's connection is open as long as its thread runs"
    try:
        driver.execute(statement)
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error


def _engine(path: str, begin: str, size: int, *, read_only: bool) -> Engine:
    """``begin`` opens transactions; empty: there are none, every statement is a snapshot of its own."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, record: Any) -> None:
        dbapi.isolation_level = None  # SQLAlchemy's begin event below opens transactions, not the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "temp_store=MEMORY",
            f"cache_size={'-16000' if read_only else '-64000'}",  # kB; the writer keeps an incident's indexes at hand
            "wal_autocheckpoint=8000",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    if begin:

        @event.listens_for(engine, "begin")
        def _begin(conn: Connection) -> None:
            conn.exec_driver_sql(begin)

    return engine
