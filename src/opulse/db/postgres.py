"""PostgreSQL over asyncpg. Units stay plain functions: SQLAlchemy runs them on a greenlet beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from opulse.db.engine import Priority
from opulse.db.grouped import GroupedWrites
from opulse.db.keepalive import give_up_soon
from opulse.db.notices import Notices
from opulse.db.wake import Wakes, take_wakes, take_wakes_elsewhere

P = ParamSpec("P")
T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  # an item

TRIES = 4
_AGAIN = (
    "40P01",
    "40001",
)  # deadlock detected, serialization failure: PostgreSQL asks for the same transaction again

# A process that was stopped, or whose host was cut off, keeps no row locked: the server ends its open transaction, and finds out
# about its dead connection, within these times. Its successor waits for no longer.
SESSION = {
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
    "jit": "off",  # it compiles for 15 ms what runs for one: our statements are many and short
}
CONNECT_SECONDS = 5.0


class _Unfinished(Exception):
    """The connection was lost before the commit was asked for: nothing happened, and the unit can be run again."""

    def __init__(self, error: DBAPIError) -> None:
        super().__init__(str(error))
        self.error = error


class PostgresDatabase:
    """See :class:`opulse.db.engine.Database`."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: str, size: int = 10) -> None:
        self.wakes = Wakes()
        self._grouped = GroupedWrites(self.write)
        self._address = url.split("://", 1)[1]
        self._engine = create_async_engine(
            f"postgresql+asyncpg://{self._address}",
            pool_size=size,
            max_overflow=5,
            connect_args={"server_settings": SESSION, "timeout": CONNECT_SECONDS},
        )
        event.listen(self._engine.sync_engine, "connect", _on_connect)
        # one snapshot for all statements of a query: two counts of one page must not contradict each other
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def write(
        self, unit: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._write_once(unit, *args, **kwargs)
            except _Unfinished as unfinished:
                if attempt == TRIES:
                    raise unfinished.error from unfinished
            except DBAPIError as error:
                if attempt == TRIES or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    raise
            await asyncio.sleep(0.02 * attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def write_first(
        self,
        priority: Priority,
        unit: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self.write(unit, *args, **kwargs)

    async def write_grouped(self, unit: Callable[[Connection, Sequence[I]], Sequence[T]], item: I) -> T:
        return await self._grouped.write(unit, item)

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await self._read_once(query, *args, **kwargs)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._read_once(
                query, *args, **kwargs
            )  # the pool has dropped what the server's end took along

    def notices(self) -> Notices:
        """The part that wakes the sleepers of other processes, and ours when they have committed something."""
        return Notices(f"postgresql://{self._address}", self.wakes)

    async def look_up(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._looking.connect() as conn:
            return await conn.run_sync(lambda sync: query(sync, *args, **kwargs))

    async def close(self) -> None:
        await self._engine.dispose()

    async def _read_once(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._reading.connect() as conn:
            return await conn.run_sync(lambda sync: query(sync, *args, **kwargs))

    async def _write_once(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._engine.connect() as conn:
            await conn.run_sync(_take_topics)  # those of a unit that failed on this connection
            async with conn.begin():
                try:
                    result = await conn.run_sync(lambda sync: unit(sync, *args, **kwargs))
                except DBAPIError as error:
                    if error.connection_invalidated:
                        raise _Unfinished(error) from error
                    raise
            here, elsewhere = await conn.run_sync(_take_topics)
        self.wakes.set(here)
        if (topics := here | elsewhere) and self.wakes.tell_others is not None:
            self.wakes.tell_others(topics)
        return result


def _on_connect(dbapi: Any, _record: Any) -> None:
    give_up_soon(dbapi.driver_connection)


def _take_topics(conn: Connection) -> tuple[set[str], set[str]]:
    return take_wakes(conn), take_wakes_elsewhere(conn)
