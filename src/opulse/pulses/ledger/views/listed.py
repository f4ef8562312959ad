"""Systems with a reach row, page by page in order of GUID, and the one state of each.

The order is the database's own, for a page goes on behind the last system of the one before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, union

from opulse.db import json_list
from opulse.experience.directory.views import contacts, find_few_by_start
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.pulses.ledger.models import RANK, LedgerState
from opulse.pulses.ledger.views.conditions import unasked_of
from opulse.pulses.ledger.views.found import is_theirs, reached_as, rows_of_systems
from opulse.pulses.ledger.views.rows import depends_on_conditions, ranked_rows

_SHOWN = ("system", "system_name", "person", "contact", "wave", "rank", "detail", "asked_by")
_WAVES = 10_000_000  # more than there can be; rank and wave in one number order rows as they are shown
_FIRST_UNASKED = RANK[LedgerState.RUN_FAILED]
"""The first state that conditions can give: better ones do not depend on them."""


def walk_systems(
    conn: Connection, tenant: int, task_runs: Iterable[str], after: str, limit: int
) -> list[str]:
    """The next systems, by the primary key of each task run: as quick at the end as at the beginning."""
    each = [
        select(reach.c.system)
        .where(reach.c.tenant == tenant, reach.c.task_run == task_run, reach.c.system > after)
        .distinct()
        .order_by(reach.c.system)
        .limit(limit)
        .subquery()
        for task_run in task_runs
    ]
    if not each:
        return []
    every = union(*(select(one.c.system) for one in each)).subquery()
    return list(conn.execute(select(every.c.system).order_by(every.c.system).limit(limit)).scalars())


def search_systems(
    conn: Connection, tenant: int, activation: str, words: str, after: str, limit: int, *, people: bool
) -> list[str]:
    """The next systems that begin with ``words`` or, with ``people``, led to a person who does."""
    start = words.strip().lower()
    named = reached_as(reach, start) if people else reached_as(reach, start)[:2]
    if people:
        named.append(is_theirs(conn, tenant, start, find_few_by_start(conn, tenant, start)))
    query = select(reach.c.system).where(
        reach.c.tenant == tenant, reach.c.activation == activation, reach.c.system > after, or_(*named)
    )
    return list(conn.execute(query.distinct().order_by(reach.c.system).limit(limit)).scalars())


def filter_systems(
    conn: Connection,
    tenant: int,
    activation: str,
    now: datetime,
    silent: LedgerState,
    states: Collection[LedgerState],
    wave: int | None,
    after: str,
    limit: int,
) -> list[str]:
    """The next systems in one of ``states``, by a row of ``wave``: every row is judged once, as for the sum."""
    ranks = sorted(RANK[state] for state in states)
    if not ranks or wave == 0:  # what was heard of was heard of in a wave
        return []
    unasked = unasked_of(conn, tenant, activation, silent) if ranks[-1] >= _FIRST_UNASKED else None
    every = ranked_rows(conn, tenant, activation, now, unasked).subquery()
    read = (every.c.system, (every.c.rank * _WAVES + every.c.wave).label("judged"))
    rows = select(*read).cte("ranked").prefix_with("MATERIALIZED", dialect="sqlite")
    best = func.min(rows.c.judged)
    query = (
        select(rows.c.system)
        .where(rows.c.system > after)
        .group_by(rows.c.system)
        .having((best // _WAVES).in_(ranks))
        .order_by(rows.c.system)
        .limit(limit)
    )
    if wave is not None:
        query = query.having(best % _WAVES == wave)
    return list(conn.execute(query).scalars())


def read_systems(
    conn: Connection,
    tenant: int,
    activation: str,
    now: datetime,
    silent: LedgerState,
    task_runs: Sequence[str],
    systems: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """The row that gives each of these systems its state, with the person's names. At most a page of them."""
    some = rows_of_systems(conn, tenant, activation, task_runs, systems)
    unasked = None
    if depends_on_conditions(conn, tenant, activation, now, some):
        unasked = unasked_of(conn, tenant, activation, silent, some)
    ranked = ranked_rows(conn, tenant, activation, now, unasked, some).subquery()
    order = (ranked.c.rank, ranked.c.wave, ranked.c.person)
    place = func.row_number().over(partition_by=ranked.c.system, order_by=order).label("place")
    # their people may sit at other systems too, whose rows are there to tell whose turn it is
    own = ranked.c.system.in_(select(json_list(conn, systems, name="own").c.value))
    best = select(*(ranked.c[name] for name in _SHOWN), place).where(own).subquery()
    query = (
        select(
            *(best.c[name] for name in _SHOWN), contacts.c.first_name, contacts.c.last_name, contacts.c.email
        )
        .select_from(
            best.outerjoin(contacts, and_(contacts.c.tenant == tenant, contacts.c.id == best.c.contact))
        )
        .where(best.c.place == 1)
    )
    return {row.system: dict(row._mapping) for row in conn.execute(query)}


def find_reached_by(
    conn: Connection, tenant: int, task_runs: Sequence[str], systems: Iterable[str]
) -> set[str]:
    """Which of these systems have a reach row of one of these task runs, by primary key."""
    query = select(reach.c.system).where(
        reach.c.tenant == tenant,
        reach.c.task_run.in_(select(json_list(conn, task_runs, name="tasks").c.value)),
        reach.c.system.in_(select(json_list(conn, systems, name="asked").c.value)),
    )
    return set(conn.execute(query.distinct()).scalars())
