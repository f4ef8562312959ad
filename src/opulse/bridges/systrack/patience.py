"""Asking again at once, where one answer failed: a page of 1,000, or a hundred pages, must not begin again because of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from opulse.bridges.systrack.sending import ComeAgain
from opulse.ports import Ports

TRIES = 6  # of one request
SLOW_TRIES = 2  # where no answer came in time: each of them holds a worker for half a minute
PAUSE = 0.2  # seconds before the second try; doubled each time
LONGEST_PAUSE = 5.0  # whoever asks for more is asked again by the job's next try

T = TypeVar("T")


async def ask_patiently(ports: Ports, ask: Callable[[], Awaitable[T]]) -> T:
    """What ``ask`` returns, within a few tries; ``Retry-After`` is honoured.

    Raises:
        ComeAgain: still nothing, or the server wants to be left alone for longer: the job's next try.
        FetchRefused: as ``ask`` raises it; no further try would help.
    """
    for attempt in range(TRIES):
        try:
            return await ask()
        except ComeAgain as again:
            pause = max(again.asked or 0.0, PAUSE * 2**attempt)
            if attempt + 1 >= (SLOW_TRIES if again.slow else TRIES) or pause > LONGEST_PAUSE:
                raise
        await ports.clock.sleep(pause)
    raise AssertionError("the last try returns or raises")
