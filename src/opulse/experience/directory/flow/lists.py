"""Directories and mailing lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.db import chunked, why_unstorable
from opulse.experience.directory.flow.limits import default_rules
from opulse.experience.directory.models import (
    EVERYTHING,
    Directory,
    ListKind,
    ListRefused,
    ListShare,
    MailingList,
    Viewer,
)
from opulse.experience.directory.store import contacts, mailing_lists, members
from opulse.experience.directory.store import lists as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

AT_ONCE = 2_000


async def create_directory(ports: Ports, tenant: int, name: str, actor: str) -> Directory:
    """A directory with the default frequency rules; the tenant's first one is its default directory."""
    return await ports.db.write(create_directory_in, tenant, name, actor, ports.clock.now())


def create_directory_in(conn: Connection, tenant: int, name: str, actor: str, now: datetime) -> Directory:
    """:func:`create_directory` inside another unit."""
    first = not store.list_directories(conn, tenant)
    directory = Directory(new_id(Prefix.DIRECTORY), name.strip() or "Directory", first, now)
    store.insert_directory(conn, tenant, directory)
    store.replace_rules(conn, tenant, directory.id, default_rules())
    audit_in(conn, tenant, actor, "directory.created", directory.id, None, {"name": name}, now)
    return directory


async def create_list(
    ports: Ports, tenant: int, directory: str, name: str, actor: str, *, owner: str = ""
) -> MailingList:
    """A mailing list of the directory. ``owner``: the person whose alone it is; empty: everybody's.

    Raises:
        LookupError: no such directory.
        ListRefused: no name, or one above 100 characters.
    """
    return await ports.db.write(
        create_list_in, tenant, directory, name, actor, ports.clock.now(), owner=owner
    )


def create_list_in(
    conn: Connection, tenant: int, directory: str, name: str, actor: str, now: datetime, *, owner: str = ""
) -> MailingList:
    """:func:`create_list` inside another unit."""
    made = MailingList(new_id(Prefix.MAILING_LIST), directory, check_name(name), now, owner=owner)
    insert_list_in(conn, tenant, made, actor, now)
    return made


def check_name(name: str) -> str:
    """The name without white space around it.

    Raises:
        ListRefused: it is empty or above 100 characters.
    """
    if not 0 < len(name.strip()) <= 100:
        raise ListRefused("a mailing list has a name of 1 to 100 characters")
    return name.strip()


def insert_list_in(conn: Connection, tenant: int, made: MailingList, actor: str, now: datetime) -> None:
    """Keep a new list, segment or sample. Raises: LookupError, when there is no such directory."""
    if store.find_directory(conn, tenant, made.directory) is None:
        raise LookupError(made.directory)
    mailing_lists.insert_list(conn, tenant, made)
    after = {"name": made.name, "kind": made.kind.value, "owner": made.owner}
    audit_in(conn, tenant, actor, "mailing_list.created", made.id, None, after, now)


async def add_members(
    ports: Ports, tenant: int, list_id: str, ids: Sequence[str], viewer: Viewer = EVERYTHING, actor: str = ""
) -> None:
    """Put contacts of the list's directory on it.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it, or it fills itself.
    """
    now = ports.clock.now()
    for some in chunked(ids, AT_ONCE):
        await ports.db.write(_add_members, tenant, list_id, some, viewer, actor, now)
    if not ids:
        await ports.db.read(find_editable_in, tenant, list_id, viewer)


async def set_private_data(
    ports: Ports,
    tenant: int,
    list_id: str,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    viewer: Viewer,
    actor: str,
) -> int:
    """Lay data over what members have on this list alone; an empty text takes a value away. Returns how many are members.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it, or the data is not flat.
    """
    for _, data in rows:
        bad = [name for name, value in data.items() if value is None or isinstance(value, dict)]
        if bad or why_unstorable(dict(data)):
            raise ListRefused(f"private data is flat and without nulls: {', '.join(sorted(bad)) or 'a text'}")
    await ports.db.read(find_editable_in, tenant, list_id, viewer)
    now, found = ports.clock.now(), 0
    for some in chunked(rows, AT_ONCE):
        found += await ports.db.write(_set_private, tenant, list_id, some, viewer, actor, now)
    return found


