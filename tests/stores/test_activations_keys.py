"""What the database itself holds: one open activation per notification, one first end, one watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.activations import Decider, store, views
from opulse.monitoring.activations.models import Counts, Resolution, Snapshot, WhichSystems
from opulse.monitoring.notifications.models import ActivationOption, SensorChoice, Threshold
from opulse.monitoring.sensors import Evaluator
from opulse.wire.affected import ActivationState
from tests.unit.monitoring.activations.world import Wing, hang, open_wing

pytestmark = pytest.mark.stores


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


def opening(notification: str, id_: str, now: datetime, affected: BitMap) -> store.Opening:
    snapshot = Snapshot(
        name="Teams",
        description="",
        sensors=(SensorChoice("Application Hang", "teams.exe"), SensorChoice("DPC Rate")),
        group_id="g",
        group_name="All Systems",
        threshold=Threshold(ActivationOption.PERCENTAGE, Decimal("24.5")),
        recipients=("r1", "r2"),
        reporting=50,
    )
    return store.Opening(id_, notification, 1, snapshot, now, 41, affected)


async def test_a_second_open_activation_of_a_notification_is_refused_by_the_key(wing: Wing) -> None:
    notification = await wing.notify()
    now = wing.clock.now()

    def insert(conn: Connection, id_: str) -> None:
        store.insert_activation(conn, wing.tenant, opening(notification, id_, now, BitMap([1])))

    await wing.ports.db.write(insert, "one")
    with pytest.raises(IntegrityError):
        await wing.ports.db.write(insert, "two")

    def close(conn: Connection, state: ActivationState) -> bool:
        return store.close_activation(conn, wing.tenant, "one", state, Resolution.AUTO, "", now)

    assert await wing.ports.db.write(close, ActivationState.RESOLVED)
    assert not await wing.ports.db.write(close, ActivationState.DISMISSED), "it keeps its first end"
    await wing.ports.db.write(insert, "two")


async def test_an_activation_is_read_back_as_it_was_written(wing: Wing) -> None:
    notification = await wing.notify()
    affected = BitMap([3, 70_000, 4_000_000_000])
    made = opening(notification, "one", wing.clock.now(), affected)
    await wing.ports.db.write(store.insert_activation, wing.tenant, made)
    found = await wing.ports.db.read(views.get_activation, wing.tenant, "one")
    assert found is not None
    assert found.snapshot == made.snapshot
    assert (found.state, found.counts, found.position) == (ActivationState.ACTIVE, Counts(3, 3, 3), 41)
    for which in WhichSystems:
        assert await wing.ports.db.read(store.find_affected, wing.tenant, "one", which) == affected
    assert await wing.ports.db.read(views.get_activation, wing.tenant + 1, "one") is None


async def test_who_was_ever_affected_stays_and_a_closed_one_grows_no_more(wing: Wing) -> None:
    notification = await wing.notify()
    now = wing.clock.now()
    await wing.ports.db.write(
        store.insert_activation, wing.tenant, opening(notification, "one", now, BitMap([1, 2]))
    )
    db, tenant = wing.ports.db, wing.tenant
    await db.write(store.update_current, tenant, "one", BitMap([2, 3]), 42, now)
    await db.write(store.update_current, tenant, "one", BitMap([4]), 43, now)
    state = ActivationState.DISMISSED, Resolution.MANUAL
    await db.write(store.close_activation, tenant, "one", *state, "ada", now)
    await db.write(store.update_current, tenant, "one", BitMap([9]), 44, now)
    assert await db.read(store.find_current, tenant, "one") == BitMap([4])
    assert await db.read(store.find_ever, tenant, "one") == BitMap([1, 2, 3, 4])
    assert await db.read(views.affected_count, tenant, "one") == Counts(2, 1, 4)


async def test_every_system_that_was_ever_affected_is_named_deleted_ones_included(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    await wing.trigger(hang(ids["b"]))
    await wing.client.delete(f"/api/v1/systems/{ids['a']}")
    await wing.decide()
    (activation,) = await wing.activations()
    for name in ("a", "b"):
        pages = await wing.ports.db.read(
            lambda conn, start: list(
                views.walk_affected(conn, wing.tenant, activation["activation_id"], start)
            ),
            name,
        )
        assert (ids[name], name) in [system for page in pages for system in page]
    assert activation["systems"] == {"at_activation": 1, "now": 1, "ever": 2}


async def test_a_watch_is_written_over_and_belongs_to_its_tenant(wing: Wing) -> None:
    notification = await wing.notify()
    now = wing.clock.now()
    db = wing.ports.db
    fresh = await db.read(store.find_watch, wing.tenant, notification)
    assert (fresh.decided_to, fresh.suppressed_until) == (-1, None)
    for position in (7, 2**40):
        changed = replace(fresh, decided_to=position, decided_at=now, suppressed_until=now)
        await db.write(store.save_watch, wing.tenant, notification, changed)
    assert await db.read(store.find_watch, wing.tenant, notification) == changed
    assert await db.read(store.list_watches, wing.tenant + 1) == {}


async def test_two_deciders_at_once_open_one_activation(wing: Wing) -> None:
    """A second process, or one that was thought dead: the lock and the key settle it."""
    ids = await wing.put("a")
    await wing.notify()
    await wing.send("both", 90, [hang(ids["a"])])
    deciders = []
    for _ in range(3):
        evaluator = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
        await evaluator.load()
        deciders.append(Decider(wing.ports, evaluator))
    await asyncio.gather(*(decider.decide_all() for decider in deciders))
    assert [found["state"] for found in await wing.activations()] == ["active"]


async def test_deciding_and_dismissing_at_once_leave_one_end(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    (activation,) = await wing.activations()
    await wing.send("more", 91, [hang(ids["b"])])
    wing.clock.advance(0.001)
    address = f"/api/v1/activations/{activation['activation_id']}/dismiss"
    await asyncio.gather(wing.decider.decide_touched(), wing.client.post(address))
    await wing.decide()
    (found,) = await wing.activations()
    assert (found["state"], found["resolution"]) == ("dismissed", "manual")
    assert found["systems"]["now"] in (1, 2)
