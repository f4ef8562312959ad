"""The journal under many writers: numbered in the order of commit, no gap is ever visible, a batch is there once."""

from __future__ import annotations

import asyncio

import pytest

from opulse.clock import ManualClock
from opulse.db import Database, Priority
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.journal import RepeatedBatch, append_batch_in, append_in
from opulse.monitoring.systems.models import NewBatch, RecordKind

pytestmark = pytest.mark.stores


async def read_positions(db: Database, tenant: int) -> list[int]:
    entries = await db.read(views.list_journal, tenant, 0, 10_000)
    return [entry.position for entry in entries]


async def test_readers_never_see_a_gap(db: Database, clock: ManualClock) -> None:
    now = clock.now()

    async def write(source: int) -> None:
        for number in range(20):
            batch = NewBatch(1, f"s{source}", str(number), b"p", b"a", now)
            await db.write_first(Priority.INGEST, append_batch_in, batch)

    writers = [asyncio.create_task(write(source)) for source in range(8)]
    while not all(task.done() for task in writers):
        seen = await read_positions(db, 1)
        assert seen == list(range(1, len(seen) + 1))
    await asyncio.gather(*writers)
    assert await read_positions(db, 1) == list(range(1, 161))


async def test_twins_in_flight_are_one_record_and_the_others_are_told(
    db: Database, clock: ManualClock
) -> None:
    now = clock.now()
    done = await asyncio.gather(
        *(
            db.write(append_batch_in, NewBatch(1, "gateway", "7", b"p", f"answer {number}".encode(), now))
            for number in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, RepeatedBatch) for one in done) == 5
    kept = next(number for number, one in enumerate(done) if isinstance(one, int))
    assert await db.read(views.find_answer, 1, "gateway", "7") == f"answer {kept}".encode()
    assert await read_positions(db, 1) == [1]


async def test_tenants_and_sources_have_their_own_batches(db: Database, clock: ManualClock) -> None:
    now = clock.now()
    for tenant, source in ((1, "a"), (1, "b"), (2, "a")):
        await db.write(append_batch_in, NewBatch(tenant, source, "1", b"p", b"", now))
    await db.write(append_in, 1, RecordKind.CATALOGUE, b"", now)
    assert await read_positions(db, 1) == [1, 2, 3]
    assert await read_positions(db, 2) == [1]
    assert await db.read(views.find_answer, 2, "b", "1") is None


async def test_a_unit_that_fails_leaves_no_gap(db: Database, clock: ManualClock) -> None:
    now = clock.now()

    def fail(conn: object) -> None:
        append_in(conn, 1, RecordKind.CATALOGUE, b"", now)  # type: ignore[arg-type]  # a connection, as units get
        raise RuntimeError("on purpose")

    await db.write(append_in, 1, RecordKind.CATALOGUE, b"", now)
    with pytest.raises(RuntimeError, match="on purpose"):
        await db.write(fail)
    entry = await db.write(append_in, 1, RecordKind.CATALOGUE, b"", now)
    assert (entry.position, await read_positions(db, 1)) == (2, [1, 2])
