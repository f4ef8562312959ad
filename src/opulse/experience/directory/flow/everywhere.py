"""Opt a person out of all directories of the tenant, or in again; it goes with them when contacts are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory.flow.announcing import announce_subscription_in
from opulse.experience.directory.flow.leaving import Subscription, note_subscriptions_in
from opulse.experience.directory.models import EVERYWHERE, Contact
from opulse.experience.directory.store import contacts
from opulse.experience.directory.store import everywhere as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text


async def set_opt_out_everywhere(
    ports: Ports, tenant: int, directory: str, contact: str, wanted: Subscription
) -> bool:
    """Ask this person nothing any more in any directory, or end that. False when that is how it is already.

    Whoever has the contact's address or external reference, now or later, in whichever directory, is the same person. Ending it
    leaves opt-outs of single directories and lists as they are.

    Raises:
        LookupError: no such contact in this directory.
    """
    return await ports.db.write(_set_in, tenant, directory, contact, wanted, ports.clock.now())


def _set_in(
    conn: Connection, tenant: int, directory: str, contact: str, wanted: Subscription, now: datetime
) -> bool:
    found = contacts.find_contact(conn, tenant, directory, contact)
    if found is None:
        raise LookupError(contact)
    keys = keys_of(found)
    before = store.list_same_person(conn, tenant, keys)
    if wanted.out:
        changed = store.insert_opt_out(conn, tenant, random_text(15), keys, now)
    else:
        changed = store.end_opt_outs(conn, tenant, keys)
    if not changed:
        return False
    after = store.list_same_person(conn, tenant, keys)
    folders: dict[str, list[str]] = {}
    for one, (folder, out) in after.items():  # one person's contacts: about as many as there are directories
        if out != before[one][1]:
            folders.setdefault(folder, []).append(one)
            announce_subscription_in(conn, tenant, one, "", out=wanted.out)
    for folder, ids in folders.items():
        note_subscriptions_in(conn, tenant, folder, ids, replace(wanted, list_id=EVERYWHERE), now)
    action = "contact.opted_out" if wanted.out else "contact.opted_in"
    known = {"contacts": sorted(after)}
    was, is_now = {**known, "everywhere": not wanted.out}, {**known, "everywhere": wanted.out}
    audit_in(conn, tenant, wanted.actor, action, contact, was, is_now, now)
    return True


def carry_over_in(
    conn: Connection, tenant: int, ones: Sequence[Contact], survivor: Contact, now: datetime
) -> None:
    """Contacts become one person: who was opted out of everything by any of them stays so by the survivor's keys."""
    opt_outs = [name for one in ones for name in store.list_opt_outs_of(conn, tenant, keys_of(one))]
    if opt_outs:
        store.insert_opt_out(conn, tenant, opt_outs[0], keys_of(survivor), now)


def keys_of(one: Contact) -> dict[str, str]:
    """What identifies the person, by its kind."""
    return {"contact": one.id, "email": one.email.strip().lower(), "ext_ref": one.ext_ref.strip().lower()}
