"""Batches whose people are asked by a survey at Qualtrics: the list that was made for them, and its one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import Instant, json_list, metadata
from opulse.experience.extensions.operational_pulse.models import AskState, ReachReason
from opulse.experience.extensions.operational_pulse.store.handed import handed_people
from opulse.experience.extensions.operational_pulse.store.reached import reach

handed_asks = Table(
    "handed_asks",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("list_id", Text, nullable=False),  # the batch's own mailing list at Qualtrics; empty: not known
    Column("distribution", Text, nullable=False),  # empty: not known
    Column("tries", Integer, nullable=False),  # how often a distribution was, or may have been, made
    Column("sent_at", Instant, nullable=True),  # when the last of them was
    Column("people", Integer, nullable=False, server_default="0"),  # how many were asked
    Column(
        "finished", Integer, nullable=False, server_default="0"
    ),  # of whom we know that they have answered
    PrimaryKeyConstraint("tenant", "task_run", "batch"),
    ForeignKeyConstraint(
        ["tenant", "task_run", "batch"],
        ["handed_batches.tenant", "handed_batches.task_run", "handed_batches.batch"],
    ),
)


@dataclass(frozen=True)
class Ask:
    """One batch's asking."""

    state: AskState
    list_id: str = ""
    distribution: str = ""
    tries: int = 0
    sent_at: datetime | None = None


def find_ask(conn: Connection, tenant: int, task_run: str, number: int) -> Ask | None:
    """How far the asking of a batch is; None: it has not begun."""
    table = handed_asks.c
    row = conn.execute(
        select(handed_asks).where(table.tenant == tenant, table.task_run == task_run, table.batch == number)
    ).one_or_none()
    if row is None:
        return None
    return Ask(AskState(row.state), row.list_id, row.distribution, row.tries, row.sent_at)


def save_ask(conn: Connection, tenant: int, task_run: str, number: int, ask: Ask) -> None:
    """Write how far it is."""
    values = {
        "state": ask.state.value,
        "list_id": ask.list_id,
        "distribution": ask.distribution,
        "tries": ask.tries,
        "sent_at": ask.sent_at,
    }
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(handed_asks).values(tenant=tenant, task_run=task_run, batch=number, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["tenant", "task_run", "batch"], set_=values))


def settle_asked(
    conn: Connection, tenant: int, task_run: str, number: int, ask: Ask, contacts: Sequence[str]
) -> int:
    """The asking's end: whoever of the batch is one of these contacts was asked. Returns how many people."""
    save_ask(conn, tenant, task_run, number, ask)
    wanted = json_list(conn, contacts)
    table = handed_people.c
    asked = (
        table.tenant == tenant,
        table.task_run == task_run,
        table.batch == number,
        table.reason == ReachReason.AT_QUALTRICS.value,
        table.contact != "",
        table.contact.in_(select(wanted.c.value)),
    )
    people = list(conn.execute(select(table.person).where(*asked)).scalars())
    theirs = select(json_list(conn, people).c.value)
    conn.execute(
        update(reach)
        .where(
            reach.c.tenant == tenant,
            reach.c.task_run == task_run,
            reach.c.person.in_(theirs),
            reach.c.reason == ReachReason.AT_QUALTRICS.value,
        )
        .values(reason=ReachReason.ASKED_AT_QUALTRICS.value)
    )
    conn.execute(update(handed_people).where(*asked).values(reason=ReachReason.ASKED_AT_QUALTRICS.value))
    batch = handed_asks.c
    own = (batch.tenant == tenant, batch.task_run == task_run, batch.batch == number)
    conn.execute(update(handed_asks).where(*own).values(people=len(people)))
    return len(people)
