"""``opulse serve`` and ``opulse migrate``."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

SWITCH_SECONDS = 0.0005
"""After how long a busy event loop lets the writer's thread go on, which asks at each of its statements; Python's own 5 ms are as
long as an fsync."""

DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder (OPULSE_DATA).")]


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.command()(serve)
    app.command()(migrate)


def serve(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to bind.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind; 0 takes a free one.")] = None,
    wing: Annotated[str | None, typer.Option(help="all, monitoring or experience.")] = None,
) -> None:
    """Run web server, worker and schedule in one process, until Ctrl-C or SIGTERM."""
    from opulse.bootstrap.server import PortTaken
    from opulse.observe import configure_logs
    from opulse.settings import load_settings

    given = {"host": host, "port": port, "wing": wing}
    try:
        settings = load_settings(data, **{name: value for name, value in given.items() if value is not None})
        configure_logs(settings.log_level, settings.log_format)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(settings))
    except (ValueError, PortTaken) as error:
        typer.echo(f"opulse: {error}", err=True)
        raise typer.Exit(2) from error


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed, which is everywhere but on Windows: half the time per request."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _spare_the_collector() -> None:
    """What a start has made (routes, models, templates) stays until the end: the collector need not walk over it a hundred times
    a second. Under thousands of requests a second that was two thirds of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _serve(settings: object) -> None:
    from opulse.bootstrap.installation import running
    from opulse.settings import Settings

    assert isinstance(settings, Settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with running(settings) as listening:
        _spare_the_collector()
        sys.setswitchinterval(SWITCH_SECONDS)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        typer.echo(f"Operational Pulse listens on {listening.url}")
        await stop.wait()


def migrate(data: DataOption = None) -> None:
    """Bring the database to the newest schema (``serve`` does it by itself)."""
    from opulse.bootstrap.schema import migrate as run
    from opulse.db import open_database
    from opulse.settings import load_settings

    async def go() -> None:
        db = await open_database(load_settings(data).database)
        await run(db)
        await db.close()

    asyncio.run(go())
    typer.echo("The database is up to date.")
