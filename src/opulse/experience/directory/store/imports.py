"""Files on their way into a directory: what of them is still to be taken, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.directory.models import ContactImport, ImportState, LineRefused

contact_imports = Table(
    "contact_imports",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("list_id", Text, nullable=False),  # the mailing list that everybody is put on; empty: none
    Column("raise_events", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("steps_done", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("mapping", JsonDoc, nullable=True),  # where each column goes; null: as its name says
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
    Index("ix_contact_imports_directory", "tenant", "directory", "created_at"),
)

contact_import_steps = Table(
    "contact_import_steps",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("import_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_line", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # whole rows; gone when they are taken
    PrimaryKeyConstraint("tenant", "import_id", "number"),
    ForeignKeyConstraint(["tenant", "import_id"], ["contact_imports.tenant", "contact_imports.id"]),
)

contact_import_refused = Table(
    "contact_import_refused",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("import_id", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cells", JsonDoc, nullable=True),  # as they stood in the file
    PrimaryKeyConstraint("tenant", "import_id", "line"),
    ForeignKeyConstraint(["tenant", "import_id"], ["contact_imports.tenant", "contact_imports.id"]),
)


def insert_import(conn: Connection, tenant: int, one: ContactImport) -> None:
    row = {name: getattr(one, name) for name in contact_imports.c.keys() if name != "tenant"}  # noqa: SIM118
    if one.mapping is None:
        del row["mapping"]  # a null of the database, not of JSON
    conn.execute(insert(contact_imports), row | {"tenant": tenant, "state": one.state.value})


def find_import(conn: Connection, tenant: int, import_id: str) -> ContactImport | None:
    row = conn.execute(
        select(contact_imports).where(contact_imports.c.tenant == tenant, contact_imports.c.id == import_id)
    ).first()
    return _import(row) if row else None


def list_imports(conn: Connection, tenant: int, directory: str, limit: int) -> list[ContactImport]:
    """Newest first."""
    rows = conn.execute(
        select(contact_imports)
        .where(contact_imports.c.tenant == tenant, contact_imports.c.directory == directory)
        .order_by(contact_imports.c.created_at.desc(), contact_imports.c.id)
        .limit(limit)
    )
    return [_import(row) for row in rows]


def list_abandoned(conn: Connection, tenant: int, state: ImportState, before: datetime) -> list[str]:
    """Files in this state that nothing more came of since ``before``: whoever sent them is gone."""
    return list(
        conn.execute(
            select(contact_imports.c.id).where(
                contact_imports.c.tenant == tenant,
                contact_imports.c.state == state.value,
                contact_imports.c.updated_at < before,
            )
        ).scalars()
    )


def set_state(conn: Connection, tenant: int, import_id: str, state: ImportState, now: datetime) -> None:
    conn.execute(_of(tenant, import_id).values(state=state.value, updated_at=now))


def set_mapping(
    conn: Connection, tenant: int, import_id: str, mapping: Sequence[str], list_id: str, raise_events: bool
) -> None:
    """What a person decided about a file that is here."""
    values = {"mapping": list(mapping), "list_id": list_id, "raise_events": raise_events}
    conn.execute(_of(tenant, import_id).values(values))


def add_steps(
    conn: Connection, tenant: int, import_id: str, steps: Sequence[tuple[int, int, bytes]], now: datetime
) -> None:
    """Keep further steps of the file: (number, first line, rows)."""
    rows = [
        {"tenant": tenant, "import_id": import_id, "number": number, "first_line": line, "body": body}
        for number, line, body in steps
    ]
    if rows:
        conn.execute(insert(contact_import_steps), rows)
    added = contact_imports.c.steps + len(rows)
    conn.execute(_of(tenant, import_id).values(steps=added, updated_at=now))


def find_step(conn: Connection, tenant: int, import_id: str, after: int) -> tuple[int, int, bytes] | None:
    """(number, first line, rows) of the next step behind number ``after``; None when that was the last."""
    row = conn.execute(
        select(contact_import_steps.c.number, contact_import_steps.c.first_line, contact_import_steps.c.body)
        .where(
            contact_import_steps.c.tenant == tenant,
            contact_import_steps.c.import_id == import_id,
            contact_import_steps.c.number > after,
        )
        .order_by(contact_import_steps.c.number)
        .limit(1)
    ).first()
    return (row.number, row.first_line, bytes(row.body)) if row else None


def delete_step(conn: Connection, tenant: int, import_id: str, number: int) -> bool:
    """The step is taken, by this unit; False when another one took it."""
    done = conn.execute(
        delete(contact_import_steps).where(
            contact_import_steps.c.tenant == tenant,
            contact_import_steps.c.import_id == import_id,
            contact_import_steps.c.number == number,
        )
    )
    return done.rowcount == 1


def delete_steps(conn: Connection, tenant: int, import_id: str) -> None:
    """What is left of a file that will not be taken."""
    conn.execute(
        delete(contact_import_steps).where(
            contact_import_steps.c.tenant == tenant, contact_import_steps.c.import_id == import_id
        )
    )


def add_progress(
    conn: Connection,
    tenant: int,
    import_id: str,
    counts: tuple[int, int, int],
    refused: Iterable[LineRefused],
    now: datetime,
) -> None:
    """One step is done: (created, updated, unchanged) contacts and the rows that were refused."""
    created, updated, unchanged = counts
    rows = [
        {
            "tenant": tenant,
            "import_id": import_id,
            "line": one.line,
            "who": one.who,
            "reason": one.reason,
            "cells": list(one.cells),
        }
        for one in refused
    ]
    if rows:
        conn.execute(insert(contact_import_refused), rows)
    table = contact_imports.c
    conn.execute(
        _of(tenant, import_id).values(
            steps_done=table.steps_done + 1,
            rows=table.rows + sum(counts) + len(rows),
            created=table.created + created,
            updated=table.updated + updated,
            unchanged=table.unchanged + unchanged,
            refused=table.refused + len(rows),
            updated_at=now,
        )
    )


def list_refused(conn: Connection, tenant: int, import_id: str, after: int, limit: int) -> list[LineRefused]:
    """Refused rows by line, from the one behind line ``after``."""
    table = contact_import_refused.c
    rows = conn.execute(
        select(table.line, table.who, table.reason, table.cells)
        .where(table.tenant == tenant, table.import_id == import_id, table.line > after)
        .order_by(table.line)
        .limit(limit)
    )
    return [LineRefused(row.line, row.who, row.reason, tuple(row.cells or ())) for row in rows]


def _of(tenant: int, import_id: str) -> Any:
    return update(contact_imports).where(
        contact_imports.c.tenant == tenant, contact_imports.c.id == import_id
    )


def _import(row: Row[Any]) -> ContactImport:
    values = dict(row._mapping)
    del values["tenant"]
    return ContactImport(**(values | {"state": ImportState(row.state)}))
