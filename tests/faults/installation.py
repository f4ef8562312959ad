"""An installation under faults: how to reach it, and how long to wait until an incident has come to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from opulse.cli.demo.calling import ApiClient
from tests.faults.evidence import Evidence, ask, gather, list_activations, nothing_waits
from tests.faults.world import Incident
from tests.servers.smtp import SmtpSink

SETTLED = 40.0
"""Seconds of patience: what takes longer than a lease and the webhook's first pauses is a fault."""


class Served(Protocol):
    """A process with the API."""

    url: str


P = TypeVar("P", bound=Served)


@dataclass
class Installation(Generic[P]):
    """A process with a database and a relay, and the incidents that are prepared on it."""

    process: P
    database: str
    sink: SmtpSink
    key: str
    incidents: dict[str, Incident] = field(default_factory=dict)
    seq: Iterator[int] = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def api(self) -> AsyncIterator[ApiClient]:
        async with ApiClient(self.process.url, self.key) as client:
            yield client

    async def activation_of(self, incident: Incident) -> str:
        """The one activation of the incident's notification, once there is one."""
        until = time.monotonic() + SETTLED
        while not (found := await ask(self.database, list_activations, incident.notification)):
            assert time.monotonic() < until, "no activation"
            await asyncio.sleep(0.1)
        assert len(found) == 1
        return found[0]

    async def ledger(self, activation: str) -> dict[str, Any]:
        async with self.api() as client:
            found: dict[str, Any] = await client.get(f"/api/v1/activations/{activation}/ledger")
        return found

    async def settle(self, activation: str, systems: int) -> float:
        """Wait until ``systems`` are in the ledger and none is under way. Seconds that it took."""
        begin = time.monotonic()
        while not await self._is_settled(activation, systems):
            assert time.monotonic() - begin < SETTLED, await self.ledger(activation)
            await asyncio.sleep(0.2)
        return time.monotonic() - begin

    async def _is_settled(self, activation: str, systems: int) -> bool:
        ledger = await self.ledger(activation)
        under_way = {"being_resolved", "queued"} & ledger["states"].keys()
        if ledger["total"] != systems or under_way:
            return False
        return await ask(self.database, nothing_waits, activation)

    async def gather(self, incident: Incident, activation: str) -> Evidence:
        return await ask(self.database, gather, incident.notification, activation)
