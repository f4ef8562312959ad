"""The demo's process: mail sink, installation, estate and this machine's agent, started in order and stopped in the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from fastapi import FastAPI

from opulse.agent import run_agent
from opulse.bootstrap.installation import running
from opulse.catalogue import load_catalogue
from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.first_start import make_first_administrator
from opulse.cli.demo.folder import INBOX, forget_unfinished, load_state, locked, save_state
from opulse.cli.demo.models import DemoFailed, DemoState, MadeObjects
from opulse.cli.demo.moving import point_to
from opulse.cli.demo.procedures import Procedures
from opulse.cli.demo.registering import (
    find_systems,
    make_directory,
    make_groups,
    open_mail,
    register_systems,
    register_this_machine,
)
from opulse.cli.demo.scenarios import Scenario, scenarios, watched_sensors
from opulse.clock import Clock, SystemClock
from opulse.emulators.estate import Estate, background_noise, make_estate
from opulse.emulators.reporting import Reporting, StatesRefused
from opulse.mail.inbox import Inbox
from opulse.settings import Settings, load_settings

HEARTBEAT_SECONDS = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for. ``threshold``: systems before the first scenario activates."""

    folder: Path
    port: int
    systems: int
    seed: int
    threshold: int
    wave_seconds: float
    log_level: str = "error"


class Bell:
    """Rings when the sink has kept a mail. The sink is there before anybody listens."""

    def __init__(self) -> None:
        self._listener: Callable[[int], None] | None = None

    def listen(self, listener: Callable[[int], None]) -> None:
        self._listener = listener

    def ring(self, number: int) -> None:
        if self._listener is not None:
            self._listener(number)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. ``guids``: name → GUID of the simulated systems."""

    address: str
    folder: Path
    settings: Settings
    clock: Clock
    inbox: Inbox
    bell: Bell
    api: ApiClient
    reporting: Reporting
    estate: Estate
    guids: dict[str, str]
    state: DemoState
    objects: MadeObjects
    scenarios: tuple[Scenario, ...]
    app: FastAPI


@asynccontextmanager
async def open_demo(wanted: Wanted, say: Say) -> AsyncIterator[Demo]:
    """Start everything; on the first start of a folder also make everything.

    Raises:
        DemoFailed, PortTaken, ValueError: it cannot start; the message is one line.
    """
    clock = SystemClock()
    with locked(wanted.folder):
        state = load_state(wanted.folder)
        if state is not None and state.objects is None:
            say("The first start was interrupted; beginning again.")
            forget_unfinished(wanted.folder)
            state = None
        bell = Bell()
        inbox = Inbox(wanted.folder / INBOX, clock, bell.ring)
        settings = make_settings(wanted, await inbox.start())
        try:
            if state is None:
                # first a note that this folder is a demo's: a start that is killed from here on is begun again
                save_state(wanted.folder, DemoState(wanted.seed, wanted.systems))
                state = await make_first_administrator(settings, wanted.seed, wanted.systems)
                save_state(wanted.folder, state)
            async with running(settings, clock) as listening:
                app = listening.server.config.app if listening.server else None
                assert isinstance(app, FastAPI)
                if app.state.pages is None:
                    raise DemoFailed("the page assets are not built: `make demo` builds them")
                async with _opened(
                    wanted, settings, clock, inbox, bell, state, listening.url, app, say
                ) as demo:
                    yield demo
        finally:
            await inbox.stop()


def make_settings(wanted: Wanted, relay_port: int) -> Settings:
    """An installation of its own on SQLite, with the sink as its relay, that notices silence and endings sooner than usual."""
    return load_settings(
        wanted.folder,
        database_url="",
        public_url="",
        monitoring_url="",
        wing="all",
        host="127.0.0.1",
        port=wanted.port,
        smtp_host="127.0.0.1",
        smtp_port=relay_port,
        smtp_security="none",
        smtp_username="",
        mail_from="pulse@acme.example",
        wave_seconds=wanted.wave_seconds,
        reporting_minutes=5,
        clear_minutes=2,
        tick_seconds=5.0,
        log_level=wanted.log_level,
        log_format="text",
    )


@asynccontextmanager
async def _opened(
    wanted: Wanted,
    settings: Settings,
    clock: Clock,
    inbox: Inbox,
    bell: Bell,
    state: DemoState,
    address: str,
    app: FastAPI,
    say: Say,
) -> AsyncIterator[Demo]:
    estate = make_estate(state.seed, state.systems)
    known = scenarios(wanted.threshold)
    reporting = Reporting(address, state.key, clock)
    async with ApiClient(address, state.key) as api:
        try:
            if state.objects is None:
                objects, guids = await _make(api, estate, known, say)
            else:
                objects, guids = state.objects, await find_systems(api, estate)
                if state.address != address:
                    await point_to(api, objects)
            state = msgspec.structs.replace(state, objects=objects, address=address)
            save_state(wanted.folder, state)
            await _report_all(reporting, estate, guids, state.seed)
            demo = Demo(
                address,
                wanted.folder,
                settings,
                clock,
                inbox,
                bell,
                api,
                reporting,
                estate,
                guids,
                state,
                objects,
                known,
                app,
            )
            async with _beside(demo, say):
                yield demo
        finally:
            await reporting.aclose()


async def _make(
    api: ApiClient, estate: Estate, known: tuple[Scenario, ...], say: Say
) -> tuple[MadeObjects, dict[str, str]]:
    say(f"Registering {len(estate.systems):,} systems with their users, sites and groups ...")
    guids = await register_systems(api, estate)
    groups = await make_groups(api, estate, guids)
    machine = await register_this_machine(api, estate)
    say("Making a directory of the people and a mailing list ...")
    directory, mailing_list = await make_directory(api, estate)
    await open_mail(api, sum(1 for _ in estate.people()))
    say("Following the guide: workflow, recipient, surveys, notifications, workflows for the surveys ...")
    procedures = Procedures(api, groups)
    return await procedures.carry_out(directory, mailing_list, known, machine), guids


async def _report_all(reporting: Reporting, estate: Estate, guids: dict[str, str], seed: int) -> None:
    """Everybody is there, with the noise of an ordinary day; what an earlier start left triggered is over."""
    if len(guids) != len(estate.systems):
        raise DemoFailed(
            f"{len(estate.systems) - len(guids)} systems of the estate are gone; give another folder with --data"
        )
    systems = [guids[system.name] for system in estate.systems]
    noise = list(background_noise(load_catalogue(), systems, seed, watched_sensors()))
    try:
        await reporting.replace(systems, noise)
    except StatesRefused as refused:
        raise DemoFailed(str(refused)) from refused


@asynccontextmanager
async def _beside(demo: Demo, say: Say) -> AsyncIterator[None]:
    """What runs beside the installation: heartbeats of the estate, and the real agent of this machine."""
    stop = asyncio.Event()
    memory = demo.folder / "agent.json"
    agent = asyncio.create_task(
        run_agent(demo.address, demo.objects.agent_key, memory, demo.clock, stop), name="agent"
    )
    hearts = asyncio.create_task(_beat(demo, say), name="heartbeats")
    try:
        yield
    finally:
        stop.set()
        hearts.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearts
        await agent


async def _beat(demo: Demo, say: Say) -> None:
    systems = list(demo.guids.values())
    while True:
        await demo.clock.sleep(HEARTBEAT_SECONDS)
        try:
            await demo.reporting.report([], heartbeat=systems)
        except StatesRefused as refused:
            say(f"The estate's heartbeat was not taken: {refused}")