async def share_list(
    ports: Ports,
    tenant: int,
    list_id: str,
    owner: str,
    shares: Sequence[ListShare],
    viewer: Viewer,
    actor: str,
) -> None:
    """Say whose the list is (empty: everybody's) and who else may see or change it.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = find_editable_in(conn, tenant, list_id, viewer, itself=True)
        if found.owner and not viewer.sees_all and found.owner != viewer.person:
            raise ListRefused("only its owner says who may see a list")
        mailing_lists.replace_shares(conn, tenant, list_id, owner, shares)
        after = {"owner": owner, "shares": {one.person: one.may_edit for one in shares}}
        audit_in(conn, tenant, actor, "mailing_list.shared", list_id, {"owner": found.owner}, after, now)

    await ports.db.write(unit)


async def rename_list(ports: Ports, tenant: int, list_id: str, name: str, viewer: Viewer, actor: str) -> None:
    """Call a mailing list otherwise.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it, or it is no name.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = find_editable_in(conn, tenant, list_id, viewer)
        new = check_name(name)
        mailing_lists.set_rule(conn, tenant, list_id, new, found.rule)
        before, after = {"name": found.name}, {"name": new}
        audit_in(conn, tenant, actor, "mailing_list.renamed", list_id, before, after, now)

    await ports.db.write(unit)


async def delete_list(ports: Ports, tenant: int, list_id: str, viewer: Viewer, actor: str) -> None:
    """Delete a list, segment or sample; its contacts stay. Opt-outs of it are forgotten with it.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it.
    """
    now = ports.clock.now()
    found = await ports.db.read(find_editable_in, tenant, list_id, viewer, itself=True)
    while await ports.db.write(mailing_lists.delete_members, tenant, list_id, AT_ONCE):
        pass

    def unit(conn: Connection) -> None:
        mailing_lists.delete_list(conn, tenant, list_id)
        before = {"name": found.name, "kind": found.kind.value, "owner": found.owner}
        audit_in(conn, tenant, actor, "mailing_list.deleted", list_id, before, None, now)

    await ports.db.write(unit)


def find_editable_in(
    conn: Connection, tenant: int, list_id: str, viewer: Viewer, *, itself: bool = False
) -> MailingList:
    """The list, which the viewer may change. ``itself``: not who is on it, so that a segment will do as well.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: the viewer may not change it, or it fills itself.
    """
    found = mailing_lists.find_list(conn, tenant, list_id, viewer)
    if found is None:
        raise LookupError(list_id)
    if not mailing_lists.may_edit(conn, tenant, list_id, viewer):
        raise ListRefused("this list is shared with you for looking only")
    if not itself and found.kind is not ListKind.LIST:
        raise ListRefused(f"a {found.kind.value} gets its members by itself; nobody is put on it by hand")
    return found


def _add_members(
    conn: Connection,
    tenant: int,
    list_id: str,
    ids: Sequence[str],
    viewer: Viewer,
    actor: str,
    now: datetime,
) -> None:
    found = find_editable_in(conn, tenant, list_id, viewer)
    known = [one.id for one in contacts.find_contacts(conn, tenant, found.directory, ids)]
    members.insert_members(conn, tenant, list_id, known, now)
    if known:
        after = {"contacts": len(known), "first": known[:20]}
        audit_in(conn, tenant, actor, "mailing_list.members_added", list_id, None, after, now)


def _set_private(
    conn: Connection,
    tenant: int,
    list_id: str,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    viewer: Viewer,
    actor: str,
    now: datetime,
) -> int:
    """The trail gets the names of fields, not the values: those of people are forgotten with them."""
    find_editable_in(conn, tenant, list_id, viewer)
    had = members.list_private(conn, tenant, list_id, [contact for contact, _ in rows])
    found = members.merge_private(conn, tenant, list_id, rows)
    if found:
        before = {"fields": _names(had.values()), "members_with_data": len(had)}
        after = {
            "fields": _names(data for _, data in rows),
            "members": found,
            "first": [row[0] for row in rows[:20]],
        }
        audit_in(conn, tenant, actor, "mailing_list.private_data_set", list_id, before, after, now)
    return found


def _names(ones: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({name for one in ones for name in one})


def put_in(conn: Connection, tenant: int, list_id: str, ids: Sequence[str], now: datetime) -> None:
    """Put contacts on a list, segment or sample; for whoever fills it by itself."""
    members.insert_members(conn, tenant, list_id, ids, now)


def set_span_in(
    conn: Connection, tenant: int, list_id: str, ids: Sequence[str], span: tuple[str, str], now: datetime
) -> None:
    """Of the contacts behind the first and up to the last id of ``span``, exactly ``ids`` are members afterwards."""
    members.insert_members(conn, tenant, list_id, ids, now)
    members.delete_others(conn, tenant, list_id, ids, span)


def set_rule_in(conn: Connection, tenant: int, changed: MailingList) -> None:
    """Another name and rule for a segment."""
    mailing_lists.set_rule(conn, tenant, changed.id, changed.name, changed.rule)


def set_refreshed_in(conn: Connection, tenant: int, list_id: str, now: datetime) -> None:
    """A segment's rule was asked of everybody."""
    mailing_lists.set_refreshed(conn, tenant, list_id, now)
