"""Take everything that names a person out of the directory, and what is older than it may become."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from opulse.db import json_list
from opulse.experience.directory.store.everywhere import forget_opt_outs
from opulse.experience.directory.store.imports import contact_import_refused, contact_imports
from opulse.experience.directory.store.subscriptions import subscription_changes
from opulse.experience.directory.store.tables import (
    change_groups,
    change_members,
    contacts,
    directories,
    list_members,
)
from opulse.experience.directory.store.transactions import transactions

BLANK = dict.fromkeys(
    (
        "first_name",
        "last_name",
        "email",
        "email_key",
        "ext_ref",
        "ext_ref_key",
        "phone",
        "language",
        "time_zone",
    ),
    "",
)
"""What a contact is without the person."""


def find_ids_of(conn: Connection, tenant: int, keys: Sequence[str]) -> list[tuple[str, str, str]]:
    """(contact, address, external reference), the last two in lower case, of everybody with one of these keys, in all
    directories."""
    wanted = json_list(conn, keys)
    folders = select(directories.c.id).where(directories.c.tenant == tenant)
    found: dict[str, tuple[str, str, str]] = {}
    for column in (contacts.c.email_key, contacts.c.ext_ref_key, contacts.c.id):
        here = contacts.c.tenant == tenant, contacts.c.directory.in_(folders)
        rows = conn.execute(
            select(contacts.c.id, contacts.c.email_key, contacts.c.ext_ref_key).where(
                *here, column.in_(select(wanted.c.value))
            )
        )
        found |= {row[0]: (row[0], row[1], row[2]) for row in rows}
    return [found[one] for one in sorted(found)]


def forget(conn: Connection, tenant: int, ids: Sequence[str], keys: Sequence[str]) -> dict[str, int]:
    """Blank or delete all that names these contacts, or these addresses and references; what was done, by kind and number."""
    wanted, named = json_list(conn, ids), json_list(conn, keys, name="named")
    of_them = select(wanted.c.value)
    done: dict[str, int] = {}
    alone = (
        select(change_members.c.change_set, change_members.c.number)
        .where(change_members.c.tenant == tenant, change_members.c.contact.in_(of_them))
        .subquery("alone")
    )
    same = and_(change_groups.c.change_set == alone.c.change_set, change_groups.c.number == alone.c.number)
    done["changes"] = conn.execute(
        update(change_groups)
        .where(
            change_groups.c.tenant == tenant,
            change_groups.c.count == 1,
            select(alone.c.number).where(same).exists(),
        )
        .values(before={}, after={}, key="")
    ).rowcount
    for word, table in (
        ("changes", change_members),
        ("places on lists", list_members),
        ("opt-outs and opt-ins", subscription_changes),
        ("transactions", transactions),
    ):
        gone = conn.execute(delete(table).where(table.c.tenant == tenant, table.c.contact.in_(of_them)))
        done[word] = done.get(word, 0) + gone.rowcount
    refused = contact_import_refused.c
    done["refused rows of files"] = conn.execute(
        delete(contact_import_refused).where(
            refused.tenant == tenant, func.lower(refused.who).in_(select(named.c.value))
        )
    ).rowcount
    done["opt-outs and opt-ins"] += forget_opt_outs(conn, tenant, ids, keys)
    _uncount(conn, tenant, ids)
    done["contacts"] = conn.execute(
        update(contacts)
        .where(
            contacts.c.tenant == tenant,
            contacts.c.id.in_(of_them),
            or_(contacts.c.deleted.is_(False), contacts.c.email != "", contacts.c.first_name != ""),
        )
        .values(**BLANK, embedded={}, deleted=True, alarm_until=None, muted_until=None, unsubscribed_at=None)
    ).rowcount
    return done


def _uncount(conn: Connection, tenant: int, ids: Sequence[str]) -> None:
    wanted = json_list(conn, ids)
    rows = conn.execute(
        select(contacts.c.directory, func.count())
        .where(
            contacts.c.tenant == tenant,
            contacts.c.id.in_(select(wanted.c.value)),
            contacts.c.deleted.is_(False),
        )
        .group_by(contacts.c.directory)
    ).all()
    for directory, number in rows:  # a person is in a handful of directories
        conn.execute(
            update(directories)
            .where(directories.c.tenant == tenant, directories.c.id == directory)
            .values(contacts=directories.c.contacts - number)
        )


def delete_old_refused(conn: Connection, tenant: int, before: datetime, limit: int) -> int:
    """Forget refused rows of imports that ended before then, a few at a time. Returns how many."""
    table, imports = contact_import_refused.c, contact_imports.c
    old = (
        select(table.import_id, table.line)
        .join(contact_imports, and_(imports.tenant == table.tenant, imports.id == table.import_id))
        .where(table.tenant == tenant, imports.updated_at < before)
        .limit(limit)
    )
    rows = conn.execute(old).all()
    for import_id in {row.import_id for row in rows}:  # a few imports have all of them
        lines = [row.line for row in rows if row.import_id == import_id]
        listed = json_list(conn, lines, numbers=True)
        conn.execute(
            delete(contact_import_refused).where(
                table.tenant == tenant, table.import_id == import_id, table.line.in_(select(listed.c.value))
            )
        )
    return len(rows)
