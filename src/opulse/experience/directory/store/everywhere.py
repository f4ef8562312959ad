"""People who are opted out of all directories of the tenant, whoever adds them to whichever later.

A person is known by what identifies them: their contact, their address, their external reference. Whichever of them a contact
has in common with an opt-out, it holds for that contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
)

from opulse.db import Instant, insert_ignoring_known, json_list, metadata
from opulse.experience.directory.store.tables import contacts, directories

everywhere_opt_outs = Table(
    "everywhere_opt_outs",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # contact, email, ext_ref
    Column("key", Text, nullable=False),  # lower case, but for contacts; never empty
    Column("opt_out", Text, nullable=False),  # the keys of one person have it in common, and end together
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "key"),
    Index("ix_everywhere_opt_outs_opt_out", "tenant", "opt_out"),
)
_COLUMNS: Mapping[str, ColumnElement[str]] = {
    "contact": contacts.c.id,
    "email": contacts.c.email_key,
    "ext_ref": contacts.c.ext_ref_key,
}


def out_everywhere() -> ColumnElement[bool]:
    """Whether the row of ``contacts`` is somebody who is opted out of all directories: probes of a small table."""
    table = everywhere_opt_outs.c
    return or_(
        *(
            select(table.key)
            .where(table.tenant == contacts.c.tenant, table.kind == kind, table.key == column)
            .correlate(contacts)
            .exists()
            for kind, column in _COLUMNS.items()
        )
    )


def insert_opt_out(
    conn: Connection, tenant: int, opt_out: str, keys: Mapping[str, str], now: datetime
) -> int:
    """Kind of key → key, empty ones left out. Returns how many were not known."""
    same = {"tenant": tenant, "opt_out": opt_out, "at": now}
    rows = [{**same, "kind": kind, "key": key} for kind, key in keys.items() if key]
    return insert_ignoring_known(conn, everywhere_opt_outs, rows)


def end_opt_outs(conn: Connection, tenant: int, keys: Mapping[str, str]) -> int:
    """End every opt-out that has one of the keys, with its other keys. Returns how many keys were forgotten."""
    ended = list_opt_outs_of(conn, tenant, keys)
    table = everywhere_opt_outs.c
    query = delete(everywhere_opt_outs).where(table.tenant == tenant, table.opt_out.in_(ended))
    return conn.execute(query).rowcount


def list_opt_outs_of(conn: Connection, tenant: int, keys: Mapping[str, str]) -> list[str]:
    """The opt-outs that have one of the keys, each once."""
    table = everywhere_opt_outs.c
    named = [and_(table.kind == kind, table.key == key) for kind, key in keys.items() if key]
    query = select(table.opt_out).where(table.tenant == tenant, or_(*named)).distinct()
    return list(conn.execute(query).scalars())


def find_out_since(conn: Connection, tenant: int, contact: str) -> datetime | None:
    """Since when the contact is opted out of all directories; None: not at all."""
    table = everywhere_opt_outs
    same = or_(*(and_(table.c.kind == kind, table.c.key == column) for kind, column in _COLUMNS.items()))
    query = (
        select(func.min(table.c.at, type_=Instant()))
        .select_from(contacts.join(table, and_(table.c.tenant == contacts.c.tenant, same)))
        .where(contacts.c.tenant == tenant, contacts.c.id == contact)
    )
    return conn.execute(query).scalar()


def list_same_person(conn: Connection, tenant: int, keys: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """Contact → (directory, out of all directories), of everybody in the tenant with one of the keys."""
    folders = select(directories.c.id).where(directories.c.tenant == tenant)
    here = contacts.c.tenant == tenant, contacts.c.directory.in_(folders), contacts.c.deleted.is_(False)
    found: dict[str, tuple[str, bool]] = {}
    for kind, column in _COLUMNS.items():  # one probe of an index each
        if keys.get(kind):
            query = select(contacts.c.id, contacts.c.directory, out_everywhere().label("out"))
            rows = conn.execute(query.where(*here, column == keys[kind]))
            found |= {row.id: (row.directory, bool(row.out)) for row in rows}
    return found


def forget_opt_outs(conn: Connection, tenant: int, ids: Sequence[str], keys: Sequence[str]) -> int:
    """Forget what names these contacts, or these lower-case addresses and references. Returns how many rows."""
    table = everywhere_opt_outs.c
    wanted, named = json_list(conn, ids), json_list(conn, keys, name="named")
    theirs = or_(
        and_(table.kind == "contact", table.key.in_(select(wanted.c.value))),
        and_(table.kind != "contact", table.key.in_(select(named.c.value))),
    )
    return conn.execute(delete(everywhere_opt_outs).where(table.tenant == tenant, theirs)).rowcount
