"""The verbs ``opulse demo`` and ``opulse demo incident``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from opulse.cli.demo.installation import Wanted

FOLDER = Path(".opulse/demo")
PORT = 8080
SEED = 7
THRESHOLD = 25
WAVE_SECONDS = 10.0

DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder of the demo.")]

demo_app = typer.Typer(help="The whole product on this machine, with an estate, people and an inbox.")


def add_to(app: typer.Typer) -> None:
    """Add this package's verbs to the command."""
    app.add_typer(demo_app, name="demo")


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    data: DataOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the console; 0 takes a free one.")] = None,
    systems: Annotated[int, typer.Option(min=1, max=50_000, help="Simulated systems.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed is the same estate.")] = SEED,
    once: Annotated[
        bool, typer.Option("--once", help="One incident, unattended, in a throw-away folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print one JSON object.")] = False,
    affected: Annotated[int, typer.Option(min=1, help="With --once: systems that the incident hits.")] = 300,
    answers: Annotated[
        int | None,
        typer.Option(min=0, help="With --once: people who answer; else two of five systems' users."),
    ] = None,
) -> None:
    """Run the demo until Ctrl-C. Its sign-in, estate and mails lie in the data folder; a second start finds them again."""
    if context.invoked_subcommand is not None:
        return
    if once:
        people = affected * 2 // 5 if answers is None else answers
        _fail_clearly(lambda: _once(systems, affected, people, seed, as_json, data, port))
    else:
        _fail_clearly(lambda: _serve(data or FOLDER, port, systems, seed))


@demo_app.command()
def incident(
    data: DataOption = None,
    number: Annotated[
        int | None, typer.Option(min=1, help="Systems to hit; else as many as is usual.")
    ] = None,
    which: Annotated[
        int, typer.Option(min=1, max=2, help="1: VPN and applications, 2: an office's network.")
    ] = 1,
) -> None:
    """Start an incident in the demo that runs on the data folder."""
    _fail_clearly(lambda: _incident(data or FOLDER, which, number))


