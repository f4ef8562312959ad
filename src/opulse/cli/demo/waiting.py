"""Waiting for what happens elsewhere in the process: asked again and again over HTTP, and given up with a clear line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from opulse.cli.demo.models import DemoFailed

T = TypeVar("T")


async def wait_for(
    what: str, ask: Callable[[], Awaitable[T | None]], seconds: float, every: float = 0.05
) -> T:
    """The first answer that is not None.

    Raises:
        DemoFailed: none within ``seconds``; names ``what``.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        found = await ask()
        if found is not None:
            return found
        if loop.time() >= until:
            raise DemoFailed(f"gave up after {seconds:.0f} s waiting for {what}")
        await asyncio.sleep(every)
