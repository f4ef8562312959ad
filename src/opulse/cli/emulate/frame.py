"""Serve a stand-in until Ctrl-C or SIGTERM: its socket, its faults, its log, and at the end what went wrong on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opulse.emulators.product import Bench, Product

PortOption = Annotated[int, typer.Option(help="Port to bind; 0 takes a free one.")]
HostOption = Annotated[str, typer.Option(help="Address to bind.")]
UrlOption = Annotated[
    str,
    typer.Option(
        help="Own address as the other side reaches it, where a proxy stands before it; http://HOST:PORT if left out."
    ),
]
FaultsOption = Annotated[
    str,
    typer.Option(
        help="What goes wrong: slow=2s,429=5%,500=1%,duplicate=2%,reorder,truncate,expire-token. A share, a "
        "duration, or both (slow=2s@10%); a bare word takes its usual ones."
    ),
]
SeedOption = Annotated[int, typer.Option(help="The same seed and the same requests meet the same faults.")]
LogOption = Annotated[
    Path | None, typer.Option("--log", help="File for every request and answer, one JSON line each.")
]


def run_emulator(
    make: Callable[[Bench], Product],
    host: str,
    port: int,
    url: str,
    faults: str,
    seed: int,
    log: Path | None,
) -> None:
    """Serve what ``make`` makes; wrong options end the command with 2 and a sentence."""
    from opulse.bootstrap.loop import run
    from opulse.bootstrap.server import listen
    from opulse.clock import SystemClock
    from opulse.emulators.faults import Recorder, parse_faults
    from opulse.emulators.product import Bench

    try:
        wanted, recorder = parse_faults(faults), Recorder(log)
        bound = listen(host, port)
        bench = Bench((url or bound.url).rstrip("/"), SystemClock(), recorder, wanted, seed)
        product = make(bench)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse emulate: {error}", err=True)
        raise typer.Exit(2) from error
    run(_serve(bench, product, bound))
    told = ", ".join(f"{count} x {fault}" for fault, count in sorted(recorder.faults.items()))
    typer.echo(f"{sum(recorder.statuses.values())} requests; put in on purpose: {told or 'nothing'}")


async def _serve(bench: Bench, product: Product, bound: object) -> None:
    import uvicorn

    from opulse.bootstrap.server import Listening
    from opulse.emulators.product import with_faults

    assert isinstance(bound, Listening)
    server = uvicorn.Server(
        uvicorn.Config(with_faults(bench, product), log_level="warning", lifespan="off", access_log=False)
    )
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(server.serve(sockets=[bound.socket]))
    await bound.wait_until_open(server)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    for line in (f"Listens on {bench.url}", *product.greeting()):
        typer.echo(line)
    living = asyncio.create_task(product.live())
    await serving
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living
    bench.recorder.close()
