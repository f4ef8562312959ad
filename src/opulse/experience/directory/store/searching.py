"""Contacts of a directory, page by page: everybody by id, or those whose keys start with what is searched."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from opulse.experience.directory.models import Contact
from opulse.experience.directory.store.contacts import contact_of
from opulse.experience.directory.store.tables import contacts, directories

FEW = 2_000
"""Matches that are found by the index of a key and sorted. Where there are more, a walk by id meets enough of them soon."""

_LAST = "\U0010ffff"
_KEYS = (
    contacts.c.email_key,
    contacts.c.ext_ref_key,
    contacts.c.last_name_key,
    contacts.c.first_name_key,
)


def list_contacts(
    conn: Connection, tenant: int, directory: str, *, search: str = "", after: str = "", limit: int = 50
) -> list[Contact]:
    """Contacts by id, from the one after ``after``; ``search`` finds the start of an address, a name or an account."""
    here = and_(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False))
    start = search.strip().lower()
    query = select(contacts).where(here, contacts.c.id > after)
    if start:
        few = _find_few(conn, tenant, directory, start)
        if few is None:
            query = query.where(or_(*(_starts(conn, key, start) for key in _KEYS)))
        else:
            page = sorted(one for one in few if one > after)[:limit]
            query = query.where(contacts.c.id.in_(page))
    return [contact_of(row) for row in conn.execute(query.order_by(contacts.c.id).limit(limit))]


def count_contacts(conn: Connection, tenant: int, directory: str) -> int:
    """How many contacts the directory has: kept beside it, for counting a million takes longer than a page may."""
    found = conn.execute(
        select(directories.c.contacts).where(directories.c.tenant == tenant, directories.c.id == directory)
    ).scalar()
    return int(found or 0)


def find_few_by_start(conn: Connection, tenant: int, start: str) -> set[str] | None:
    """Ids of the tenant's contacts, deleted ones included, whose address, account, whole name or last name begins with
    ``start`` (lower case); None when they are more than FEW."""
    whole_name = func.lower(contacts.c.first_name + " " + contacts.c.last_name)
    ways = [
        *(_starts(conn, key, start) for key in _KEYS[:3]),
        and_(
            _starts(conn, contacts.c.first_name_key, start.partition(" ")[0]),
            whole_name.startswith(start, autoescape=True),
        ),
    ]
    theirs = select(directories.c.id).where(
        directories.c.tenant == tenant
    )  # the keys' indexes are by directory
    found: set[str] = set()
    for way in ways:
        query = select(contacts.c.id).where(
            contacts.c.tenant == tenant, contacts.c.directory.in_(theirs), way
        )
        found.update(conn.execute(query.limit(FEW + 1)).scalars())
        if len(found) > FEW:
            return None
    return found


def _find_few(conn: Connection, tenant: int, directory: str, start: str) -> set[str] | None:
    """The ids of all matches; None when one of the keys alone has more than FEW."""
    found: set[str] = set()
    for key in _KEYS:
        ids = conn.execute(
            select(contacts.c.id)
            .where(contacts.c.tenant == tenant, contacts.c.directory == directory, _starts(conn, key, start))
            .where(contacts.c.deleted.is_(False))
            .limit(FEW + 1)
        ).scalars()
        found.update(ids)
        if len(found) > FEW:
            return None
    return found


def _starts(conn: Connection, key: ColumnElement[str], start: str) -> ColumnElement[bool]:
    """A range of the key's index. PostgreSQL compares by the index's own order, character by character."""
    if conn.dialect.name == "postgresql":
        return and_(
            key.op("~>=~", is_comparison=True)(start), key.op("~<~", is_comparison=True)(start + _LAST)
        )
    return and_(key >= start, key < start + _LAST)
