"""Jobs announced to a real NATS server and taken from there; the outbox on PostgreSQL stays the truth."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import nats
import pytest

from opulse.clock import SystemClock
from opulse.db import Database, open_database
from opulse.jobs import Job, JobDead, JobRetry, enqueue
from opulse.jobs.jetstream import STREAM, JetStream
from opulse.jobs.leases import leases
from opulse.jobs.relay import Relay
from opulse.jobs.stream_worker import StreamWorker
from opulse.jobs.table import jobs, list_dead
from tests.servers.nats import NatsCluster
from tests.servers.postgres import PostgresServer
from tests.unit.jobs.working import stored, until

CLOCK = SystemClock()
LEASE = timedelta(seconds=3)


@pytest.fixture(scope="module")
def server() -> Iterator[NatsCluster]:
    cluster = NatsCluster(size=1)
    yield cluster
    cluster.stop()


@pytest.fixture
async def database(postgres: PostgresServer, server: NatsCluster) -> AsyncIterator[Database]:
    name = postgres.create_database()
    opened = await open_database(postgres.url(name))
    for table in (jobs, leases):
        await opened.write(table.create)
    with contextlib.suppress(nats.js.errors.NotFoundError):
        await wipe(server)
    yield opened
    await opened.close()
    postgres.drop_database(name)


async def wipe(server: NatsCluster) -> None:
    client = await nats.connect(server.url)
    await client.jetstream().delete_stream(STREAM)
    await client.close()


@asynccontextmanager
async def process(
    db: Database, server: NatsCluster, handlers: dict[str, Any], name: str = "p"
) -> AsyncIterator[None]:
    """Stream, relay and worker of one process."""
    stream = JetStream([server.url], name, LEASE)
    relay = Relay(db, CLOCK, stream, name)
    worker = StreamWorker(db, CLOCK, handlers, "the ports", stream, lease=LEASE)
    await stream.start()
    await relay.start()
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(running, 10)
        await relay.stop()
        await stream.stop()


class Tally:
    """A handler that counts by what a job carries."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seen: Counter[int] = Counter()
        self._seconds = seconds

    async def __call__(self, ports: Any, job: Job) -> None:
        await asyncio.sleep(self._seconds)
        self.seen[job.payload["n"]] += 1


async def add(db: Database, count: int, kind: str = "thing", **more: Any) -> None:
    for n in range(count):
        await db.write(enqueue, 1, kind, {"n": n}, **more)


async def test_each_job_runs_once_whichever_process_takes_it(database: Database, server: NatsCluster) -> None:
    tallies = [Tally(), Tally()]
    async with (
        process(database, server, {"thing": tallies[0]}),
        process(database, server, {"thing": tallies[1]}, "q"),
    ):
        await add(database, 100)
        await until(lambda: sum(sum(one.seen.values()) for one in tallies) >= 100, 20)
        await asyncio.sleep(0.3)
    assert sum((one.seen for one in tallies), Counter()) == Counter(range(100))
    assert await database.read(stored) == []


async def test_a_new_job_is_taken_at_once(database: Database, server: NatsCluster) -> None:
    tally = Tally()
    async with process(database, server, {"thing": tally}):
        await add(database, 1)
        await until(lambda: len(tally.seen) == 1, 10)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await database.write(enqueue, 1, "thing", {"n": 7})
        await until(lambda: 7 in tally.seen)
    assert loop.time() - began < 0.8, "the relay looks each second; the commit must have woken it"


async def test_retries_deaths_and_order_are_those_of_the_table(
    database: Database, server: NatsCluster
) -> None:
    attempts: list[tuple[str, int]] = []

    async def on_job(ports: Any, job: Job) -> None:
        attempts.append((job.kind, job.attempt))
        if job.kind == "retry" and job.attempt == 1:
            raise JobRetry(0.2, "not yet")
        if job.kind == "dead":
            raise JobDead("no use")

    async with process(database, server, dict.fromkeys(("retry", "dead", "second"), on_job)):
        await database.write(enqueue, 1, "retry", {}, ordering="x")
        await database.write(enqueue, 1, "second", {}, ordering="x")
        await database.write(enqueue, 1, "dead", {})
        await until(lambda: len(attempts) == 4, 20)
        await asyncio.sleep(0.3)
    ordered = [one for one in attempts if one[0] != "dead"]
    assert ordered == [("retry", 1), ("retry", 2), ("second", 1)]
    (dead,) = await database.read(list_dead, 1)
    assert (dead["kind"], dead["last_error"]) == ("dead", "no use")


async def test_a_stream_that_lost_everything_is_filled_from_the_outbox(
    database: Database, server: NatsCluster
) -> None:
    tally = Tally(0.05)
    async with process(database, server, {"thing": tally}):
        await add(database, 200)
        await until(lambda: len(tally.seen) > 20, 20)
        await wipe(server)
        await until(lambda: len(tally.seen) == 200, 60)
        await asyncio.sleep(0.3)
    assert tally.seen == Counter(range(200))
    assert await database.read(stored) == []


async def test_while_the_server_is_away_jobs_are_taken_from_the_table(database: Database) -> None:
    tally = Tally()
    gone = NatsCluster(size=1)
    async with process(database, gone, {"thing": tally}):
        await add(database, 1)
        await until(lambda: len(tally.seen) == 1, 10)
        gone.kill(gone.names[0])
        await add(database, 20)
        await until(lambda: len(tally.seen) == 20, 30)
        gone.start(gone.names[0])
        await database.write(enqueue, 1, "thing", {"n": 99})
        await until(lambda: 99 in tally.seen, 20)
    gone.stop()
    assert tally.seen == Counter([0, *range(20), 99])


async def test_an_incident_passes_an_import(database: Database, server: NatsCluster) -> None:
    tally, urgent = Tally(0.5), Tally()
    async with process(database, server, {"import": tally, "incident": urgent}):
        await add(database, 40, "import", priority=6)
        await until(lambda: len(tally.seen) > 4, 20)
        await database.write(enqueue, 1, "incident", {"n": 1}, priority=0)
        await until(lambda: len(urgent.seen) == 1, 10)
        assert len(tally.seen) < 40


async def test_a_server_that_is_there_only_later_is_used_from_then_on(database: Database) -> None:
    tally = Tally()
    later = NatsCluster(size=1)
    later.kill(later.names[0])
    async with process(database, later, {"thing": tally}):
        await add(database, 5)
        await until(lambda: len(tally.seen) == 5, 20)
        later.start(later.names[0])
        client = await nats.connect(later.url)
        before = await last_message(client)
        await database.write(enqueue, 1, "thing", {"n": 9})
        await until(lambda: 9 in tally.seen, 10)
        assert await last_message(client) > before
        await client.close()
    later.stop()
    assert tally.seen == Counter([*range(5), 9])


async def last_message(client: Any) -> int:
    """Its number, once there is a stream."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(nats.errors.Error):
                return int((await client.jetstream().stream_info(STREAM)).state.last_seq)
            await asyncio.sleep(0.1)
