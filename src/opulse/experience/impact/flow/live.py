"""One aggregate per activation and process, however many people watch.

A watcher of an activation gets its newest state, then every new one. One task per watched activation reads it: every half second,
or less often where reading takes long, so that watching never costs more than a tenth of the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from opulse.experience.impact.flow.results import Result, read_result
from opulse.ports import Ports

POLL_SECONDS = 0.5
SHARE = 10  # a read of d seconds is followed by a rest of at least 10 d
QUIET_SECONDS = 15.0  # without news the newest state is sent again, so that proxies keep the stream and viewers see it live


@dataclass
class _Watched:
    version: int = 0
    result: Result | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    viewers: int = 0
    task: asyncio.Task[None] | None = None


class LiveResults:
    """This process's watched activations."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._watched: dict[tuple[int, str], _Watched] = {}

    async def follow(self, tenant: int, activation: str) -> AsyncIterator[Result]:
        """The newest state now, then again whenever it changed, and at least every QUIET_SECONDS."""
        key = (tenant, activation)
        watched = self._watched.setdefault(key, _Watched())
        watched.viewers += 1
        if watched.task is None:
            watched.task = asyncio.create_task(self._read(key, watched), name=f"live {activation}")
        seen = 0
        try:
            while True:
                await _wait_for_news(watched, seen)
                seen = watched.version
                if watched.result is not None:
                    yield watched.result
        finally:
            watched.viewers -= 1
            if not watched.viewers and watched.task is not None:
                watched.task.cancel()
                self._watched.pop(key, None)

    async def _read(self, key: tuple[int, str], watched: _Watched) -> None:
        while True:
            began = time.monotonic()
            result = await read_result(self._ports, *key)
            took = time.monotonic() - began
            if result != watched.result:
                async with watched.changed:
                    watched.result = result
                    watched.version += 1
                    watched.changed.notify_all()
            await asyncio.sleep(max(POLL_SECONDS, took * SHARE))


async def _wait_for_news(watched: _Watched, seen: int) -> None:
    """Until the version is above ``seen``, or QUIET_SECONDS have passed."""
    async with watched.changed:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watched.changed.wait_for(lambda: watched.version > seen), QUIET_SECONDS)
