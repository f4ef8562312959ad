"""``opulse agent run`` and ``opulse agent sensors``."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from opulse.agent import SensorReading

STATE_FILE = Path.home() / ".local/state/opulse-agent/state.json"

agent_app = typer.Typer(help="Evaluate this machine's sensors.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(agent_app, name="agent")


@agent_app.command()
def run(
    server: Annotated[
        str,
        typer.Option(
            envvar="OPULSE_AGENT_SERVER",
            help="Address of the installation, for example https://pulse.example.org.",
        ),
    ],
    key: Annotated[str, typer.Option(envvar="OPULSE_AGENT_KEY", help="Agent key of this system.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    state_file: Annotated[Path, typer.Option(help="Where batch number and last plan are kept.")] = STATE_FILE,
    report_users: Annotated[
        bool, typer.Option("--users/--no-users", help="Say which accounts are logged on to this system.")
    ] = True,
) -> None:
    """Evaluate sensors each minute and tell the installation, until Ctrl-C or SIGTERM."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
        if not secret:
            raise ValueError("the agent needs its key: --key-file FILE, --key, or OPULSE_AGENT_KEY")
        asyncio.run(_run(server, secret, state_file, report_users=report_users))
    except (ValueError, OSError) as error:
        typer.echo(f"opulse agent: {error}", err=True)
        raise typer.Exit(2) from error


async def _run(server: str, key: str, state_file: Path, *, report_users: bool) -> None:
    from opulse.agent import Attendance, run_agent
    from opulse.clock import SystemClock

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    attendance = None if report_users else Attendance(None)
    await run_agent(server, key, state_file, SystemClock(), stop, attendance=attendance)


@agent_app.command()
def sensors(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Read every sensor that this machine has a source for, once. An absent source says why."""
    from opulse.agent import read_sensors_now

    readings = read_sensors_now()
    if as_json:
        typer.echo(json.dumps([_as_json(reading) for reading in readings]))
        return
    for line in _table(readings):
        typer.echo(line)


def _as_json(reading: SensorReading) -> dict[str, Any]:
    return {
        "name": reading.name,
        "source": reading.source,
        "instance": reading.instance,
        "value": reading.value,
        "unit": reading.unit,
        "unavailable": reading.unavailable,
        "triggered": reading.triggered,
    }


def _table(readings: Sequence[SensorReading]) -> list[str]:
    width = max((len(_title(reading)) for reading in readings), default=0)
    lines = [
        f"{'!' if reading.triggered else ' '} {_title(reading):<{width}}  {_value(reading)}"
        for reading in readings
    ]
    read = sum(reading.value is not None for reading in readings)
    over = sum(reading.triggered for reading in readings)
    return [*lines, "", f"{read} read, {over} past their limit (!), {len(readings) - read} without a value."]


def _title(reading: SensorReading) -> str:
    return reading.name if reading.instance is None else f"{reading.name} ({reading.instance})"


def _value(reading: SensorReading) -> str:
    if reading.unavailable is not None:
        return f"unavailable: {reading.unavailable}"
    if reading.value is None:
        return "nothing to report"
    value = f"{reading.value:.1f}" if isinstance(reading.value, float) else str(reading.value)
    return f"{value} {reading.unit}".rstrip()
