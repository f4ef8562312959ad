"""Look-ups of the moment in one query: whoever asks while a query runs shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Hundreds of callers that each ask for one row would queue for the readers; their questions are put as one.

    A question is always put after it was asked, so an answer is never older than the call.
    """

    def __init__(self, ask: Callable[[set[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._wanted: set[K] = set()
        self._next: asyncio.Task[Mapping[K, V]] | None = None
        self._running = asyncio.Lock()

    async def find(self, keys: Iterable[K]) -> Mapping[K, V]:
        """What is known of ``keys``, and of what others asked for with them."""
        self._wanted.update(keys)
        if self._next is None:
            self._next = asyncio.create_task(self._ask_next())
        return await asyncio.shield(self._next)

    async def _ask_next(self) -> Mapping[K, V]:
        async with self._running:
            wanted, self._wanted, self._next = self._wanted, set(), None
            return await self._ask(wanted)