def _fail_clearly(make: Any) -> None:
    """Run the coroutine that ``make`` gives; a failure is one line on stderr and a non-zero exit."""
    from opulse.bootstrap.loop import run
    from opulse.bootstrap.server import PortTaken
    from opulse.cli.demo.models import DemoFailed

    try:
        run(make())
    except (DemoFailed, PortTaken, ValueError) as error:
        typer.echo(f"opulse demo: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def _serve(folder: Path, port: int | None, systems: int, seed: int) -> None:
    from opulse.bootstrap.loop import settle_down
    from opulse.cli.demo.crowd import Crowd
    from opulse.cli.demo.desk import open_desk
    from opulse.cli.demo.incidents import Incidents
    from opulse.cli.demo.installation import Wanted
    from opulse.cli.demo.running import open_demo
    from opulse.clock import SystemClock

    threshold = max(1, min(THRESHOLD, systems // 8))
    wanted = Wanted(folder, _port(folder, port), systems, seed, threshold, WAVE_SECONDS)
    _configure(wanted)
    stop = asyncio.Event()
    async with open_demo(wanted, _say, SystemClock()) as demo:
        settle_down()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        incidents, crowd = Incidents(demo, _say), Crowd(demo, _say)
        demo.bell.listen(crowd.notice)
        open_desk(demo, incidents)
        if demo.state.systems != systems:
            _say(
                f"This folder holds an estate of {demo.state.systems:,} systems; another --data makes another."
            )
        typer.echo(_welcome(demo.address, demo.state.email, demo.state.password, folder))
        try:
            await stop.wait()
            _say("Stopping ...")
        finally:
            await incidents.stop()
            await crowd.aclose()


async def _once(
    systems: int, affected: int, answers: int, seed: int, as_json: bool, data: Path | None, port: int | None
) -> None:
    from opulse.cli.demo.holding import HoldableClock
    from opulse.cli.demo.installation import Wanted
    from opulse.cli.demo.models import DemoFailed
    from opulse.cli.demo.once import WAVE_SECONDS as SHORT_WAVE
    from opulse.cli.demo.once import UnattendedRun, threshold_for
    from opulse.cli.demo.running import open_demo
    from opulse.clock import SystemClock

    if affected > systems:
        raise DemoFailed(f"--affected {affected:,} is more than the {systems:,} systems of the estate")
    if answers > affected:
        raise DemoFailed(
            f"{affected:,} systems are affected, so {answers:,} cannot answer; lower --answers or raise --affected"
        )
    with tempfile.TemporaryDirectory(prefix="opulse-demo-", ignore_cleanup_errors=True) as scratch:
        folder = data or Path(scratch)
        if await asyncio.to_thread(_has_something, folder):
            raise DemoFailed(f"--once begins in an empty folder, and {folder} is not")
        wanted = Wanted(folder, port or 0, systems, seed, threshold_for(affected), SHORT_WAVE)
        _configure(wanted)
        clock = HoldableClock(SystemClock())
        async with open_demo(wanted, _say, clock) as demo:
            figures = await UnattendedRun(demo, clock, affected, answers, _say).carry_out()
        typer.echo(json.dumps(figures.as_json()) if as_json else _summary(figures.as_json()))


def _has_something(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


async def _incident(folder: Path, which: int, number: int | None) -> None:
    from opulse.cli.demo.calling import ApiClient
    from opulse.cli.demo.folder import load_state
    from opulse.cli.demo.models import DemoFailed

    state = load_state(folder)
    if state is None or state.objects is None:
        raise DemoFailed(
            f"no demo was started in {folder}: run `opulse demo` first, or name its folder with --data"
        )
    async with ApiClient(state.address, state.key) as api:
        started = await api.post("/api/v1/demo/incidents", {"which": which, "number": number})
    typer.echo(f"{started['name']}: {started['systems']:,} systems are being hit.")
    if started["activation_id"]:
        typer.echo(f"Watch it:  {state.address}/activations/{started['activation_id']}/journey")
    typer.echo(f"The mails: {state.address}/demo/inbox")


def _configure(wanted: Wanted) -> None:
    from opulse.observe import configure_logs

    os.umask(0o077)
    configure_logs(wanted.log_level, "text")


def _port(folder: Path, port: int | None) -> int:
    """The one asked for; else that of the last start, so that links in old mails go on working; else the usual one."""
    from urllib.parse import urlsplit

    from opulse.cli.demo.folder import load_state

    if port is not None:
        return port
    state = load_state(folder)
    return urlsplit(state.address).port or PORT if state and state.address else PORT


def _welcome(address: str, email: str, password: str, folder: Path) -> str:
    return f"""
Operational Pulse is running.

  Console    {address}/
  Sign in    {email}
  Password   {password}

  Inbox      {address}/demo/inbox
  Start an incident with the button on {address}/demo/incidents
  or in another terminal: opulse demo incident

Everything lies in {folder}. Ctrl-C stops it; the next start finds it again.
"""


def _summary(figures: dict[str, Any]) -> str:
    seconds = figures["seconds"]
    ledger = ", ".join(f"{state} {count:,}" for state, count in figures["ledger"].items())
    return (
        f"{figures['affected_systems']:,} systems were affected in {figures['waves']} waves; "
        f"{figures['affected_people']:,} people found, {figures['invited']:,} invited, "
        f"{figures['mails_accepted']:,} mails accepted, {figures['answered']:,} answers.\n"
        f"Ledger: {ledger}\n"
        f"Activated {seconds['trigger_to_activation']} s after the trigger; webhook after {seconds['activation_to_webhook']} s, "
        f"first mail after {seconds['activation_to_first_mail']} s, last after {seconds['activation_to_last_mail']} s."
    )
