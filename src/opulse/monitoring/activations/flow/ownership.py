"""Who decides about a tenant: one process at a time, held to it in the transaction of each decision.

Every tenant has one lease, ``decider/<tenant>``. Of the processes that are alive, each tenant chooses one by the highest random
weight, so that they share the tenants evenly and few move when one comes or goes. Whoever is not chosen lets go, and the chosen
one takes over at once; a process that was killed or stopped is succeeded when its lease has ended. Should it go on later, its
decision finds another epoch and is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.jobs.leases import Lease, confirm, forget_leases, list_leases, release, renew_leases, take_lease
from opulse.observe import get_logger
from opulse.observe.metrics import DECISIONS_REFUSED
from opulse.ports import Ports
from opulse.tenancy import list_tenants

MEMBER = "decider-process/"
LEASE = "decider/"
REMEMBERED = timedelta(hours=1)

log = get_logger("ownership")


class NotOwner(Exception):
    """Another process has decided about this tenant since; what was to be written is not."""


class Ownership(Protocol):
    """What the decider asks."""

    def owns(self, tenant: int) -> bool:
        """Whether it is worth while to count and decide here."""
        ...

    def check_in(self, conn: Connection, tenant: int) -> None:
        """Call it first in the transaction of a decision.

        Raises:
            NotOwner: and nothing is written.
        """
        ...

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever a tenant was gained."""
        ...


class SoleOwner:
    """Of a database that one process serves."""

    def owns(self, tenant: int) -> bool:
        return True

    def check_in(self, conn: Connection, tenant: int) -> None:
        return

    def subscribe(self, callback: Callable[[], None]) -> None:
        return


class LeasedOwner:
    """A part of every process with a decider. ``length``: how long a process that was killed keeps its tenants from others."""

    def __init__(self, ports: Ports, process: str, length: timedelta) -> None:
        self._ports = ports
        self._process = process
        self._length = length
        self._held: dict[int, Lease] = {}
        self._callbacks: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def owns(self, tenant: int) -> bool:
        return tenant in self._held

    def check_in(self, conn: Connection, tenant: int) -> None:
        lease = self._held.get(tenant)
        if lease is not None and confirm(conn, lease):
            return
        self._held.pop(tenant, None)
        DECISIONS_REFUSED.inc()
        log.warning(
            "decision refused: another process decides by now", tenant=tenant, epoch=lease and lease.epoch
        )
        raise NotOwner(f"tenant {tenant}")

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    async def start(self) -> None:
        """Take what is to be had now, then keep at it."""
        await self.turn()
        self._task = asyncio.create_task(self._run(), name="ownership")

    async def stop(self) -> None:
        """Let go of everything, so that the others need not wait."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        held, self._held = self._held, {}
        with contextlib.suppress(SQLAlchemyError, OSError):
            await self._ports.db.write(self._leave, list(held.values()))

    async def turn(self) -> None:
        """Renew, take, let go. What could not be renewed is not held any more."""
        now = self._ports.clock.now()
        before = self._held
        self._held = await self._ports.db.write(self._turn_in, now)
        if gained := self._held.keys() - before.keys():
            log.info("decides now", tenants=sorted(gained), process=self._process)
            for callback in self._callbacks:
                callback()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._length.total_seconds() / 3)
            try:
                await self.turn()
            except (SQLAlchemyError, OSError) as error:  # what is held stays held until it is refused
                log.error("leases cannot be renewed", error=str(error))

    def _turn_in(self, conn: Connection, now: datetime) -> dict[int, Lease]:
        until = now + self._length
        forget_leases(conn, MEMBER, now - REMEMBERED)
        take_lease(conn, MEMBER + self._process, self._process, now, until)
        alive = [lease.owner for lease in list_leases(conn, MEMBER) if lease.until > now]
        renewed = renew_leases(conn, LEASE, self._process, now, until)
        held = {int(lease.name.removeprefix(LEASE)): lease for lease in renewed}
        for tenant in sorted(one.id for one in list_tenants(conn)):
            is_ours = chosen(tenant, alive) == self._process
            if is_ours and tenant not in held:
                lease = take_lease(conn, f"{LEASE}{tenant}", self._process, now, until)
                if lease is not None:
                    held[tenant] = lease
            elif not is_ours and tenant in held:
                release(conn, held.pop(tenant))
        return held

    def _leave(self, conn: Connection, held: list[Lease]) -> None:
        for lease in held:
            release(conn, lease)
        for member in list_leases(conn, MEMBER + self._process):
            release(conn, member)


def chosen(tenant: int, processes: Collection[str]) -> str:
    """Of the processes, the one that the tenant prefers; every process comes to the same answer."""
    return max(processes, key=lambda process: (blake2b(f"{tenant}/{process}".encode()).digest(), process))
