"""Throughput of mails with 1, 2 and 4 processes that send, against a relay that takes 20 ms per message.

PostgreSQL, and ``opulse work --queues mail`` as often as wanted. A distribution is decided while the tenant's mail is switched
off; then it is switched on, and the relay notes when each mail arrives. The rate is that of the middle eight tenths: neither the
first look nor the last bursts, which no longer fill all connections, are part of it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal, Scope
from bench.peers.slow_relay import read_times
from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.experience.distributions.flow.asking import ask
from opulse.settings import load_settings
from tests.servers.opulse import WorkProcess
from tests.servers.postgres import PostgresServer
from tests.servers.processes import Server, accepts, free_port
from tests.unit.experience.distributions.town import Town, build_town

MILLISECONDS = 20
CONNECTIONS = 2  # of each process
WORKERS = (1, 2, 4)
PATIENCE_SECONDS = 120.0


async def measure(scope: Scope) -> list[Figure]:
    """``speedup_4_workers``, and the rates that it is made of."""
    people = scope.pick(1_200, 4_000)
    postgres = PostgresServer(durable=True)
    try:
        return await _measure(scope, postgres, people)
    finally:
        postgres.stop()


async def _measure(scope: Scope, postgres: PostgresServer, people: int) -> list[Figure]:
    bench = _Bench(scope.folder, postgres.url(postgres.create_database()))
    ports = await open_ports(load_settings(bench.data, **bench.options), "http://127.0.0.1")
    try:
        await migrate(ports.db)
        town = await build_town(ports, people * len(WORKERS) * scope.runs)
        # nobody is asked twice: whoever has an open invitation is held back from a second one
        crowds = iter(town.people[start : start + people] for start in range(0, len(town.people), people))
        await town.switch(cap_per_activation=people, confirm_above=people, mail_paused=True)
        rates: dict[int, list[float]] = {count: [] for count in WORKERS}
        for _ in range(scope.runs):
            for count in WORKERS:
                rates[count].append(await bench.rate(town, count, next(crowds)))
    finally:
        bench.stop()
        await close_ports(ports)
    return _figures(rates, people)


class _Bench:
    """The relay, and processes that send to it."""

    def __init__(self, folder: Path, database: str) -> None:
        self.data = folder / "data"
        self._times = folder / "times"
        self._times.touch()
        port = free_port()
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "bench.peers.slow_relay",
            str(port),
            str(MILLISECONDS),
            self._times,
        ]
        self._relay = Server(command, folder / "relay.log")
        self._relay.wait_until(lambda: accepts(port), "the slow relay")
        self.options: dict[str, Any] = {
            "database_url": database,
            "public_url": "http://127.0.0.1:1",
            "secret_key": "bench",
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "none",
            "smtp_connections": CONNECTIONS,
            "mail_from": "pulse@acme.example",
        }

    async def rate(self, town: Town, count: int, crowd: list[str]) -> float:
        """Mails a second that ``count`` processes bring to the relay."""
        await ask(town.ports, town.request(contact_ids=tuple(crowd)))
        people = len(crowd)
        before = len(read_times(self._times))
        workers = [
            WorkProcess(self.data, f"mail-{number}", "mail", **self.options) for number in range(count)
        ]
        try:
            for worker in workers:
                worker.spawn()
            for worker in workers:
                worker.wait()
            await town.switch(mail_paused=False)
            arrived = await self._arrived(before, people)
        finally:
            await town.switch(mail_paused=True)
            for worker in workers:
                worker.stop()
        first, last = arrived[people // 10], arrived[people * 9 // 10]
        return (people * 9 // 10 - people // 10) / (last - first)

    async def _arrived(self, before: int, people: int) -> list[float]:
        until = time.monotonic() + PATIENCE_SECONDS
        while len(arrived := read_times(self._times)[before:]) < people:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(arrived)} of {people} mails arrived")
            await asyncio.sleep(0.2)
        return arrived

    def stop(self) -> None:
        self._relay.stop()


def _figures(rates: dict[int, list[float]], people: int) -> list[Figure]:
    one, most = rates[WORKERS[0]], rates[WORKERS[-1]]
    ceiling = CONNECTIONS * 1000 / MILLISECONDS
    beside = ", ".join(f"{count}: {sorted(found)[len(found) // 2]:,.0f}/s" for count, found in rates.items())
    return [
        Figure(
            key="speedup_4_workers",
            values=tuple(ours / single for ours, single in zip(most, one, strict=True)),
            unit="x",
            what=f"mails a second of 4 processes over 1, relay with {MILLISECONDS} ms per message, {people:,} mails",
            goal=Goal(at_least=3.4),
            beside=f"{beside}; {CONNECTIONS} connections each, at most {ceiling:,.0f}/s per process",
            detail={"rates": {str(count): found for count, found in rates.items()}, "people": people},
        )
    ]
