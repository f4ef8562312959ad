"""Opt somebody out of a directory or a list, or in again; leave them alone for a while; take them off a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory.flow.announcing import announce_subscription_in
from opulse.experience.directory.models import ListKind, SubscriptionOrigin
from opulse.experience.directory.store import contacts, members, reading
from opulse.experience.directory.store import subscriptions as store
from opulse.experience.directory.store.mailing_lists import find_list
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_ids_in_order


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is changed: ``out`` of the directory, or with ``list_id`` of that list; how, and by whom."""

    out: bool
    origin: SubscriptionOrigin
    actor: str
    list_id: str = ""


async def set_opt_out(ports: Ports, tenant: int, directory: str, contact: str, wanted: Subscription) -> bool:
    """Ask this contact nothing any more, or let them be asked again. False when that is how it is already.

    Raises:
        LookupError: no such contact in this directory, or not on that list.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        if contacts.find_contact(conn, tenant, directory, contact) is None:
            raise LookupError(contact)
        if wanted.list_id and store.find_in_list(conn, tenant, wanted.list_id, contact) is None:
            raise LookupError(wanted.list_id)
        return set_subscription_in(conn, tenant, directory, contact, wanted, now)

    return await ports.db.write(unit)


def set_subscription_in(
    conn: Connection, tenant: int, directory: str, contact: str, wanted: Subscription, now: datetime
) -> bool:
    """See :func:`set_opt_out`; in the caller's unit, which knows that the contact is there."""
    if wanted.list_id:
        changed = store.set_in_list(conn, tenant, wanted.list_id, contact, wanted.out, now)
    else:
        changed = store.set_in_directory(conn, tenant, contact, wanted.out, now)
    if not changed:
        return False
    note_subscriptions_in(conn, tenant, directory, [contact], wanted, now)
    announce_subscription_in(conn, tenant, contact, wanted.list_id, out=wanted.out)
    action = "contact.opted_out" if wanted.out else "contact.opted_in"
    where = {"list": wanted.list_id} if wanted.list_id else {}
    before, after = {**where, "unsubscribed": not wanted.out}, {**where, "unsubscribed": wanted.out}
    audit_in(conn, tenant, wanted.actor, action, contact, before, after, now)
    return True


def leave_in(conn: Connection, tenant: int, contact: str, list_id: str, actor: str, now: datetime) -> str:
    """The person's own choice, by a link in a mail: out of the list that was used, or where none was, of the directory.

    Returns the list they are out of; empty: the directory. Somebody who is not on the list any more is put back on it as opted
    out, so that they stay out whoever puts them on it again.
    """
    directory = contacts.directory_of(conn, tenant, contact)
    used = find_list(conn, tenant, list_id) if list_id else None
    if (
        used is None or used.kind is ListKind.SEGMENT
    ):  # it has no opt-out of its own (qualtrics-product.md 7.2)
        list_id = ""
    if list_id:
        members.insert_members(conn, tenant, list_id, [contact], now)
    wanted = Subscription(True, SubscriptionOrigin.PERSON, actor, list_id)
    set_subscription_in(conn, tenant, directory, contact, wanted, now)
    return list_id


def note_subscriptions_in(
    conn: Connection, tenant: int, directory: str, ids: Iterable[str], wanted: Subscription, now: datetime
) -> None:
    """Write down in these contacts' history what was changed."""
    known = list(ids)
    numbers = new_ids_in_order(Prefix.SUBSCRIPTION, len(known), now) if known else []
    store.insert_changes(
        conn,
        tenant,
        directory,
        list(zip(numbers, known, strict=True)),
        list_id=wanted.list_id,
        out=wanted.out,
        origin=wanted.origin,
        actor=wanted.actor,
        now=now,
    )


async def set_mute(
    ports: Ports, tenant: int, directory: str, contact: str, until: datetime | None, actor: str
) -> None:
    """Leave a contact alone until then; None: they may be asked again.

    Raises:
        LookupError: no such contact in this directory.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if contacts.find_contact(conn, tenant, directory, contact) is None:
            raise LookupError(contact)
        before = store.set_muted(conn, tenant, contact, until)
        audit_in(conn, tenant, actor, "contact.muted", contact, {"until": before}, {"until": until}, now)

    await ports.db.write(unit)


async def remove_member(ports: Ports, tenant: int, list_id: str, contact: str, actor: str) -> bool:
    """Take a contact off a list. False when they were not on it.

    Raises:
        LookupError: no such list.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        if find_list(conn, tenant, list_id) is None:
            raise LookupError(list_id)
        done = reading.delete_member(conn, tenant, list_id, contact)
        if done:
            before = {"contact": contact}
            audit_in(conn, tenant, actor, "mailing_list.member_removed", list_id, before, None, now)
        return done

    return await ports.db.write(unit)
