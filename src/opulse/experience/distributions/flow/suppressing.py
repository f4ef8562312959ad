"""Addresses that get no mail: looked at, added and lifted by people."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.distributions.models import SpareReason, Suppression
from opulse.experience.distributions.store import returning as store
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def list_suppressions(
    ports: Ports, tenant: int, *, contact: str = "", after: str = "", limit: int = 100
) -> list[Suppression]:
    """By address, from the one behind ``after``; of one contact, or all."""

    def query(conn: Connection) -> list[Suppression]:
        return store.list_suppressions(conn, tenant, contact=contact, before=after, limit=limit)

    return await ports.db.read(query)


async def count_suppressions(ports: Ports, tenant: int) -> int:
    """How many addresses get no mail."""
    return await ports.db.read(store.count_suppressions, tenant)


async def suppress_address(ports: Ports, tenant: int, email: str, actor: str) -> Suppression:
    """A person's word that this address gets no more mail; kept as a complaint. Raises ValueError: this is no address."""
    key, now = email.strip().lower(), ports.clock.now()
    if "@" not in key or len(key) > 320 or any(not letter.isprintable() for letter in key):
        raise ValueError("this is no e-mail address")
    made = Suppression(tenant, key, SpareReason.COMPLAINED, "", "", f"by {actor}", now)

    def unit(conn: Connection) -> Suppression:
        if store.suppress(conn, [made]):
            audit_in(conn, tenant, actor, "address.suppressed", key, None, {"reason": made.reason.value}, now)
        return store.find_suppression(conn, tenant, key) or made

    return await ports.db.write(unit)


async def lift_suppression(ports: Ports, tenant: int, email: str, actor: str) -> Suppression:
    """The address may be mailed again: the mailbox was mended, or its owner asked for it. Raises LookupError."""
    key, now = email.strip().lower(), ports.clock.now()

    def unit(conn: Connection) -> Suppression:
        found = store.find_suppression(conn, tenant, key)
        if found is None:
            raise LookupError(email)
        store.delete_suppression(conn, tenant, key)
        before = {"reason": found.reason.value, "at": found.at.isoformat()}
        audit_in(conn, tenant, actor, "address.lifted", key, before, None, now)
        return found

    return await ports.db.write(unit)
