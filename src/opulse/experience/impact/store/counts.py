"""Small aggregates: how often each choice was given, per activation and survey version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Column, Connection, Integer, PrimaryKeyConstraint, Table, Text, func, select
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import metadata

answer_counts = Table(
    "answer_counts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("survey", Text, nullable=False),
    Column("question", Text, nullable=False),  # the answer's key
    Column("choice", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "activation", "survey", "question", "choice"),
)


def add_counts(
    conn: Connection, tenant: int, activation: str, survey: str, differences: Mapping[tuple[str, str], int]
) -> None:
    """Add each difference (it may be negative) to its count."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    for (question, choice), difference in sorted(differences.items()):
        statement = dialect.insert(answer_counts).values(
            tenant=tenant,
            activation=activation,
            survey=survey,
            question=question,
            choice=choice,
            count=difference,
        )
        conn.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "activation", "survey", "question", "choice"],
                set_={"count": answer_counts.c.count + statement.excluded.count},
            )
        )


def read_counts(conn: Connection, tenant: int, activation: str, survey: str) -> dict[tuple[str, str], int]:
    """(answer key, choice) → count."""
    rows = conn.execute(
        select(answer_counts.c.question, answer_counts.c.choice, func.sum(answer_counts.c["count"]))
        .where(
            answer_counts.c.tenant == tenant,
            answer_counts.c.activation == activation,
            answer_counts.c.survey == survey,
        )
        .group_by(answer_counts.c.question, answer_counts.c.choice)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def read_share(
    conn: Connection, tenant: int, activation: str, question: str, choices: Sequence[str]
) -> tuple[int, int]:
    """(all answers to a question, those that gave one of ``choices``), over every survey of the activation."""
    total = func.coalesce(func.sum(answer_counts.c["count"]), 0)
    of_question = (
        answer_counts.c.tenant == tenant,
        answer_counts.c.activation == activation,
        answer_counts.c.question == question,
    )
    every = conn.execute(select(total).where(*of_question)).scalar_one()
    some = conn.execute(select(total).where(*of_question, answer_counts.c.choice.in_(choices))).scalar_one()
    return int(every), int(some)
