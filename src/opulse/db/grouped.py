"""Small writes of the moment in one unit: whoever asks while a unit runs shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

I = TypeVar("I")  # noqa: E741  # an item
R = TypeVar("R")

MOST = 200  # items in one unit: it must stay short
NOBODYS_FAULT = (OSError, OperationalError, InterfaceError)
"""The database is away, or its disk is full: trying each item on its own would only take longer."""


class Writes(Protocol):
    """``Database.write``."""

    def __call__(
        self, unit: Callable[[Connection, Sequence[I]], R], items: Sequence[I], /
    ) -> Awaitable[R]: ...


class GroupedWrites:
    """The groups of one database, one per unit that is written in groups.

    A unit is handed all items of the moment and returns a result for each, in their order. Handing a unit to the writer and
    getting its result back costs several times what a small unit does, and a set of rows costs little more than one of them.
    """

    def __init__(self, write: Writes) -> None:
        self._write = write
        self._groups: dict[Any, _Group] = {}

    async def write(self, unit: Callable[[Connection, Sequence[I]], Sequence[R]], item: I) -> R:
        """Have ``unit`` write ``item``; when this returns it is durable, when it raises nothing of it happened."""
        group = self._groups.get(unit)
        if group is None:
            group = self._groups[unit] = _Group(self._write, unit)
        result: R = await group.write(item)
        return result


class _Group:
    def __init__(self, write: Writes, unit: Callable[[Connection, Sequence[Any]], Sequence[Any]]) -> None:
        self._write = write
        self._unit = unit
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, item: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="grouped writes")
        return await future

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._write_group(taken)
        finally:
            self._writing = None
            for _, future in self._waiting:  # the loop ends: nobody writes these any more
                future.cancel()
            self._waiting = []

    async def _write_group(self, taken: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        try:
            results = await self._write(self._unit, [item for item, _ in taken])
        except Exception as error:
            if len(taken) == 1 or isinstance(error, NOBODYS_FAULT):
                for _, future in taken:
                    _fail(future, error)
                return
            for one in taken:  # one of them is to blame, and takes no other with it
                await self._write_group([one])
        except BaseException:
            for _, future in taken:
                future.cancel()
            raise
        else:
            for (_, future), result in zip(taken, results, strict=True):
                with suppress(asyncio.InvalidStateError):  # whoever asked does not wait any more
                    future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    with suppress(asyncio.InvalidStateError):
        future.set_exception(error)
