"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

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
    if revision == "head" and revision_in(conn) == newest_revision():
        return  # Alembic's import is most of a second of every start, and nearly every start finds nothing to do
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def revision_in(conn: Connection) -> str:
    """The schema that the database has; empty: none."""
    if not inspect(conn).has_table("alembic_version"):
        return ""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def newest_revision() -> str:
    """The schema that this program is written for: the number that the newest migration's file begins with."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
