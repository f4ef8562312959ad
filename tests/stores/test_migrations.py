"""The migrations make the very schema that the stores speak of, on both databases, and may be run again."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.db import metadata, open_database


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
async def test_partial_indexes_are_made_by_the_migrations_too(database_url: str) -> None:
    """Alembic does not compare the condition of a partial index, so the one that a rule rests on is looked at here."""
    db = await open_database(database_url)
    await migrate(db)
    assert "uq_responses_recorded" in (await db.read(_indexes))["responses"]
    await db.close()
