"""What filters ask of systems is written with what it is made of, and dynamic groups follow in the same unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.systems.flow.dynamic import follow_rules_in
from opulse.monitoring.systems.models import System
from opulse.monitoring.systems.rules.filters import facts_of
from opulse.monitoring.systems.store import facts, systems, users
from opulse.ports import Ports

_AT_ONCE = 1000


def keep_facts_in(conn: Connection, tenant: int, changed: Iterable[System], now: datetime) -> None:
    """These systems or their users were written: so are their facts, and they enter and leave dynamic groups."""
    touched = {system.idx: system for system in changed}
    if not touched:
        return
    _write_in(conn, tenant, touched, now)
    follow_rules_in(conn, tenant, BitMap(touched), now)


async def fill_facts(ports: Ports, tenant: int) -> None:
    """Give facts to systems that were written before there were any. Quick where none is missing."""
    while await ports.db.read(facts.list_without_facts, tenant, 1):
        await ports.db.write(_fill_in, tenant, ports.clock.now())


def _fill_in(conn: Connection, tenant: int, now: datetime) -> None:
    missing = facts.list_without_facts(conn, tenant, _AT_ONCE)
    keep_facts_in(conn, tenant, systems.list_by_idx(conn, tenant, missing), now)


def _write_in(conn: Connection, tenant: int, touched: dict[int, System], now: datetime) -> None:
    links = users.list_open(conn, tenant, touched)
    by_system = {idx: [link.user for link in own] for idx, own in groupby(links, attrgetter("system"))}
    made = {idx: facts_of(system, by_system.get(idx, ())) for idx, system in touched.items()}
    facts.write_facts(conn, tenant, made, now)
