"""The migrations make the very schema that the stores speak of, on both databases, and may be run again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from opulse.bootstrap.schema import migrate, migrate_in, newest_revision, revision_in
from opulse.bootstrap.stages import import_stores
from opulse.db import metadata, open_database
from opulse.experience.directory.store.tables import contacts, directories
from opulse.experience.distributions.views import distributions, invitations
from opulse.tenancy.store.tenants import tenants
from tests.unit.experience.impact.incident import insert_row


def _differences(conn: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)


def _indexes(conn: Connection) -> dict[str, set[str]]:
    inspector = inspect(conn)
    return {
        table: {str(index["name"]) for index in inspector.get_indexes(table)}
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


@pytest.mark.stores
async def test_migrations_and_tables_say_the_same(database_url: str) -> None:
    import_stores()
    db = await open_database(database_url)
    await migrate(db)
    assert await db.write(_differences) == []
    assert set(await db.read(_indexes)) == set(metadata.tables)
    assert await db.read(revision_in) == newest_revision()
    await db.close()


@pytest.mark.stores
async def test_migrating_again_changes_nothing(database_url: str) -> None:
    db = await open_database(database_url)
    await migrate(db)
    before = await db.read(_indexes)
    await migrate(db)
    assert await db.read(_indexes) == before
    await db.close()


@pytest.mark.stores
async def test_a_rebuilt_table_keeps_its_rows_indexes_and_keys(database_url: str) -> None:
    """0006 copies the invitations on SQLite: their rows, partial indexes and foreign keys must come along."""
    db = await open_database(database_url)
    await db.write(migrate_in, "0005")
    indexes = (await db.read(_partial_indexes))["invitations"]
    made = await db.write(_insert_invitation)
    await migrate(db)
    kept = await db.read(lambda conn: conn.execute(select(invitations)).mappings().one())
    new = {"shown_at": None, "of_invitation": "", "progress": "", "progress_at": None}
    assert dict(kept) == {**made, **new}
    rebuilt = (await db.read(_partial_indexes))["invitations"]
    assert "offered" in rebuilt.pop("ix_invitations_send_by")
    assert "offered" not in indexes.pop("ix_invitations_send_by")
    assert rebuilt == indexes
    assert len(await db.read(lambda conn: inspect(conn).get_foreign_keys("invitations"))) == 2
    with pytest.raises(IntegrityError):
        await db.write(
            lambda conn: conn.execute(insert(invitations).values({**made, "id": "another"})) and None
        )
    await db.close()


def _insert_invitation(conn: Connection) -> dict[str, Any]:
    """One invitation with all that it points at; returns it as it is stored."""
    now = datetime(2026, 11, 29, tzinfo=UTC)
    rows: list[tuple[Table, dict[str, Any]]] = [
        (tenants, {"id": 1, "name": "Acme"}),
        (directories, {"tenant": 1, "id": "POOL_1"}),
        (contacts, {"tenant": 1, "id": "CID_1", "directory": "POOL_1"}),
        (distributions, {"tenant": 1, "id": "EMD_1"}),
        (
            invitations,
            {
                "tenant": 1,
                "id": "a" * 32,
                "distribution": "EMD_1",
                "contact": "CID_1",
                "fields": {"site": "Oslo"},
            },
        ),
    ]
    for table, values in rows:
        insert_row(conn, table, values, now, only=_columns(conn, table))
    known = [column for column in invitations.c if column.name in _columns(conn, invitations)]
    return dict(conn.execute(select(*known)).mappings().one())


def _columns(conn: Connection, table: Table) -> set[str]:
    """What the table has by now: later migrations add to it."""
    return {str(column["name"]) for column in inspect(conn).get_columns(table.name)}


def _partial_indexes(conn: Connection) -> dict[str, dict[str, str]]:
    """Table → index → its condition, in the words of the database."""
    inspector = inspect(conn)
    return {
        table: {
            str(index["name"]): str(where)
            for index in inspector.get_indexes(table)
            if (where := index.get("dialect_options", {}).get(f"{conn.dialect.name}_where")) is not None
        }
        for table in inspector.get_table_names()
    }


@pytest.mark.stores
async def test_partial_indexes_are_made_by_the_migrations_too(database_url: str) -> None:
    """Alembic does not compare the condition of a partial index, so the one that a rule rests on is looked at here."""
    db = await open_database(database_url)
    await migrate(db)
    assert "uq_responses_recorded" in (await db.read(_indexes))["responses"]
    await db.close()
