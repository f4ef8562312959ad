"""``opulse serve``, ``opulse work`` and ``opulse migrate``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opulse.settings import Settings

QUEUES_HELP = (
    "What to work on, comma-separated: jobs, mail, decisions, schedule (OPULSE_QUEUES; all of them)."
)
DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder (OPULSE_DATA).")]


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.command()(serve)
    app.command()(work)
    app.command()(migrate)


def serve(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to bind.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind; 0 takes a free one.")] = None,
    wing: Annotated[str | None, typer.Option(help="all, monitoring or experience.")] = None,
    queues: Annotated[str | None, typer.Option(help=f"{QUEUES_HELP} Empty: nothing, serve only.")] = None,
) -> None:
    """Run web server, workers, sender, decider and schedule in one process, until Ctrl-C or SIGTERM."""
    _run(_serve, data, host=host, port=port, wing=wing, queues=queues)


def work(
    data: DataOption = None,
    queues: Annotated[str | None, typer.Option(help=QUEUES_HELP)] = None,
    host: Annotated[str | None, typer.Option(help="Address for health and metrics.")] = None,
    port: Annotated[int, typer.Option(help="Port for /healthz, /readyz and /metrics; 0: none.")] = 0,
    wing: Annotated[str | None, typer.Option(help="all, monitoring or experience.")] = None,
) -> None:
    """Work beside `opulse serve`, on this host or another, on the same PostgreSQL, until Ctrl-C or SIGTERM."""
    _run(_work, data, host=host, port=port, wing=wing, queues=queues)


def _run(what: Callable[[Settings], Coroutine[None, None, None]], data: Path | None, **given: object) -> None:
    """Read the options, then ``what`` until it ends; a wrong option ends the command with 2 and a sentence."""
    from opulse.bootstrap.loop import run
    from opulse.bootstrap.server import PortTaken
    from opulse.observe import configure_logs
    from opulse.settings import load_settings

    try:
        settings = load_settings(data, **{name: value for name, value in given.items() if value is not None})
        configure_logs(settings.log_level, settings.log_format)
        run(what(settings))
    except (ValueError, PortTaken) as error:
        typer.echo(f"opulse: {error}", err=True)
        raise typer.Exit(2) from error


async def _serve(settings: Settings) -> None:
    from opulse.bootstrap.installation import running
    from opulse.bootstrap.loop import settle_down

    stop = asyncio.Event()
    async with running(settings) as listening:
        settle_down()
        _on_signals(stop)
        typer.echo(f"Operational Pulse listens on {listening.url}")
        await stop.wait()


async def _work(settings: Settings) -> None:
    from opulse.bootstrap.installation import working
    from opulse.bootstrap.loop import settle_down

    stop = asyncio.Event()
    async with working(settings) as listening:
        settle_down()
        _on_signals(stop)
        health = f"; health on {listening.url}" if listening else ""
        typer.echo(f"Operational Pulse works on {', '.join(settings.queues)}{health}")
        await stop.wait()


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


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
