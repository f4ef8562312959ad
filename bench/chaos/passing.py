"""One pass: an incident of the planned size, with everything that the plan does to it, until nothing of it is under way."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from bench.chaos.books import books, is_settled
from bench.chaos.members import Member
from bench.chaos.plan import Blow, Plan, Strike
from bench.chaos.relay import Relay
from bench.chaos.verdict import Verdict, judge
from bench.chaos.world import World
from opulse.db import Database, open_database
from tests.faults.world import Incident, batch_of, report
from tests.servers.processes import ServerDidNotStart

PATIENCE = 150.0  # seconds; a fetch that failed at the fourth try waits 16 s, a deferred mail 30 s
LOOK = 0.2  # seconds between two looks


@dataclass(frozen=True)
class Passed:
    """A pass that is over. ``restarts``: seconds that each start of a process took."""

    plan: Plan
    verdict: Verdict
    seconds: float
    restarts: tuple[float, ...]
    struck: int
    errors: tuple[str, ...]  # what the processes logged as errors: told, for whoever reads the run


@dataclass
class Pass:
    """The state of a running pass."""

    world: World
    plan: Plan
    database: str
    members: list[Member]
    relay: Relay
    restarts: list[float] = field(default_factory=list)
    struck: int = 0
    died: list[str] = field(default_factory=list)  # of themselves, which nobody may

    async def carry_out(self) -> Passed:
        begin = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(member.start) for member in self.members))
        self.restarts.append(time.monotonic() - begin)
        self.world.front.begin(lambda: [one.port for one in self.members if not one.is_dead], self.plan.http)
        begin = time.monotonic()
        async with AsyncExitStack() as stack:
            database = await open_database(self.database)
            stack.push_async_callback(database.close)
            for work in (
                *(self._keep_alive(one) for one in self.members),
                *map(self._strike, self.plan.strikes),
            ):
                await stack.enter_async_context(_beside(work))
            await self._report()
            verdict = await self._settle(database)
        seconds = time.monotonic() - begin
        errors = [line for member in self.members for line in member.errors()]
        return Passed(self.plan, verdict, seconds, tuple(self.restarts), self.struck, tuple(errors))

    async def _report(self) -> None:
        """Send the batches; like an agent, the same bytes again until they were taken."""
        begin = time.monotonic()
        for number, (systems, after) in enumerate(_cut(self.world.incident, self.plan), 1):
            await asyncio.sleep(max(0.0, begin + after - time.monotonic()))
            batch = batch_of(number, systems)
            member = itertools.cycle(self.members)
            until = time.monotonic() + PATIENCE
            while not await report(next(member).url, self.world.key, batch):
                assert time.monotonic() < until, "a batch is never taken"
                await asyncio.sleep(0.1)

    async def _keep_alive(self, member: Member) -> None:
        """What systemd does: start again what has died."""
        while True:
            if member.is_dead:
                self.struck += 1
                if member.exit_code != -signal.SIGKILL:
                    self.died.append(f"a process ended by itself: {member.exit_code}")
                begin = time.monotonic()
                with suppress(ServerDidNotStart):  # killed while it started: again
                    await asyncio.to_thread(member.restart)
                self.restarts.append(time.monotonic() - begin)
            await asyncio.sleep(0.02)

    async def _strike(self, strike: Strike) -> None:
        member = self.members[strike.process % len(self.members)]
        if strike.blow is Blow.POINT:
            member.doom(strike.point)
            return
        await self._wait_for(strike)
        if strike.blow is Blow.KILL:
            member.strike(signal.SIGKILL)
            return
        self.struck += 1
        member.strike(signal.SIGSTOP)
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            member.strike(signal.SIGCONT)

    async def _wait_for(self, strike: Strike) -> None:
        await asyncio.sleep(strike.at.seconds)
        await self.relay.until_offered(strike.at.mails)

    async def _settle(self, database: Database) -> Verdict:
        """The verdict, once nothing is under way; or the one of the moment at which patience ended."""
        incident = self.world.incident
        until = time.monotonic() + PATIENCE
        settled = False
        while not settled and time.monotonic() < until:
            await asyncio.sleep(LOOK)
            settled = await database.read(is_settled, incident.notification, len(incident.people) + 2)
        evidence, ledger = await database.read(books, incident.notification)
        verdict = judge(incident.people, evidence, ledger, self.relay, self.world.front.kept)
        late = [] if settled else [f"not settled after {PATIENCE:.0f} s: {ledger}"]
        return replace(verdict, broken=(*verdict.broken, *self.died, *late))


async def run_pass(world: World, plan: Plan, number: int) -> Passed:
    """Carry out ``plan`` on a fresh copy of ``world``."""
    relay = Relay(plan.mail)
    await relay.start()
    try:
        with world.copy(number, relay.port) as (database, members):
            return await Pass(world, plan, database, members, relay).carry_out()
    finally:
        await relay.stop()


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do ``work`` while the block runs. What fails in it fails the pass."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _cut(incident: Incident, plan: Plan) -> Iterator[tuple[tuple[str, ...], float]]:
    """The systems of each batch, and when it is sent; at least 10 in the first one, which are enough to activate."""
    systems = (*incident.first, *incident.later)
    begin, share = 0, 0.0
    for part, after in plan.batches:
        share += part
        end = len(systems) if (part, after) == plan.batches[-1] else max(10, round(share * len(systems)))
        if end > begin:
            yield systems[begin:end], after
        begin = max(begin, end)
