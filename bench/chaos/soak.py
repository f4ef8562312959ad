"""``make soak MINUTES=30``: incident after incident on one installation that nobody restarts, and its memory over time.

Each round is an incident of all people: it opens, everybody is asked and answers, it ends. A line per minute goes to stderr; the
last line of stdout is JSON. Exit code 1: somebody was lost or asked twice in a round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import psutil

from bench.chaos.books import is_settled
from bench.chaos.front import Front
from bench.chaos.members import Member, end_in_order
from bench.chaos.relay import Relay
from bench.chaos.world import World, prepare
from opulse.cli.demo.calling import ApiClient
from opulse.clock import ScaledClock
from opulse.db import Database, open_database
from opulse.emulators.people import Respondents, Visit, temper_of
from opulse.emulators.people.answering import SHORTEST_WAY
from opulse.wire.sensor_states import StateBatch, StateChange, encode_batch
from tests.faults.browser import link_in
from tests.faults.evidence import list_activations
from tests.faults.world import SENSORS, batch_of, report
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SunkMail

PATIENCE = 120.0
AT_ONCE = 100  # people with an open page
MEGABYTE = 1e6


@dataclass
class Soak:
    """A running soak. ``memory``: (minute, megabytes of all processes), the first one before any incident."""

    world: World
    members: list[Member]
    relay: Relay
    database: Database
    seq: Iterator[int] = field(default_factory=lambda: count(1))
    memory: list[tuple[float, float]] = field(default_factory=list)
    rounds: int = 0
    mails: int = 0
    answers: int = 0
    broken: list[str] = field(default_factory=list)

    async def run(self, minutes: float) -> None:
        begin = time.monotonic()
        self._look(0.0)
        while (passed := (time.monotonic() - begin) / 60) < minutes and not self.broken:
            await self._round()
            if passed >= len(self.memory):
                self._look(passed)
        self._look((time.monotonic() - begin) / 60)

    def _look(self, minute: float) -> None:
        used = sum(psutil.Process(member.pid).memory_info().rss for member in self.members) / MEGABYTE
        self.memory.append((round(minute, 1), round(used, 1)))
        print(
            f"soak: {minute:5.1f} min, {self.rounds} incidents, {self.mails:,} mails, {self.answers:,} answers, {used:.1f} MB",
            file=sys.stderr,
            flush=True,
        )

    async def _round(self) -> None:
        """One incident from its first sensor to its end."""
        incident = self.world.incident
        systems = (*incident.first, *incident.later)
        self.relay.taken.clear()
        known = len(await self.database.read(list_activations, incident.notification))
        await self._report(batch_of(next(self.seq), systems))
        activation = await self._opened(known)
        await self._until_settled(len(systems))
        await self._answer(incident.people)
        await self._until_settled(len(systems))
        self.rounds += 1
        self.mails += sum(map(len, self.relay.taken.values()))
        self._check(incident.people)
        await self._report(_cleared(next(self.seq), systems))
        async with ApiClient(self.members[0].url, self.world.key) as client:
            await client.post(f"/api/v1/activations/{activation}/resolve")
            await client.get("/api/v1/activations")
        await asyncio.sleep(0.3)  # seen to be below, so that the next one opens

    async def _answer(self, people: frozenset[str]) -> None:
        """Everybody answers: until then, and for a quarter of an hour, they would be left alone by the next incident."""
        await asyncio.sleep(SHORTEST_WAY)
        respondents = Respondents(ScaledClock(1_000), at_once=AT_ONCE)
        try:
            await asyncio.gather(*(respondents.answer(self._visit(who)) for who in people))
        finally:
            await respondents.aclose()
        self.answers += len(people)

    def _visit(self, who: str) -> Visit:
        mail = SunkMail("", (who,), self.relay.newest[who].replace(b"\r\n", b"\n"))
        return Visit(link_in(mail), "en", temper_of(self.rounds, who, "soak"))

    async def _report(self, batch: bytes) -> None:
        assert await report(self.members[0].url, self.world.key, batch)

    async def _opened(self, known: int) -> str:
        until = time.monotonic() + PATIENCE
        while (
            len(found := await self.database.read(list_activations, self.world.incident.notification))
            <= known
        ):
            assert time.monotonic() < until, "no activation"
            await asyncio.sleep(0.05)
        return found[-1]

    async def _until_settled(self, systems: int) -> None:
        until = time.monotonic() + PATIENCE
        while not await self.database.read(is_settled, self.world.incident.notification, systems):
            assert time.monotonic() < until, "not settled"
            await asyncio.sleep(0.1)

    def _check(self, people: frozenset[str]) -> None:
        lost = people - self.relay.taken.keys()
        twice = [who for who, ids in self.relay.taken.items() if len(ids) > 1]
        if lost or twice:
            self.broken.append(f"round {self.rounds}: {len(lost)} lost, {len(twice)} twice")


def _cleared(seq: int, systems: tuple[str, ...]) -> bytes:
    """The same sensors, not triggered any more."""
    instances = {"Application Hang": "outlook.exe"}
    changes = [
        StateChange(sensor, False, instances.get(sensor), system=system)
        for system in systems
        for sensor in SENSORS
    ]
    return encode_batch(StateBatch(str(uuid4()), seq, changes))


async def _run(wanted: argparse.Namespace, postgres: PostgresServer | None) -> int:
    front, relay = Front(), Relay(keeps=True)
    await front.start()
    await relay.start()
    with tempfile.TemporaryDirectory(prefix="opulse-soak-") as folder:
        world = await prepare(Path(folder), front, wanted.people, postgres)
        with world.copy(1, relay.port) as (address, members):
            await asyncio.gather(*(asyncio.to_thread(member.start) for member in members))
            front.begin(lambda: [member.port for member in members])
            database = await open_database(address)
            soak = Soak(world, members, relay, database)
            try:
                await soak.run(wanted.minutes)
            finally:
                await database.close()
    await relay.stop()
    await front.stop()
    for sentence in soak.broken:
        print(f"soak: BROKEN {sentence}", file=sys.stderr)
    print(json.dumps(_tally(soak, wanted)))
    return 1 if soak.broken else 0


def _tally(soak: Soak, wanted: argparse.Namespace) -> dict[str, object]:
    used = [megabytes for _, megabytes in soak.memory]
    return {
        "minutes": soak.memory[-1][0],
        "incidents": soak.rounds,
        "mails": soak.mails,
        "answers": soak.answers,
        "lost_or_doubled": len(soak.broken),
        "memory_mb_first": used[
            min(1, len(used) - 1)
        ],  # after the first incidents: what a warm process takes
        "memory_mb_last": used[-1],
        "memory_mb": soak.memory,
        "people": wanted.people,
        "dialect": wanted.dialect,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="soak", description="Incident after incident, and the memory over time."
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--dialect", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--people", type=int, default=2_000)
    wanted = parser.parse_args()
    end_in_order()
    server = PostgresServer() if wanted.dialect == "postgresql" else None
    try:
        return asyncio.run(_run(wanted, server))
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
