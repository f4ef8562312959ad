"""Ledger rows of a few devices that were searched by words.

First the words, then the states: a state is a join over five tables, and of 100,000 rows the page shows fifty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Subquery,
    and_,
    exists,
    func,
    or_,
    select,
    union_all,
)

from opulse.db import json_list, seek
from opulse.experience.directory.views import contacts, find_few_by_start
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.pulses.ledger.models import LedgerState
from opulse.pulses.ledger.views.conditions import unasked_of
from opulse.pulses.ledger.views.facts import list_reaching_tasks
from opulse.pulses.ledger.views.rows import READ, depends_on_conditions, ranked_rows, reach_of


def find_rows_of(
    conn: Connection, tenant: int, activation: str, words: str, now: datetime, silent: LedgerState, limit: int
) -> list[dict[str, Any]]:
    """Ledger rows whose device, account, address or name begins with ``words``, in any case."""
    start = words.strip().lower()
    systems = find_systems(conn, tenant, activation, start, limit)
    if not systems:
        return []
    task_runs = list_reaching_tasks(conn, tenant, activation)
    some = rows_of_systems(conn, tenant, activation, task_runs, systems)
    unasked = None
    if depends_on_conditions(conn, tenant, activation, now, some):
        unasked = unasked_of(conn, tenant, activation, silent, some)
    ranked = ranked_rows(conn, tenant, activation, now, unasked, some).subquery()
    best = func.row_number().over(
        partition_by=(ranked.c.system, ranked.c.person), order_by=(ranked.c.rank, ranked.c.wave)
    )
    numbered = select(ranked, best.label("place")).subquery()
    rows = select(*(numbered.c[name] for name in ranked.c.keys())).where(numbered.c.place == 1).subquery()  # noqa: SIM118
    found = (
        select(rows, contacts.c.first_name, contacts.c.last_name, contacts.c.email)
        .select_from(
            rows.outerjoin(contacts, and_(contacts.c.tenant == tenant, contacts.c.id == rows.c.contact))
        )
        .where(or_(*reached_as(rows, start), *_named(start)))
        .order_by(rows.c.system_name, rows.c.rank)
        .limit(limit)
    )
    return [dict(row._mapping) for row in conn.execute(found)]


def find_systems(conn: Connection, tenant: int, activation: str, start: str, limit: int) -> list[str]:
    """The first systems in order of name that begin with ``start``, or led to a person who does: one walk of the reach rows.

    Only when very many contacts begin so is each row's contact looked up; else their ids are found first, by index.
    """
    few = find_few_by_start(conn, tenant, start)
    query = select(reach.c.system_name, reach.c.system).where(
        reach.c.tenant == tenant,
        reach.c.activation == activation,
        or_(*reached_as(reach, start), is_theirs(conn, tenant, start, few)),
    )
    found = conn.execute(query.distinct().order_by(reach.c.system_name, reach.c.system).limit(limit))
    return list(dict.fromkeys(row.system for row in found))


def is_theirs(conn: Connection, tenant: int, start: str, few: set[str] | None) -> ColumnElement[bool]:
    if few is not None:
        return reach.c.contact.in_(select(json_list(conn, few, name="few").c.value))
    return exists().where(contacts.c.tenant == tenant, contacts.c.id == reach.c.contact, or_(*_named(start)))


def rows_of_systems(
    conn: Connection, tenant: int, activation: str, task_runs: Sequence[str], systems: Sequence[str]
) -> Subquery:
    """The reach rows of these systems, and the other rows of the same contacts. ``task_runs``: those of the activation."""
    of_activation = reach_of(tenant, activation)
    theirs = _list_keys(conn, tenant, task_runs, systems)
    by_contact = of_activation.where(
        reach.c.contact.in_(select(json_list(conn, {row.contact for row in theirs} - {""}).c.value))
    )
    # by the primary key, and so without a word of the activation: of one there may be very many without a contact
    nobodys = select(*(reach.c[name] for name in READ)).where(
        reach.c.tenant == tenant,
        reach.c.task_run.in_(select(json_list(conn, {row.task_run for row in theirs}).c.value)),
        reach.c.system.in_(select(json_list(conn, systems).c.value)),
        reach.c.contact == "",
    )
    return union_all(by_contact, nobodys).subquery("some")


def _list_keys(
    conn: Connection, tenant: int, task_runs: Sequence[str], systems: Sequence[str]
) -> set[Row[Any]]:
    """(contact, task_run) of these systems, each sought by the primary key: the activation has a hundred thousand others."""
    found: set[Row[Any]] = set()
    for task_run in task_runs:  # one for each workflow that was told
        mine = select(reach.c.contact, reach.c.task_run).where(
            reach.c.tenant == tenant, reach.c.task_run == task_run
        )
        found.update(seek(conn, mine, reach.c.system, systems))
    return found


def reached_as(rows: Any, start: str) -> list[ColumnElement[bool]]:
    return [
        func.lower(rows.c.system_name).startswith(start, autoescape=True),
        func.lower(rows.c.system).startswith(start, autoescape=True),
        rows.c.person.startswith(start, autoescape=True),
    ]


def _named(start: str) -> list[ColumnElement[bool]]:
    return [
        contacts.c.email_key.startswith(start, autoescape=True),
        contacts.c.ext_ref_key.startswith(start, autoescape=True),
        func.lower(contacts.c.first_name + " " + contacts.c.last_name).startswith(start, autoescape=True),
        func.lower(contacts.c.last_name).startswith(start, autoescape=True),
    ]
