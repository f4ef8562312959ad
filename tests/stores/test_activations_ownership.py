"""Several deciders on one database: each tenant has one, and a former one writes nothing. On both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.activations import Decider
from opulse.monitoring.activations.flow.ownership import LeasedOwner, NotOwner, SoleOwner, chosen
from opulse.monitoring.sensors import Evaluator
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import create_tenant
from tests.unit.monitoring.activations.world import Wing, hang, open_wing

LENGTH = timedelta(seconds=10)


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


class Process:
    """A decider of its own beside the wing's, as another process has it."""

    def __init__(self, ports: Ports, name: str) -> None:
        self.owner = LeasedOwner(ports, name, LENGTH)
        self.evaluator = Evaluator(ports.db, ports.clock, ports.limits)
        self.decider = Decider(ports, self.evaluator, self.owner)

    async def look(self) -> None:
        """Follow the journal and decide, as its loops do."""
        await self.evaluator.load()
        await self.decider.decide_all()


@asynccontextmanager
async def processes(wing: Wing) -> AsyncIterator[tuple[Process, Process]]:
    """The first of them is the one that the tenant prefers."""
    first = chosen(wing.tenant, ["x", "y"])
    second = "y" if first == "x" else "x"
    yield Process(wing.ports, first), Process(wing.ports, second)


@pytest.mark.stores
async def test_one_of_two_decides_and_the_other_stands_by(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.send("1", 1, [hang(ids["a"])])
    async with processes(wing) as (one, two):
        await one.owner.turn()
        await two.owner.turn()
        assert (one.owner.owns(wing.tenant), two.owner.owns(wing.tenant)) == (True, False)
        await two.look()
        assert await wing.activations() == []
        await one.look()
        assert len(await wing.activations()) == 1


@pytest.mark.stores
async def test_a_decider_that_was_stopped_writes_nothing_after_its_successor(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    async with processes(wing) as (one, two):
        await one.owner.turn()
        wing.clock.advance(11)  # it was stopped, and its lease has ended
        await two.owner.turn()
        assert two.owner.owns(wing.tenant)
        await wing.send("1", 1, [hang(ids["a"])])
        assert one.owner.owns(wing.tenant), "it does not know yet"
        await one.look()
        assert await wing.activations() == []
        assert not one.owner.owns(wing.tenant), "now it does"
        await two.look()
        assert len(await wing.activations()) == 1


@pytest.mark.stores
async def test_whoever_is_preferred_takes_over_when_the_other_lets_go(wing: Wing) -> None:
    async with processes(wing) as (one, two):
        await two.owner.turn()
        assert two.owner.owns(wing.tenant), "nobody else was alive"
        await one.owner.turn()
        assert not one.owner.owns(wing.tenant)
        await two.owner.turn()
        assert not two.owner.owns(wing.tenant), "it sees the preferred one and lets go"
        await one.owner.turn()
        assert one.owner.owns(wing.tenant)


@pytest.mark.stores
async def test_a_process_that_ends_in_order_leaves_at_once(wing: Wing) -> None:
    async with processes(wing) as (one, two):
        await one.owner.turn()
        await one.owner.stop()
        await two.owner.turn()
        assert two.owner.owns(wing.tenant)


@pytest.mark.stores
async def test_a_gained_tenant_is_told(wing: Wing) -> None:
    told: list[bool] = []
    async with processes(wing) as (one, _):
        one.owner.subscribe(lambda: told.append(True))
        await one.owner.turn()
        await one.owner.turn()
        await create_tenant(wing.ports, "Another", "test")
        await one.owner.turn()
    assert told == [True, True]


@pytest.mark.stores
async def test_what_was_never_held_is_refused(wing: Wing) -> None:
    async with processes(wing) as (one, _):
        with pytest.raises(NotOwner):
            await wing.ports.db.write(one.owner.check_in, wing.tenant)
        await wing.ports.db.write(SoleOwner().check_in, wing.tenant)


def test_tenants_are_shared_evenly_and_few_move() -> None:
    before = {tenant: chosen(tenant, ["a", "b", "c"]) for tenant in range(300)}
    after = {tenant: chosen(tenant, ["a", "b", "c", "d"]) for tenant in range(300)}
    assert all(70 < list(before.values()).count(name) < 130 for name in "abc")
    assert {after[tenant] for tenant in before if after[tenant] != before[tenant]} == {"d"}
