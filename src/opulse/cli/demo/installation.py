"""The demo's installation: a mail sink, and a process of the product that has it as its relay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from opulse.bootstrap.installation import running
from opulse.cli.demo.first_start import make_first_administrator
from opulse.cli.demo.folder import INBOX, forget_unfinished, load_state, locked, save_state
from opulse.cli.demo.models import DemoFailed, DemoState
from opulse.clock import Clock
from opulse.mail.inbox import Inbox
from opulse.settings import Settings, load_settings

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
class Installed:
    """An installation that serves. ``state.objects`` is None where its estate is still to be made."""

    address: str
    app: FastAPI
    clock: Clock
    inbox: Inbox
    bell: Bell
    state: DemoState


@asynccontextmanager
async def open_installation(wanted: Wanted, say: Say, clock: Clock) -> AsyncIterator[Installed]:
    """Start sink and installation; on the first start of a folder also make tenant and administrator.

    Raises:
        DemoFailed, PortTaken, ValueError: it cannot start; the message is one line.
    """
    bell = Bell()
    with locked(wanted.folder):
        state = load_state(wanted.folder)
        if state is not None and state.objects is None:
            say("The first start was interrupted; beginning again.")
            forget_unfinished(wanted.folder)
            state = None
        inbox = Inbox(wanted.folder / INBOX, clock, bell.ring)
        settings = make_settings(wanted, await inbox.start())
        try:
            state = state or await _first_start(wanted, settings)
            async with running(settings, clock) as listening:
                app = listening.server.config.app if listening.server else None
                assert isinstance(app, FastAPI)
                if app.state.pages is None:
                    raise DemoFailed("the page assets are not built: `make demo` builds them")
                yield Installed(listening.url, app, clock, inbox, bell, state)
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


async def _first_start(wanted: Wanted, settings: Settings) -> DemoState:
    # first a note that this folder is a demo's: a start that is killed from here on is begun again
    save_state(wanted.folder, DemoState(wanted.seed, wanted.systems))
    state = await make_first_administrator(settings, wanted.seed, wanted.systems)
    save_state(wanted.folder, state)
    return state
