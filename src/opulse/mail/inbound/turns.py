"""One of several processes listens on the port; the others say so, go on with their work, and listen when it has ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno

from opulse.mail.inbound.server import Inbound
from opulse.observe import get_logger

TRY_AGAIN = 15.0
"""Seconds until a process that found the port taken looks again. Mail servers bring a mail again for days."""

log = get_logger("mail.inbound")


class InTurn:
    """Starts the server where the port is free, else waits for it beside the process's other work."""

    def __init__(self, server: Inbound, every: float = TRY_AGAIN) -> None:
        self._server = server
        self._every = every
        self._waiting: asyncio.Task[None] | None = None
        self.listens = False

    async def start(self) -> None:
        """Raises OSError where listening fails for another reason than that the port is taken."""
        if await self._tries():
            return
        log.warning(
            "the port for mails that come back is taken, by another process of ours if there are several; "
            "this one goes on without it and listens when it is free",
            port=self._server.port,
        )
        self._waiting = asyncio.create_task(self._wait(), name="inbound in turn")

    async def stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waiting
        await self._server.stop()
        self.listens = False

    async def _wait(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                if await self._tries():
                    log.info(
                        "the port for mails that come back was free: this process listens",
                        port=self._server.port,
                    )
                    return
            except OSError as error:  # no longer ours to bind: said each time, for nobody takes bounces then
                log.error("cannot listen for mails that come back", port=self._server.port, exc_info=error)

    async def _tries(self) -> bool:
        try:
            await self._server.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        self.listens = True
        return True
