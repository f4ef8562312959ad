"""PostgreSQL over asyncpg. Units stay plain functions: SQLAlchemy runs them on a greenlet beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from opulse.db.engine import Priority
from opulse.db.wake import Wakes, take_wakes

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 4
_AGAIN = (
    "40P01",
    "40001",
)  # deadlock detected, serialization failure: PostgreSQL asks for the same transaction again


class PostgresDatabase:
    """See :class:`opulse.db.engine.Database`."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: str, size: int = 10) -> None:
        self.wakes = Wakes()
        address = url.split("://", 1)[1]
        self._engine = create_async_engine(f"postgresql+asyncpg://{address}", pool_size=size, max_overflow=5)
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

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._reading.connect() as conn:
            return await conn.run_sync(lambda sync: query(sync, *args, **kwargs))

    async def look_up(
        self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._looking.connect() as conn:
            return await conn.run_sync(lambda sync: query(sync, *args, **kwargs))

    async def close(self) -> None:
        await self._engine.dispose()

    async def _write_once(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._engine.connect() as conn:
            await conn.run_sync(take_wakes)  # those of a unit that failed on this connection
            async with conn.begin():
                result = await conn.run_sync(lambda sync: unit(sync, *args, **kwargs))
            topics = await conn.run_sync(take_wakes)
        self.wakes.set(topics)
        return result
