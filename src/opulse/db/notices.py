"""Wakes between processes that share one PostgreSQL: LISTEN and NOTIFY, gathered, on a connection of their own.

A NOTIFY inside the transaction of the fact would take a lock at commit that the whole server shares, so that all commits of
all processes would queue behind each other. Topics are announced after the commit instead, many in one statement. A process that
dies in between has woken nobody, and a notice may be lost with its connection: so whoever sleeps also looks by himself, and while
there is no connection everybody here is woken each second.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any

import asyncpg

from opulse.db.keepalive import give_up_soon
from opulse.db.wake import Wakes
from opulse.observe import get_logger

CHANNEL = "opulse"
GATHER_SECONDS = 0.002  # what commits meanwhile goes out in the same notice
AGAIN_SECONDS = 1.0
ALIVE_SECONDS = 5.0  # how often the connection is tried when nothing is to be told
PATIENCE_SECONDS = 5.0  # a server that does not answer for so long is taken for gone

log = get_logger("notices")


class Notices:
    """A part of a process: between ``start`` and ``stop``, topics committed here wake sleepers there, and the reverse."""

    def __init__(self, url: str, wakes: Wakes) -> None:
        self._url = url
        self._wakes = wakes
        self._self = secrets.token_hex(4)  # so that our own notices do not wake us a second time
        self._topics: set[str] = set()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._wakes.tell_others = self._tell
        self._task = asyncio.create_task(self._keep_connected(), name="notices")

    async def stop(self) -> None:
        self._wakes.tell_others = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def _tell(self, topics: set[str]) -> None:
        self._topics |= topics
        self._something.set()

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._listen()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("no notices from other processes for now", error=str(error))
            await asyncio.sleep(AGAIN_SECONDS)
            self._wakes.set_all()

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._url, timeout=PATIENCE_SECONDS, command_timeout=PATIENCE_SECONDS
        )
        give_up_soon(connection)
        try:
            await connection.add_listener(CHANNEL, self._hear)
            self._wakes.set_all()  # what was committed while we did not listen
            while True:
                await self._announce(connection)
        finally:
            connection.terminate()

    async def _announce(self, connection: Any) -> None:
        """Say what was committed here; after a while of silence, see whether the connection still stands."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._something.wait(), ALIVE_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)
        self._something.clear()
        topics, self._topics = self._topics, set()
        if topics:
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, " ".join((self._self, *topics)))
        else:
            await connection.execute("SELECT 1")

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        sender, *topics = payload.split(" ")
        if sender != self._self:
            self._wakes.set(set(topics))
