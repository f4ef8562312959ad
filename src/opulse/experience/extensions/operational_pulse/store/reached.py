"""Reach: one row per (task run, system, person), or the reason for nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import Instant, as_json, json_list, metadata, seek
from opulse.db.json_rows import json_rows

IS_TO_QUALTRICS = literal_column("reason", Text()) == literal_column("'to_qualtrics'", Text())
"""The rows of people on the way to Qualtrics. Written out, for only so either database takes the partial index."""

reach = Table(
    "reach",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("person", Text, nullable=False),  # lower-case address or account; empty: nobody
    Column("run", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("system_name", Text, nullable=False),
    Column("contact", Text, nullable=False),  # empty: no contact
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "task_run", "system", "person"),
    ForeignKeyConstraint(["tenant", "task_run"], ["task_runs.tenant", "task_runs.id"]),
    Index("ix_reach_activation", "tenant", "activation", "contact"),
    Index(
        "ix_reach_to_qualtrics",
        "tenant",
        "task_run",
        "person",
        sqlite_where=IS_TO_QUALTRICS,
        postgresql_where=IS_TO_QUALTRICS,
    ),
)


_PER_ROW = ("system", "system_name", "person", "contact", "reason")


def find_known_systems(conn: Connection, tenant: int, task_run: str, systems: Iterable[str]) -> set[str]:
    """Which of these systems this task run has dealt with already."""
    theirs = select(reach.c.system).where(reach.c.tenant == tenant, reach.c.task_run == task_run)
    return set(seek(conn, theirs, reach.c.system, systems).scalars())


def last_wave(conn: Connection, tenant: int, task_run: str) -> int:
    """The highest wave that this task run has reached anybody in; 0 for none."""
    query = select(func.max(reach.c.wave)).where(reach.c.tenant == tenant, reach.c.task_run == task_run)
    return int(conn.execute(query).scalar() or 0)


def last_taken(conn: Connection, tenant: int, task_run: str) -> datetime | None:
    """When this task run last took a system; None: never yet."""
    query = select(func.max(reach.c.at)).where(reach.c.tenant == tenant, reach.c.task_run == task_run)
    found: datetime | None = conn.execute(query).scalar()
    return found


def count_reach(conn: Connection, tenant: int, task_run: str) -> dict[str, int]:
    """{systems, people, waves} of a task run."""
    row = conn.execute(
        select(
            func.count(reach.c.system.distinct()).label("systems"),
            func.count(func.nullif(reach.c.contact, "").distinct()).label("people"),
            func.count(reach.c.wave.distinct()).label("waves"),
        ).where(reach.c.tenant == tenant, reach.c.task_run == task_run)
    ).one()
    return {"systems": row.systems, "people": row.people, "waves": row.waves}


def insert_reach(
    conn: Connection,
    tenant: int,
    task_run: str,
    run: str,
    activation: str,
    wave: int,
    rows: Sequence[dict[str, Any]],
    now: datetime,
) -> None:
    """``rows``: {system, system_name, person, contact, reason}."""
    given = {
        "of_tenant": tenant,
        "of_task_run": task_run,
        "of_run": run,
        "of_activation": activation,
        "in_wave": wave,
        "now": now,
        "rows": as_json([[row[name] for name in _PER_ROW] for row in rows]),
    }
    conn.execute(_insert_reach(conn.dialect.name), given)


@cache
def _insert_reach(dialect: str) -> Any:
    rows = json_rows(dialect, "rows", dict.fromkeys(_PER_ROW, Text()))
    columns: dict[str, Any] = {
        "tenant": cast(bindparam("of_tenant"), Integer),
        "task_run": cast(bindparam("of_task_run"), Text),
        "run": cast(bindparam("of_run"), Text),
        "activation": cast(bindparam("of_activation"), Text),
        "wave": cast(bindparam("in_wave"), Integer),
        "at": cast(bindparam("now", type_=Instant()), Instant),
    } | {cell.name: cell for cell in rows.c}
    # The WHERE keeps SQLite from taking ON CONFLICT for a join's ON.
    chosen = select(*columns.values()).where(rows.c.system.is_not(None))
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(reach).from_select(list(columns), chosen).on_conflict_do_nothing()


def find_reach_of(
    conn: Connection, tenant: int, ids: Sequence[str], keys: Sequence[str]
) -> list[tuple[str, str, str]]:
    """(task run, system, person) of rows that name one of these contacts, addresses or accounts."""
    wanted, named = json_list(conn, ids), json_list(conn, keys, name="named")
    table = reach.c
    mine = or_(table.contact.in_(select(wanted.c.value)), table.person.in_(select(named.c.value)))
    rows = conn.execute(
        select(table.task_run, table.system, table.person).where(
            table.tenant == tenant, mine, ~table.person.startswith(ERASED)
        )
    )
    return [(row.task_run, row.system, row.person) for row in rows]


def forget_reach(conn: Connection, tenant: int, rows: Sequence[tuple[str, str, str]], word: str) -> int:
    """Write ``word`` in place of the person; the systems keep their place in the ledger. Returns how many rows."""
    if not rows:
        return 0
    table = reach.c
    statement = (
        update(reach)
        .where(
            table.tenant == tenant,
            table.task_run == bindparam("of_run"),
            table.system == bindparam("of_system"),
            table.person == bindparam("of_person"),
        )
        .values(person=bindparam("word"))
    )
    given = [
        {"of_run": run, "of_system": system, "of_person": person, "word": f"{ERASED}{word} {place}"}
        for place, (run, system, person) in enumerate(rows)
    ]
    conn.execute(statement, given)
    return len(given)


ERASED = "erased "
"""How what stands in place of an erased person begins."""
