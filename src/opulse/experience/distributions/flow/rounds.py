"""The sender's books: claims and outcomes of all bursts of the moment, in one write unit.

Whoever asks while a unit runs shares the next one, so the busier the writer, the more one commit pays for. Outcomes come before
claims: what a burst has held until now is free when the next one takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.experience.distributions.flow.bouncing import announce_bounces_in
from opulse.experience.distributions.models import ClaimedMail, Settlement, Turn
from opulse.experience.distributions.store import claims as store
from opulse.experience.distributions.store.returning import suppress_dead
from opulse.ports import Ports

GATHER_SECONDS = 0.01
"""How long a round waits for others while mails are on their way; when as many bursts wait as are on their way, no longer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Mails that are ``sending`` now, for whoever asked for them. Bursts of one unit share the ``id``."""

    id: str
    mails: Sequence[ClaimedMail]
    until: datetime
    """The end of the lease."""


@dataclass(eq=False, slots=True)
class _Wish:
    turn: Turn
    limit: int
    told: asyncio.Future[Claim]


@dataclass(eq=False, slots=True)
class _Report:
    tenant: int
    claim: str
    settlements: Sequence[Settlement]
    told: asyncio.Future[int]


@dataclass(frozen=True, slots=True)
class _Round:
    """What one write unit does."""

    claim: str
    reports: Sequence[_Report] = ()
    wishes: Sequence[_Wish] = ()

    def apart(self) -> list[_Round]:
        """The same as rounds of one each."""
        return [
            *(_Round(self.claim, reports=[one]) for one in self.reports),
            *(_Round(self.claim, wishes=[one]) for one in self.wishes),
        ]

    def fail(self, error: Exception) -> None:
        for told in self._told():
            if not told.done():
                told.set_exception(error)

    def cancel(self) -> None:
        for told in self._told():
            told.cancel()

    def tell(
        self, written: Collection[str], mails: Mapping[Turn, Sequence[ClaimedMail]], until: datetime
    ) -> None:
        """Give everybody their own; who walked away meanwhile is not told, and those mails wait for their lease to end."""
        for report in self.reports:
            if not report.told.done():
                report.told.set_result(sum(one.id in written for one in report.settlements))
        begun = dict.fromkeys(mails, 0)
        for wish in self.wishes:
            start = begun[wish.turn]
            begun[wish.turn] = end = start + wish.limit
            if not wish.told.done():
                wish.told.set_result(Claim(self.claim, mails[wish.turn][start:end], until))

    def _told(self) -> list[asyncio.Future[Any]]:
        return [*(one.told for one in self.reports), *(one.told for one in self.wishes)]


class Rounds:
    """One per sender."""

    def __init__(self, ports: Ports, lease: timedelta, on_their_way: Callable[[], int]) -> None:
        """``on_their_way``: how many bursts are being sent now."""
        self._ports = ports
        self._lease = lease
        self._on_their_way = on_their_way
        self._more = asyncio.Event()
        self._reports: list[_Report] = []
        self._wishes: list[_Wish] = []
        self._running: asyncio.Task[None] | None = None

    def claim(self, turn: Turn, limit: int) -> asyncio.Future[Claim]:
        """Up to ``limit`` mails of ``turn``; fewer: there are no more now."""
        told: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()
        self._wishes.append(_Wish(turn, limit, told))
        self._more.set()
        self._go()
        return told

    def settle(self, tenant: int, claim: str, settlements: Sequence[Settlement]) -> asyncio.Future[int]:
        """Write outcomes down, of rows that the claim still sends. How many those were: fewer, and the lease was lost."""
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reports.append(_Report(tenant, claim, settlements, told))
        self._go()
        return told

    def _go(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._reports or self._wishes:
                await self._gather()
                this = _Round(secrets.token_hex(8), self._reports, self._wishes)
                self._reports, self._wishes = [], []
                await self._write(this)
        finally:
            self._running = None

    async def _gather(self) -> None:
        """While the relay has enough to do, one round for many costs less than many rounds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                while len(self._wishes) < self._on_their_way():
                    self._more.clear()
                    await self._more.wait()

    async def _write(self, this: _Round) -> None:
        """A unit that fails is written part by part: one bad row never stops the rest."""
        now = self._ports.clock.now()
        try:
            written, mails = await self._ports.db.write_first(
                Priority.MAIL, _write_in, this, self._lease, now
            )
        except Exception as error:
            parts = this.apart()
            if len(parts) == 1:
                this.fail(error)
                return
            for part in parts:
                await self._write(part)
        except BaseException:
            this.cancel()
            raise
        else:
            this.tell(written, mails, now + self._lease)


def _write_in(
    conn: Connection, this: _Round, lease: timedelta, now: datetime
) -> tuple[set[str], dict[Turn, list[ClaimedMail]]]:
    outcomes: dict[int, list[tuple[str, Settlement]]] = {}
    for report in this.reports:
        outcomes.setdefault(report.tenant, []).extend((report.claim, one) for one in report.settlements)
    written: list[str] = []
    for tenant, rows in outcomes.items():
        settled = store.settle_mails(conn, tenant, rows)
        announce_bounces_in(conn, tenant, rows, settled)
        if dead := {one.id: one.relay_text for _, one in rows if one.dead}:
            suppress_dead(conn, tenant, dead, now)
        written += settled
    limits: dict[Turn, int] = {}
    for wish in this.wishes:
        limits[wish.turn] = limits.get(wish.turn, 0) + wish.limit
    mails = {
        turn: store.claim_mails(conn, turn, this.claim, lease, now, limit) for turn, limit in limits.items()
    }
    return set(written), mails
