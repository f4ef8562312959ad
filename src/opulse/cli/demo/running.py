"""A running demo: the installation, the estate that reports to it, and this machine's own agent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from fastapi import FastAPI

from opulse.agent import Attendance, run_agent
from opulse.catalogue import load_catalogue
from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.folder import save_state
from opulse.cli.demo.installation import Bell, Installed, Say, Wanted, open_installation
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
from opulse.clock import Clock
from opulse.emulators.estate import Estate, background_noise, make_estate
from opulse.emulators.reporting import Reporting, StatesRefused
from opulse.mail.inbox import Inbox

HEARTBEAT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything that the demo's own parts use. ``guids``: name → GUID of the simulated systems."""

    address: str
    app: FastAPI
    folder: Path
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


@asynccontextmanager
async def open_demo(wanted: Wanted, say: Say, clock: Clock) -> AsyncIterator[Demo]:
    """Start everything; on the first start of a folder also make everything.

    Raises:
        DemoFailed, PortTaken, ValueError: it cannot start; the message is one line.
    """
    async with open_installation(wanted, say, clock) as installed:
        reporting = Reporting(installed.address, installed.state.key, installed.clock)
        try:
            async with ApiClient(installed.address, installed.state.key) as api:
                demo = await _furnish(wanted, installed, api, reporting, say)
                async with _beside(demo, say):
                    yield demo
        finally:
            await reporting.aclose()


async def _furnish(
    wanted: Wanted, installed: Installed, api: ApiClient, reporting: Reporting, say: Say
) -> Demo:
    """Make the estate and the guide's objects, or find those of an earlier start."""
    state = installed.state
    estate, known = make_estate(state.seed, state.systems), scenarios(wanted.threshold)
    if state.objects is None:
        objects, guids = await _make(api, estate, known, say)
    else:
        objects, guids = state.objects, await find_systems(api, estate)
        if state.address != installed.address:
            await point_to(api, objects)
    state = msgspec.structs.replace(state, objects=objects, address=installed.address)
    save_state(wanted.folder, state)
    await _report_all(reporting, estate, guids, state.seed)
    return Demo(
        address=installed.address,
        app=installed.app,
        folder=wanted.folder,
        clock=installed.clock,
        inbox=installed.inbox,
        bell=installed.bell,
        api=api,
        reporting=reporting,
        estate=estate,
        guids=guids,
        state=state,
        objects=objects,
        scenarios=known,
    )


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
    # whoever tries the demo is no person of the made-up estate, and would count as one whom nobody can ask
    says_nobody = Attendance(None)
    running = run_agent(
        demo.address, demo.objects.agent_key, memory, demo.clock, stop, attendance=says_nobody
    )
    agent = asyncio.create_task(running, name="agent")
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
