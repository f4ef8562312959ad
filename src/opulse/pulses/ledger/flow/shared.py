"""The sums of a large incident, shared by everybody who looks at them.

To sum an incident every row of it is judged, a hundred thousand in about 0.3 s. Twenty people who watch it would keep the
processor from sending mail; so of a large one the sums are made once in some seconds, and say of which moment they are.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from opulse.db import Database
from opulse.ports import Ports
from opulse.pulses.ledger.flow.reading import ledger_in
from opulse.pulses.ledger.models import Ledger
from opulse.pulses.ledger.rules import kept_for

REMEMBERED = 50  # incidents


class Sums:
    """The last sums of the large incidents of one database, as this process made them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], Ledger] = {}
        self._making: dict[tuple[int, str], asyncio.Task[Ledger]] = {}

    async def read(self, ports: Ports, tenant: int, activation: str) -> Ledger:
        """See :func:`ledger`."""
        key, now = (tenant, activation), ports.clock.now()
        kept = self._kept.get(key)
        if kept is None:
            return await self._make(ports, key)
        if now - kept.at < kept_for(kept.total):
            return kept
        # known to be large: whoever comes while it is summed waits for the same sums
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._make(ports, key))
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)  # who goes away does not take the others' sums along

    async def _make(self, ports: Ports, key: tuple[int, str]) -> Ledger:
        made = await ports.db.read(ledger_in, *key, ports.clock.now())
        self.keep(key[0], made)
        return made

    def keep(self, tenant: int, made: Ledger) -> None:
        """For those who come next, if it is of a large incident."""
        key = (tenant, made.activation)
        self._kept.pop(key, None)
        if kept_for(made.total):
            self._kept[key] = made
            while len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]

    def is_large(self, tenant: int, activation: str) -> bool:
        """Whether it was large when it was last summed."""
        return (tenant, activation) in self._kept


_of_database: WeakKeyDictionary[Database, Sums] = WeakKeyDictionary()


def _sums_of(ports: Ports) -> Sums:
    found = _of_database.get(ports.db)
    if found is None:
        found = _of_database[ports.db] = Sums()
    return found


async def ledger(ports: Ports, tenant: int, activation: str) -> Ledger:
    """Where every affected system ended: of a large incident as of ``at``, some seconds ago at most.

    Raises:
        NotFound: neither side of this installation knows the activation.
    """
    return await _sums_of(ports).read(ports, tenant, activation)


async def large_ledger(ports: Ports, tenant: int, activation: str) -> Ledger | None:
    """:func:`ledger`, if the incident is known to be large; else None, and the caller reads it with what else it shows."""
    sums = _sums_of(ports)
    return await sums.read(ports, tenant, activation) if sums.is_large(tenant, activation) else None


def keep_ledger(ports: Ports, tenant: int, made: Ledger) -> None:
    """Share sums that the caller has just made."""
    _sums_of(ports).keep(tenant, made)
