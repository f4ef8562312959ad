"""A PostgreSQL database made as if no test had used it: no rows, sequences at their beginning, nobody connected."""

from __future__ import annotations

import asyncpg

SHAPE = """
SELECT coalesce(md5(string_agg(shape, ',' ORDER BY shape)), '') FROM (
    SELECT relkind::text || relname || relnatts::text AS shape FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'setting' || setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
      WHERE d.datname = current_database()
) AS shapes
"""
OTHERS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
USED_SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"


async def shape_of(url: str) -> tuple[str, list[str]]:
    """What the database is made of, as one digest, and which of its tables have rows."""
    conn = await asyncpg.connect(url)
    try:
        return str(await conn.fetchval(SHAPE)), await _used_tables(conn)
    finally:
        await conn.close()


async def empty(url: str, shape: str) -> bool:
    """Whether it is as empty as before; False: it is made of something else than ``shape`` by now."""
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(OTHERS)
        if await conn.fetchval(SHAPE) != shape:
            return False
        if used := await _used_tables(conn):
            await conn.execute(f"TRUNCATE {', '.join(used)} CASCADE")
        for row in await conn.fetch(USED_SEQUENCES):
            await conn.execute(f"ALTER SEQUENCE {row[0]} RESTART")
        return True
    finally:
        await conn.close()


async def _used_tables(conn: asyncpg.Connection) -> list[str]:
    names = [row[0] for row in await conn.fetch(TABLES)]
    if not names:
        return []
    asked = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names]
    return [row[0] for row in await conn.fetch(" UNION ALL ".join(asked))]
