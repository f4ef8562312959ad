"""People on their way into a Qualtrics directory: one row each, in batches; what became of them is in ``reach``.

A row says how far the person is, so that work that was cut off goes on where it stood. At the person's end name and address are
emptied: they stay no longer than they are of use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    delete,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, json_list, metadata, seek
from opulse.experience.extensions.operational_pulse.models import HandState, ReachReason
from opulse.experience.extensions.operational_pulse.store.reached import IS_TO_QUALTRICS, reach

handed_batches = Table(
    "handed_batches",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("import_id", Text, nullable=False),  # of the bulk import that runs at Qualtrics; empty: none
    Column("begun_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "task_run", "batch"),
    ForeignKeyConstraint(["tenant", "task_run"], ["task_runs.tenant", "task_runs.id"]),
)
handed_people = Table(
    "handed_people",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("email", Text, nullable=False),
    Column("ext_ref", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("contact", Text, nullable=False),  # the contact's id at Qualtrics; empty: not known
    Column("looks", Integer, nullable=False),  # how often it was looked for after an import
    Column("reason", Text, nullable=False),  # as in reach: to_qualtrics, or how it ended
    PrimaryKeyConstraint("tenant", "task_run", "person"),
    ForeignKeyConstraint(["tenant", "task_run"], ["task_runs.tenant", "task_runs.id"]),
    Index("ix_handed_people_batch", "tenant", "task_run", "batch"),
)


@dataclass(frozen=True)
class Batch:
    """One page's people, and the import that runs for them."""

    number: int
    activation: str
    import_id: str
    begun_at: datetime


@dataclass(frozen=True)
class HandedPerson:
    """One person on the way."""

    person: str
    email: str
    ext_ref: str
    first_name: str
    last_name: str
    state: HandState = HandState.WAITING
    contact: str = ""
    looks: int = 0


def insert_batch(
    conn: Connection,
    tenant: int,
    task_run: str,
    activation: str,
    people: Sequence[HandedPerson],
    now: datetime,
) -> int:
    """A new batch with these people; its number. Leave out who is in ``reach`` already."""
    of_run = (handed_batches.c.tenant == tenant, handed_batches.c.task_run == task_run)
    number = int(conn.execute(select(func.max(handed_batches.c.batch)).where(*of_run)).scalar() or 0) + 1
    key = {"tenant": tenant, "task_run": task_run, "batch": number}
    conn.execute(
        insert(handed_batches).values(key | {"activation": activation, "import_id": "", "begun_at": now})
    )
    rows = [
        key
        | {
            "person": one.person,
            "email": one.email,
            "ext_ref": one.ext_ref,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "state": one.state.value,
            "contact": one.contact,
            "looks": one.looks,
            "reason": ReachReason.TO_QUALTRICS.value,
        }
        for one in people
    ]
    conn.execute(insert(handed_people), rows)
    return number


def find_batch(conn: Connection, tenant: int, task_run: str, number: int) -> Batch | None:
    """One batch."""
    table = handed_batches.c
    row = conn.execute(
        select(table.activation, table.import_id, table.begun_at).where(
            table.tenant == tenant, table.task_run == task_run, table.batch == number
        )
    ).one_or_none()
    return None if row is None else Batch(number, row.activation, row.import_id, row.begun_at)


def set_import(conn: Connection, tenant: int, task_run: str, number: int, import_id: str) -> None:
    """Remember the import that runs for a batch; empty: none does."""
    table = handed_batches.c
    where = (table.tenant == tenant, table.task_run == task_run, table.batch == number)
    conn.execute(update(handed_batches).where(*where).values(import_id=import_id))


def list_people(conn: Connection, tenant: int, task_run: str, number: int) -> list[HandedPerson]:
    """Who of a batch is still on the way, always in the same order."""
    table = handed_people.c
    rows = conn.execute(
        select(handed_people)
        .where(
            table.tenant == tenant,
            table.task_run == task_run,
            table.batch == number,
            table.state != HandState.ENDED.value,
        )
        .order_by(table.person)
    )
    return [
        HandedPerson(
            row.person,
            row.email,
            row.ext_ref,
            row.first_name,
            row.last_name,
            HandState(row.state),
            row.contact,
            row.looks,
        )
        for row in rows
    ]


def update_people(conn: Connection, tenant: int, task_run: str, people: Sequence[HandedPerson]) -> None:
    """Write how far these people are, and by which words Qualtrics knows them."""
    if not people:
        return
    table = handed_people.c
    statement = (
        update(handed_people)
        .where(table.tenant == tenant, table.task_run == task_run, table.person == bindparam("of_person"))
        .values(
            state=bindparam("to_state"),
            contact=bindparam("to_contact"),
            looks=bindparam("to_looks"),
            email=bindparam("to_email"),
            ext_ref=bindparam("to_ext_ref"),
        )
    )
    given = [
        {
            "of_person": one.person,
            "to_state": one.state.value,
            "to_contact": one.contact,
            "to_looks": one.looks,
            "to_email": one.email,
            "to_ext_ref": one.ext_ref,
        }
        for one in people
    ]
    conn.execute(statement, given)


def settle_people(conn: Connection, tenant: int, task_run: str, ends: Mapping[str, ReachReason]) -> None:
    """These people's ends: person → reason. Written on every system that led to them, one statement per reason."""
    for reason in set(ends.values()):
        wanted = json_list(conn, [person for person, end in ends.items() if end is reason])
        people = select(wanted.c.value)
        conn.execute(
            update(reach)
            .where(
                reach.c.tenant == tenant,
                reach.c.task_run == task_run,
                reach.c.person.in_(people),
                IS_TO_QUALTRICS,
            )
            .values(reason=reason.value)
        )
        table = handed_people.c
        emptied = dict.fromkeys(("email", "ext_ref", "first_name", "last_name"), "")
        conn.execute(
            update(handed_people)
            .where(table.tenant == tenant, table.task_run == task_run, table.person.in_(people))
            .values(emptied | {"state": HandState.ENDED.value, "reason": reason.value})
        )


def abandon_batch(conn: Connection, tenant: int, task_run: str, number: int, reason: ReachReason) -> int:
    """Everybody of a batch who is still on the way ends with ``reason``. Returns how many."""
    left = [one.person for one in list_people(conn, tenant, task_run, number)]
    settle_people(conn, tenant, task_run, dict.fromkeys(left, reason))
    return len(left)


def find_ends(conn: Connection, tenant: int, task_run: str, people: Iterable[str]) -> dict[str, str]:
    """Person → the reason that another system of theirs carries already."""
    table = handed_people.c
    query = select(table.person, table.reason).where(table.tenant == tenant, table.task_run == task_run)
    return {row.person: row.reason for row in seek(conn, query, table.person, people)}


def forget_people(conn: Connection, tenant: int, rows: Iterable[tuple[str, str, str]]) -> None:
    """Nobody of these (task run, system, person) goes any further; see :func:`forget_reach`."""
    by_run: dict[str, set[str]] = {}
    for task_run, _, person in rows:
        by_run.setdefault(task_run, set()).add(person)
    for task_run, people in by_run.items():
        _delete(conn, tenant, task_run, people)


def _delete(conn: Connection, tenant: int, task_run: str, people: Iterable[str]) -> None:
    wanted = json_list(conn, people)
    table = handed_people.c
    conn.execute(
        delete(handed_people).where(
            table.tenant == tenant, table.task_run == task_run, table.person.in_(select(wanted.c.value))
        )
    )
