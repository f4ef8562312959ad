"""What pages read of one contact or one list: who is on it, where somebody is on, what changed on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from opulse.experience.directory.models import (
    EVERYTHING,
    Cause,
    ChangeGroup,
    ChangeKind,
    ChangeSet,
    Contact,
    ContactChange,
    ListKind,
    MailingList,
    OptOut,
    Viewer,
)
from opulse.experience.directory.store.contacts import contact_of
from opulse.experience.directory.store.everywhere import find_out_since
from opulse.experience.directory.store.mailing_lists import may_see
from opulse.experience.directory.store.tables import (
    change_groups,
    change_members,
    change_sets,
    contacts,
    list_members,
    mailing_lists,
)


def list_members_page(
    conn: Connection, tenant: int, list_id: str, after: str = "", limit: int = 50
) -> list[tuple[Contact, bool]]:
    """Contacts of a list by id, each with whether they opted out of it."""
    same = and_(contacts.c.tenant == list_members.c.tenant, contacts.c.id == list_members.c.contact)
    rows = conn.execute(
        select(contacts, list_members.c.unsubscribed.label("left_list"))
        .join(list_members, same)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            contacts.c.id > after,
            contacts.c.deleted.is_(False),
        )
        .order_by(contacts.c.id)
        .limit(limit)
    )
    return [(contact_of(row), row.left_list) for row in rows]


def delete_member(conn: Connection, tenant: int, list_id: str, contact: str) -> bool:
    done = conn.execute(
        delete(list_members).where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == contact,
        )
    )
    return done.rowcount == 1


def lists_of_contact(
    conn: Connection, tenant: int, contact: str, viewer: Viewer = EVERYTHING
) -> list[tuple[MailingList, bool]]:
    """The lists that a contact is on and the viewer may see, each with whether they opted out of it."""
    same = and_(mailing_lists.c.tenant == list_members.c.tenant, mailing_lists.c.id == list_members.c.list)
    rows = conn.execute(
        select(mailing_lists, list_members.c.unsubscribed)
        .join(list_members, same)
        .where(list_members.c.tenant == tenant, list_members.c.contact == contact, may_see(viewer))
        .order_by(mailing_lists.c.name)
    )
    return [
        (
            MailingList(
                row.id, row.directory, row.name, row.created_at, kind=ListKind(row.kind), owner=row.owner
            ),
            row.unsubscribed,
        )
        for row in rows
    ]


def list_segments_of(
    conn: Connection, tenant: int, ids: Sequence[str], viewer: Viewer
) -> dict[str, list[tuple[MailingList, bool]]]:
    """Of each of the contacts (one page of them): the segments that the viewer may see, and whether they opted out there."""
    same = and_(mailing_lists.c.tenant == list_members.c.tenant, mailing_lists.c.id == list_members.c.list)
    rows = conn.execute(
        select(mailing_lists, list_members.c.contact, list_members.c.unsubscribed)
        .join(list_members, same)
        .where(list_members.c.tenant == tenant, list_members.c.contact.in_(ids), may_see(viewer))
        .where(mailing_lists.c.kind == ListKind.SEGMENT.value)
        .order_by(mailing_lists.c.name, mailing_lists.c.id)
    )
    found: dict[str, list[tuple[MailingList, bool]]] = {}
    for row in rows:
        one = MailingList(
            row.id, row.directory, row.name, row.created_at, kind=ListKind.SEGMENT, owner=row.owner
        )
        found.setdefault(row.contact, []).append((one, row.unsubscribed))
    return found


def list_opt_outs(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, datetime]:
    """Since when those of the contacts (one page of them) who are opted out of the directory are."""
    rows = conn.execute(
        select(contacts.c.id, contacts.c.unsubscribed_at).where(
            contacts.c.tenant == tenant, contacts.c.id.in_(ids), contacts.c.unsubscribed_at.is_not(None)
        )
    )
    return {row.id: row.unsubscribed_at for row in rows}


def list_opted_out(
    conn: Connection, tenant: int, directory: str, after: str = "", limit: int = 50
) -> list[Contact]:
    """Contacts who are opted out of the directory, by id."""
    rows = conn.execute(
        select(contacts)
        .where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.id > after,
            contacts.c.unsubscribed.is_(True),
            contacts.c.deleted.is_(False),
        )
        .order_by(contacts.c.id)
        .limit(limit)
    )
    return [contact_of(row) for row in rows]


def list_left(conn: Connection, tenant: int, list_id: str, after: str = "", limit: int = 50) -> list[Contact]:
    """Contacts who opted out of the list, by id."""
    same = and_(contacts.c.tenant == list_members.c.tenant, contacts.c.id == list_members.c.contact)
    rows = conn.execute(
        select(contacts)
        .join(list_members, same)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.unsubscribed.is_(True),
            contacts.c.id > after,
            contacts.c.deleted.is_(False),
        )
        .order_by(contacts.c.id)
        .limit(limit)
    )
    return [contact_of(row) for row in rows]


def find_opt_out(conn: Connection, tenant: int, contact: str) -> OptOut:
    """Whether and since when a contact is left alone. Nobody of that id: they are not."""
    row = conn.execute(
        select(contacts.c.unsubscribed_at, contacts.c.muted_until).where(
            contacts.c.tenant == tenant, contacts.c.id == contact
        )
    ).one_or_none()
    if row is None:
        return OptOut(None, None)
    return OptOut(row.unsubscribed_at, row.muted_until, find_out_since(conn, tenant, contact))


def list_changes_of(conn: Connection, tenant: int, contact: str, limit: int = 20) -> list[ContactChange]:
    """What changed on a contact in ways that workflows saw, newest first."""
    sets = and_(
        change_sets.c.tenant == change_members.c.tenant, change_sets.c.id == change_members.c.change_set
    )
    groups = and_(
        change_groups.c.tenant == change_members.c.tenant,
        change_groups.c.change_set == change_members.c.change_set,
        change_groups.c.number == change_members.c.number,
    )
    rows = conn.execute(
        select(
            change_sets,
            change_groups.c.number,
            change_groups.c.kind,
            change_groups.c.before,
            change_groups.c.after,
            change_groups.c.count.label("alike"),
        )
        .join(change_members, sets)
        .join(change_groups, groups)
        .where(
            change_members.c.tenant == tenant,
            change_members.c.contact == contact,
            # a set that was only gathered (flow/gathering.py) changed nothing: its keys have a number before them
            or_(change_groups.c.key == "", change_groups.c.key.startswith("{")),
        )
        .order_by(change_sets.c.at.desc(), change_sets.c.id)
        .limit(limit)
    )
    return [
        ContactChange(
            ChangeSet(
                row.id,
                row.directory,
                Cause(row.activation, row.wave, row.run, tuple(row.chain)),
                row.patch,
                row._mapping["count"],
                row.at,
            ),
            ChangeGroup(row.number, ChangeKind(row.kind), row.before, row.after, row.alike),
        )
        for row in rows
    ]
