"""The tables of answers at Qualtrics."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from opulse.db import Instant, JsonDoc, metadata

TEXT = "_TEXT"
"""How the key of a free text ends."""

answer_looks = Table(
    "answer_looks",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("survey", Text, nullable=False),  # SV_… at Qualtrics
    Column("title", Text, nullable=False),
    Column("document", JsonDoc, nullable=True),  # its questions in our shape; null: it has none that we know
    Column("export", Text, nullable=False),  # the file that is being made there; empty: none is
    Column(
        "since", Instant, nullable=True
    ),  # from when the next file shall be; null: from the first unread answer on
    PrimaryKeyConstraint("tenant", "task_run"),
    ForeignKeyConstraint(["tenant", "task_run"], ["task_runs.tenant", "task_runs.id"]),
    Index("ix_answer_looks_activation", "tenant", "activation"),
)

answers_there = Table(
    "answers_there",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("response", Text, nullable=False),  # R_… at Qualtrics
    Column("person", Text, nullable=False),  # as in reach; empty: forgotten
    Column("state", Text, nullable=False),
    Column("answers", JsonDoc, nullable=False),
    Column("has_words", Boolean, nullable=False),  # some of them are free texts
    Column("tries", Integer, nullable=False),  # how many files were read through without finding it
    Column("completed_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "task_run", "response"),
    ForeignKeyConstraint(["tenant", "task_run"], ["answer_looks.tenant", "answer_looks.task_run"]),
)

counts_there = Table(
    "counts_there",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("task_run", Text, nullable=False),
    Column("question", Text, nullable=False),  # the answer's key
    Column("choice", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "task_run", "question", "choice"),
    ForeignKeyConstraint(["tenant", "task_run"], ["answer_looks.tenant", "answer_looks.task_run"]),
)
