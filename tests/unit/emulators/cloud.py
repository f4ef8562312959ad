"""The SysTrack stand-in over real HTTP, with faults, for a test in this process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from opulse.clock import Clock, SystemClock
from opulse.emulators.faults import Recorder, parse_faults
from opulse.emulators.product import Bench, with_faults
from opulse.emulators.systrack import Options, SysTrackCloud


@asynccontextmanager
async def emulated(
    faults: str = "",
    seed: int = 1,
    clock: Clock | None = None,
    log: Path | None = None,
    send_to: str = "",
    **options: Any,
) -> AsyncIterator[tuple[SysTrackCloud, Bench]]:
    """The stand-in as ``opulse emulate systrack`` serves it; its waiting is real, its dates are ``clock``'s."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    bench = Bench(url, clock or SystemClock(), Recorder(log), parse_faults(faults), seed)
    product = SysTrackCloud(bench, Options(**options), [send_to] if send_to else [])
    server = uvicorn.Server(uvicorn.Config(with_faults(bench, product), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:  # noqa: ASYNC110  # uvicorn tells by a flag
        await asyncio.sleep(0.01)
    try:
        yield product, bench
    finally:
        await product.webhooks.aclose()
        server.should_exit = True
        await serving
        bench.recorder.close()
