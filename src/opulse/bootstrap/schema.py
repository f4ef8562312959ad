"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from opulse.db import Database

MIGRATIONS = Path(__file__).resolve().parent.parent / "db" / "migrations"


async def migrate(db: Database) -> None:
    """Run every migration that the database has not seen. On SQLite within one transaction; on PostgreSQL likewise."""
    await db.write(migrate_in)


def migrate_in(conn: Connection, revision: str = "head") -> None:
    """See :func:`migrate`; on the caller's connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)
