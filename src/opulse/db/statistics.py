"""Keeps PostgreSQL's planner from taking a table that has just been filled for the empty one of its last look.

Autovacuum looks at each table once a minute and then needs a turn. An import and the incident after it happen within that
minute, and with the statistics of an empty table the planner seeks a contact by walking the directory: hundreds of times
slower. So whoever keeps the schedule asks each second which tables have grown past twice what the planner believes, and has
them analysed.
"""

from __future__ import annotations

import asyncio
import contextlib

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from opulse.db.engine import Database
from opulse.observe import get_logger

LOOK_SECONDS = 1.0
FEWEST_ROWS = 1000  # below it any plan is quick
SAMPLE = 30  # times 300 rows are read, less than a third of the default: autovacuum does it well later

# reltuples is what the planner believes (-1: never looked); n_live_tup follows what is written, about a second late
_OUTGROWN = text(
    "SELECT quote_ident(s.schemaname) || '.' || quote_ident(s.relname)"
    " FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid"
    " WHERE s.schemaname = current_schema() AND s.n_live_tup > :fewest AND s.n_live_tup > 2 * c.reltuples"
    " ORDER BY 1"
)

log = get_logger("statistics")


def list_outgrown(conn: Connection) -> list[str]:
    """The tables that have more than twice the rows that the planner counts on, as quoted names."""
    return list(conn.scalars(_OUTGROWN, {"fewest": FEWEST_ROWS}))


def _analyze(conn: Connection, table: str) -> None:
    # who is being analysed or altered by somebody else is left for the next look: nobody waits for a lock here
    conn.execute(text(f"SET LOCAL default_statistics_target = {SAMPLE}"))
    conn.execute(text(f"ANALYZE (SKIP_LOCKED) {table}"))


async def refresh_statistics(db: Database) -> list[str]:
    """Have the planner look again at each table that has outgrown what it believes; gives their names."""
    tables = await db.read(list_outgrown)
    for table in tables:
        await db.write(_analyze, table)
    return tables


class Statistics:
    """A part of a process with a PostgreSQL: looks each second between ``start`` and ``stop``."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_looking(), name="statistics")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                tables = await refresh_statistics(self._db)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("tables are not analysed for now", error=str(error))
                continue
            if tables:
                log.info("analysed tables that have grown", tables=tables)
