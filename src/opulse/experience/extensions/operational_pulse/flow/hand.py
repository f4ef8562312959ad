"""A batch of people at work: whose it is, where it goes, and how far each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opulse.bridges.qualtrics import QualtricsClient
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.models import HandState, ReachReason, Target
from opulse.experience.extensions.operational_pulse.store import Batch, HandedPerson
from opulse.experience.workflows import TaskContext
from opulse.observe.metrics import DECISIONS
from opulse.ports import Ports


@dataclass(frozen=True)
class Hand:
    """One batch at work."""

    ports: Ports
    context: TaskContext
    client: QualtricsClient
    target: Target
    batch: Batch
    patch: dict[str, str]
    asks: bool = False
    """Its people are asked by a survey at Qualtrics: they come onto the list that the target names, the batch's own."""

    async def people(self, *states: HandState) -> list[HandedPerson]:
        rows = await self.ports.db.read(
            store.list_people, self.context.tenant, self.context.task_run, self.batch.number
        )
        return [row for row in rows if row.state in states]

    async def move(self, people: Sequence[HandedPerson]) -> None:
        await self.ports.db.write(store.update_people, self.context.tenant, self.context.task_run, people)

    async def settle(self, ends: dict[str, ReachReason]) -> None:
        await self.ports.db.write(store.settle_people, self.context.tenant, self.context.task_run, ends)
        for reason in ends.values():
            DECISIONS.labels("reach", reason.value).inc()

    async def set_import(self, import_id: str) -> None:
        key = (self.context.tenant, self.context.task_run, self.batch.number)
        await self.ports.db.write(store.set_import, *key, import_id)

    async def read_ask(self) -> store.Ask | None:
        return await self.ports.db.look_up(
            store.find_ask, self.context.tenant, self.context.task_run, self.batch.number
        )

    async def save_ask(self, ask: store.Ask) -> None:
        key = (self.context.tenant, self.context.task_run, self.batch.number)
        await self.ports.db.write(store.save_ask, *key, ask)
