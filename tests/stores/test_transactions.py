"""Transactions by list and by batch, and the batches themselves; the same on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.experience.directory import views
from opulse.experience.directory.flow.lists import add_members, create_list
from opulse.experience.directory.flow.transactions import TransactionRow, add_transactions
from opulse.experience.directory.models import TransactionBatch
from opulse.ports import Ports
from tests.unit.experience.distributions.town import build_town

pytestmark = pytest.mark.stores
import_stores()


async def test_batches_are_counted_and_looked_into(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    made = await create_list(ports, town.tenant, town.directory, "Two", "t")
    await add_members(ports, town.tenant, made.id, town.people[:2])
    then = clock.now()
    rows = [TransactionRow(one, then - timedelta(hours=number), {}) for number, one in enumerate(town.people)]
    first = (await add_transactions(ports, town.tenant, town.directory, rows, "t")).batch
    clock.advance(60)
    row = TransactionRow(town.people[0], then, {"ticket": 1})
    second = (await add_transactions(ports, town.tenant, town.directory, [row], "t")).batch

    def look(conn: Connection) -> None:
        batches = views.list_batches(conn, town.tenant, town.directory)
        assert batches == [
            TransactionBatch(second, clock.now(), 1, then, then),
            TransactionBatch(first, then, 3, then - timedelta(hours=2), then),
        ]
        behind = (batches[0].taken_at, batches[0].id)
        assert views.list_batches(conn, town.tenant, town.directory, before=behind) == batches[1:]
        on_list = views.list_transactions(conn, town.tenant, town.directory, list_id=made.id)
        assert {one.contact for one in on_list} == set(town.people[:2])
        assert len(on_list) == 3
        both = views.list_transactions(conn, town.tenant, town.directory, list_id=made.id, batch=first)
        assert [one.contact for one in both] == town.people[:2]

    await ports.db.read(look)
