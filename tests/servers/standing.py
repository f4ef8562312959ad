"""A stand-in for a real product on a free loopback port, in the test's own process, with faults where they are wanted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import uvicorn

from opulse.clock import Clock, SystemClock
from opulse.emulators.faults import Recorder, parse_faults
from opulse.emulators.product import Bench, Product, with_faults

P = TypeVar("P", bound=Product)


@dataclass(frozen=True)
class Standing(Generic[P]):
    """``recorder`` counts the faults that were put in and keeps what was asked."""

    url: str
    product: P
    recorder: Recorder


@asynccontextmanager
async def stand_in(
    make: Callable[[Bench], P], faults: str = "", seed: int = 1, clock: Clock | None = None
) -> AsyncIterator[Standing[P]]:
    """Serve what ``make`` makes. ``clock``: the stand-in's; the machine's if left out."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        bench = Bench(url, clock or SystemClock(), Recorder(), parse_faults(faults), seed)
        product = make(bench)
        config = uvicorn.Config(
            with_faults(bench, product), log_level="warning", lifespan="off", access_log=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110  (polled)
            await asyncio.sleep(0.005)
        try:
            yield Standing(url, product, bench.recorder)
        finally:
            server.should_exit = True
            await serving
