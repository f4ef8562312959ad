"""A page that follows what happens: one reader per thing that is watched and process, however many people watch.

Whoever watches gets the newest state, then every new one. One task per watched thing reads it: every half second, or less often
where reading takes long, so that watching never costs more than a tenth of the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fastapi import Request

from opulse.web.access import Gate, Needs

Key = TypeVar("Key", bound=Hashable)
State = TypeVar("State")

POLL_SECONDS = 0.5
SHARE = 10  # a read of d seconds is followed by a rest of at least 10 d
QUIET_SECONDS = 10.0  # without news the newest state is sent again: proxies keep the stream, and viewers see that it lives
CHECK_SECONDS = 30.0  # how often the viewer's session is looked at again

EVENT_STREAM = "text/event-stream"
_LINE_END = re.compile(r"\r\n|\n|\r")
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass
class _Watched(Generic[State]):
    version: int = 0
    state: State | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    viewers: int = 0
    over: bool = False  # its reader ended, by an error or because nobody watches any more
    task: asyncio.Task[None] | None = None


class LiveFeed(Generic[Key, State]):
    """Reads what somebody watches with ``read``, which must not change anything."""

    def __init__(self, read: Callable[[Key], Awaitable[State]]) -> None:
        self._read = read
        self._watched: dict[Key, _Watched[State]] = {}

    async def follow(self, key: Key) -> AsyncIterator[State]:
        """The newest state now, then again whenever it changed, and at least every QUIET_SECONDS.

        An error of ``read`` ends every stream of this key, with that error; whoever comes back is read for afresh.
        """
        watched = self._watch(key)
        watched.viewers += 1
        seen = 0
        try:
            while True:
                await _wait_for_news(watched, seen)
                if watched.over and watched.task is not None:
                    await watched.task
                seen = watched.version
                if watched.state is not None:
                    yield watched.state
        finally:
            watched.viewers -= 1
            if not watched.viewers and watched.task is not None:
                watched.task.cancel()
                self._forget(key, watched)

    def _watch(self, key: Key) -> _Watched[State]:
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = _Watched()
            watched.task = asyncio.create_task(self._keep_reading(key, watched), name=f"live {key}")
        return watched

    def _forget(self, key: Key, watched: _Watched[State]) -> None:
        if self._watched.get(key) is watched:
            del self._watched[key]

    async def _keep_reading(self, key: Key, watched: _Watched[State]) -> None:
        try:
            while True:
                began = time.monotonic()
                state = await self._read(key)
                took = time.monotonic() - began
                if state != watched.state:
                    async with watched.changed:
                        watched.state = state
                        watched.version += 1
                        watched.changed.notify_all()
                await asyncio.sleep(max(POLL_SECONDS, took * SHARE))
        finally:
            self._forget(key, watched)
            async with watched.changed:
                watched.over = True
                watched.changed.notify_all()


async def _wait_for_news(watched: _Watched[State], seen: int) -> None:
    """Until the version is above ``seen``, the reader has ended, or QUIET_SECONDS have passed."""
    async with watched.changed:
        with contextlib.suppress(TimeoutError):
            news = watched.changed.wait_for(lambda: watched.version > seen or watched.over)
            await asyncio.wait_for(news, QUIET_SECONDS)


class StillAllowed:
    """Whether the viewer of a stream is still signed in, in the same tenant, and may still see it; asked every 30 s."""

    def __init__(self, request: Request, guard: Needs, tenant: int) -> None:
        self._request = request
        self._guard = guard
        self._tenant = tenant
        self._checked = time.monotonic()

    async def check(self) -> bool:
        if time.monotonic() - self._checked < CHECK_SECONDS:
            return True
        self._checked = time.monotonic()
        gate: Gate = self._request.app.state.gate
        caller = await gate.find_caller(self._request)
        return caller is not None and caller.tenant == self._tenant and caller.may(*self._guard.roles)


def event(text: str) -> str:
    """``text`` as one unnamed server-sent event. Its lines end where the standard says and nowhere else: U+2028 is text."""
    return "".join(f"data: {line}\n" for line in _LINE_END.split(text)) + "\n"
