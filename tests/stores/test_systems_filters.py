"""A filter in SQL, on either database, finds exactly the systems that it is true of in Python."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.dynamic import find_matching
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import Facts, Filter, LastReports
from opulse.monitoring.systems.rules.filters import facts_of, is_true, ordered, read_filter
from opulse.monitoring.systems.store import facts as facts_store
from opulse.monitoring.systems.store.reports import read_last_reports, write_hours
from tests.properties.filters import entries, filters
from tests.unit.monitoring.sensors.world import World, open_world

pytestmark = pytest.mark.stores
COUNT = 90


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        _, refused = await take_systems(made.ports, made.tenant, list(entries(COUNT)))
        assert refused == []
        hour = clock.now().replace(minute=0)
        hours = {
            hour - timedelta(hours=age): BitMap(range(1 + place, COUNT, 9))
            for place, age in enumerate((0, 1, 2, 24, 25, 24 * 30, 24 * 31))
        }
        await db.write(write_hours, made.tenant, hours)
        yield made


async def test_sql_and_python_agree(world: World) -> None:
    known, reports = await world.ports.db.read(read_all, world.tenant, world)
    assert len(known) == COUNT
    checked = 0

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(filters(), min_size=20, max_size=20))
    def collect(terms: list[Filter]) -> None:
        drawn.append(terms)

    drawn: list[list[Filter]] = []
    collect()
    for terms in drawn:
        by_number = dict(enumerate(terms))
        found = await world.ports.db.read(
            facts_store.list_matching_among, world.tenant, known, by_number, reports, ordered
        )
        for number, term in by_number.items():
            wanted = {
                idx for idx, facts in known.items() if is_true(term, facts, reports.last(idx), reports.now)
            }
            assert set(found[number]) == wanted, term
            checked += bool(wanted) and len(wanted) < COUNT
    assert checked > 100, "filters that find nobody, or everybody, prove little"


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ('name contains "" or name = x', None),
        ("name endsWith ' 7'", 1),
        ("lastReported = never", COUNT - 7 * 10),
        ("not lastReported = never", 7 * 10),
        ("lastReported > 30d", 10),
        ("lastReported < 1h", 20),
        ("ipAddress in (10.1.2.3)", None),
    ],
)
async def test_some_rules_by_hand(world: World, rule: str, count: int | None) -> None:
    if count is None:
        known, reports = await world.ports.db.read(read_all, world.tenant, world)
        rule = rule.replace('name contains "" or ', "")
        count = sum(
            is_true(read_filter(rule), one, reports.last(idx), reports.now) for idx, one in known.items()
        )
    found = await world.ports.db.read(find_matching, world.tenant, read_filter(rule), world.clock.now())
    assert len(found) == count


def read_all(conn: Connection, tenant: int, world: World) -> tuple[dict[int, Facts], LastReports]:
    """Facts by index, made anew from the systems and their users."""
    now = world.clock.now()
    systems = views.list_systems_at(conn, tenant, range(1, COUNT + 1), now)
    return (
        {system.idx: facts_of(system, system.users) for system in systems},
        read_last_reports(conn, tenant, now),
    )
