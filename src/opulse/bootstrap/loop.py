"""The interpreter of a process that serves: its event loop (uvloop, where it is there), its collector, its threads."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn

T = TypeVar("T")
SWITCH_SECONDS = 0.0005
"""After how long a busy event loop lets the writer's thread go on, which asks at each of its statements; Python's own 5 ms are as
long as an fsync."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on uvloop: a third less of the loop's own time per mail and per request. Without it, Python's own loop."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that uvicorn takes when it starts one itself; None: Python's own."""
    return uvicorn.Config("", loop="auto").get_loop_factory()


def settle_down() -> None:
    """What a start has made (routes, models, templates) stays until the end: the collector need not walk over it a hundred times
    a second. Under thousands of requests a second that was two thirds of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    sys.setswitchinterval(SWITCH_SECONDS)
