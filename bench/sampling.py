"""Memory of a whole process tree, sampled while something runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

EVERY_SECONDS = 0.1


@dataclass
class Memory:
    """Resident memory, summed over the processes and everything below them, in bytes."""

    start: int = 0
    peak: int = 0
    samples: int = 0

    @property
    def peak_mb(self) -> float:
        return self.peak / 1e6


@asynccontextmanager
async def sampled(pids: Sequence[int]) -> AsyncIterator[Memory]:
    """Watch ``pids`` and their children until the block ends. Processes that are gone count nothing."""
    memory = Memory()
    memory.start = memory.peak = _resident(pids)
    watching = asyncio.create_task(_watch(pids, memory))
    try:
        yield memory
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _watch(pids: Sequence[int], memory: Memory) -> None:
    while True:
        memory.peak = max(memory.peak, await asyncio.to_thread(_resident, pids))
        memory.samples += 1
        await asyncio.sleep(EVERY_SECONDS)


def _resident(pids: Sequence[int]) -> int:
    seen: dict[int, int] = {}
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            for process in (top, *top.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    seen[process.pid] = process.memory_info().rss
    return sum(seen.values())
