"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
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
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def revision_in(conn: Connection) -> str:
    """The schema that the database has; empty: none."""
    return MigrationContext.configure(conn).get_current_revision() or ""


def newest_revision() -> str:
    """The schema that this program is written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
