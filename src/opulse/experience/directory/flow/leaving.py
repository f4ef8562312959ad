"""Opt somebody out of a directory or in again, and take somebody off a list, as an operator does it for them."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.directory.flow.announcing import announce_subscription_in
from opulse.experience.directory.store import contacts, lists, reading
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def set_opt_out(
    ports: Ports, tenant: int, directory: str, contact: str, *, out: bool, actor: str
) -> None:
    """Ask this contact nothing any more, or let them be asked again.

    Raises:
        LookupError: no such contact in this directory.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        before = contacts.find_contact(conn, tenant, directory, contact)
        if before is None:
            raise LookupError(contact)
        contacts.set_unsubscribed(conn, tenant, contact, out, now)
        if before.unsubscribed != out:
            announce_subscription_in(conn, tenant, contact, "", out=out)
        action = "contact.opted_out" if out else "contact.opted_in"
        audit_in(conn, tenant, actor, action, contact, None, None, now)

    await ports.db.write(unit)


async def remove_member(ports: Ports, tenant: int, list_id: str, contact: str, actor: str) -> bool:
    """Take a contact off a list. False when they were not on it.

    Raises:
        LookupError: no such list.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        if lists.find_list(conn, tenant, list_id) is None:
            raise LookupError(list_id)
        done = reading.delete_member(conn, tenant, list_id, contact)
        if done:
            audit_in(
                conn, tenant, actor, "mailing_list.member_removed", list_id, None, {"contact": contact}, now
            )
        return done

    return await ports.db.write(unit)
