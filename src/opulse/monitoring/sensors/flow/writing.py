"""Writing batches to the journal: those that wait share a transaction, and its one fsync."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from opulse.db import Database, Priority
from opulse.monitoring.sensors.rules.packing import States, pack
from opulse.monitoring.systems.flow.journal import RepeatedBatch, append_batch_in, append_batches_in
from opulse.monitoring.systems.models import NewBatch
from opulse.observe import faults

AT_ONCE = 2
"""Transactions on their way: while one is on the disk, the next is prepared and the answers of the last leave."""
MOST_TOGETHER = 256
REMEMBERED = 10_000
SHORT = 500
"""Answers that are remembered, and their most bytes; the journal remembers all."""
MOST_BYTES = 4_000_000
"""Of one transaction: a larger one holds up whoever waits behind it."""


class Applier(Protocol):
    """Who is told what became durable, before its sender is answered: the evaluator."""

    def take(self, tenant: int, position: int, states: States, at: datetime) -> bool:
        """Apply a batch; False: records of others lie between."""
        ...

    async def follow(self, tenant: int) -> int:
        """Apply what the journal holds."""
        ...


class WriterStopped(OSError):
    """The writer ended without an outcome; the sender asks again."""


@dataclass(eq=False, slots=True)
class Waiting:
    """A batch on its way to the journal; ``outcome`` is its answer once it is durable and applied."""

    row: NewBatch
    states: States
    outcome: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def key(self) -> tuple[int, str, str]:
        return self.row.tenant, self.row.source, self.row.batch

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
            self.outcome.exception()  # whoever waited may be gone

    def succeed(self) -> None:
        if not self.outcome.done():
            self.outcome.set_result(self.row.answer)


class JournalWriter:
    """One per process, beside its evaluator. Batches are written in the order in which they were added."""

    def __init__(self, db: Database, applier: Applier) -> None:
        self._db = db
        self._applier = applier
        self._queue: deque[Waiting] = deque()
        self._flying: dict[tuple[int, str, str], Waiting] = {}
        self._answers: dict[tuple[int, str, str], bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0
        self._starting = False

    def find(self, tenant: int, source: str, batch: str) -> asyncio.Future[bytes] | None:
        """The outcome of this very batch, if it is on its way."""
        waiting = self._flying.get((tenant, source, batch))
        return None if waiting is None else waiting.outcome

    def recall(self, tenant: int, source: str, batch: str) -> bytes | None:
        """What the source was told of this batch, if that was lately: a sender that heard nothing asks again soon."""
        return self._answers.get((tenant, source, batch))

    def waiting(self, tenant: int) -> Iterator[States]:
        """What is on its way for the tenant."""
        return (one.states for one in self._flying.values() if one.row.tenant == tenant)

    def add(
        self, tenant: int, source: str, batch: str, states: States, answer: bytes, at: datetime
    ) -> asyncio.Future[bytes]:
        """Queue a batch. The outcome is ``answer`` once it is durable and applied.

        Raises (from the outcome):
            RepeatedBatch: the source has sent the batch before.
            SQLAlchemyError, OSError: it is not durable.
        """
        one = Waiting(NewBatch(tenant, source, batch, pack(states), answer, at), states)
        self._queue.append(one)
        self._flying[one.key] = one
        if not self._starting and self._running < AT_ONCE:
            self._starting = True
            task = asyncio.create_task(self._run(), name="journal writer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return one.outcome

    async def drain(self) -> None:
        """Wait until everything that was added has its outcome."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self) -> None:
        self._starting = False
        self._running += 1
        try:
            while self._queue:
                await self._write_all(list(self._take()))
        finally:
            self._running -= 1

    async def _write_all(self, together: Sequence[Waiting]) -> None:
        try:
            await self._write(together)
        finally:
            for one in together:
                self._flying.pop(one.key, None)
                one.fail(WriterStopped("the batch was not written"))

    def _remember(self, one: Waiting) -> None:
        if len(one.row.answer) <= SHORT:
            if len(self._answers) >= REMEMBERED:
                del self._answers[next(iter(self._answers))]
            self._answers[one.key] = one.row.answer

    def _take(self) -> Iterator[Waiting]:
        size = 0
        for _ in range(min(len(self._queue), MOST_TOGETHER)):
            size += len(self._queue[0].row.payload)
            yield self._queue.popleft()
            if size > MOST_BYTES:
                return

    async def _write(self, together: Sequence[Waiting]) -> None:
        try:
            rows = [one.row for one in together]
            positions = await self._db.write_first(Priority.INGEST, append_batches_in, rows)
        except RepeatedBatch:
            await asyncio.gather(*(self._write_alone(one) for one in together))
        except (SQLAlchemyError, OSError) as error:
            for one in together:
                self._flying.pop(one.key, None)
            for one in together:
                one.fail(error)
        else:
            for one, position in zip(together, positions, strict=True):
                await self._finish(one, position)

    async def _write_alone(self, one: Waiting) -> None:
        """Each with a fate of its own, because one of them was here before."""
        try:
            entry = await self._db.write_first(Priority.INGEST, append_batch_in, one.row)
        except (SQLAlchemyError, OSError, RepeatedBatch) as error:
            self._flying.pop(one.key, None)
            one.fail(error)
        else:
            await self._finish(one, entry)

    async def _finish(self, one: Waiting, position: int) -> None:
        faults.point("states.journaled")
        tenant = one.row.tenant
        try:
            if not self._applier.take(tenant, position, one.states, one.row.at):
                await self._applier.follow(tenant)
        except (SQLAlchemyError, OSError) as error:
            one.fail(error)  # it is durable, and will be applied; the sender asks again and is answered then
        else:
            one.succeed()
            self._remember(one)
        self._flying.pop(one.key, None)
