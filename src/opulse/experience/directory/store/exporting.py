"""Which names of data there are, for the heading of a table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, column, func, literal, select

from opulse.experience.directory.store.tables import contacts, list_members

NAMES_MAX = 1_000


def list_names(conn: Connection, tenant: int, directory: str) -> list[str]:
    """Names of embedded data that any contact has, in order."""
    where = contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False)
    return _names(conn, contacts, contacts.c.embedded, where)


def list_private_names(conn: Connection, tenant: int, list_id: str) -> list[str]:
    """Names of data that any member has on this list alone, in order."""
    where = list_members.c.tenant == tenant, list_members.c.list == list_id
    return _names(conn, list_members, list_members.c.embedded, where)


def _names(
    conn: Connection, table: Any, document: ColumnElement[Any], where: tuple[ColumnElement[bool], ...]
) -> list[str]:
    if conn.dialect.name == "postgresql":
        keys = func.jsonb_object_keys(document).table_valued(column("key", Text())).render_derived("names")
    else:
        keys = func.json_each(document).table_valued(column("key", Text())).alias("names")
    query = select(keys.c.key).select_from(table.join(keys, literal(1) == 1)).where(*where).distinct()
    return sorted(conn.execute(query.limit(NAMES_MAX)).scalars())
