"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from opulse.db import Database

MIGRATIONS = Path(__file__).resolve().parent.parent / "db" / "migrations"


async def migrate(db: Database) -> None:
    """Run every migration that the database has not seen. On SQLite within one transaction; on PostgreSQL likewise."""
    await db.write(migrate_in)


def migrate_in(conn: Connection, revision: str = "head") -> None:
    """See :func:`migrate`; on the caller's connection."""
    if conn.dialect.name == "postgresql":
        # several processes start at once: one migrates, the others wait for it and find nothing to do
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('opulse migrations', 0))"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)
