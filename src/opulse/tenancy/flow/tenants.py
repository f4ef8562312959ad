"""Make a tenant, and its switches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.models import Tenant
from opulse.tenancy.store.tenants import find_tenant, insert_tenant, update_tenant

MOST_PEOPLE = 10_000_000
CHANGEABLE = {
    "name",
    "mail_open",
    "mail_paused",
    "allow_list",
    "cap_per_activation",
    "confirm_above",
    "hold_after_restore",
}


async def create_tenant(ports: Ports, name: str, actor: str) -> Tenant:
    """A new tenant: mail closed to all but its (empty) allow list, a client id of its own."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Tenant:
        number = insert_tenant(conn, str(uuid4()), name, str(uuid4()), now)
        audit_in(conn, number, actor, "tenant.created", name, None, {"name": name}, now)
        return find_tenant(conn, number)

    return await ports.db.write(unit)


async def change_tenant(ports: Ports, tenant: int, actor: str, **changes: Any) -> Tenant:
    """Change the tenant's name or switches.

    Raises:
        ValueError: a name that is not a switch, or a number out of range; the message says which.
    """
    return await ports.db.write(change_tenant_in, tenant, actor, ports.clock.now(), changes)


def change_tenant_in(
    conn: Connection, tenant: int, actor: str, now: datetime, changes: Mapping[str, Any]
) -> Tenant:
    """:func:`change_tenant` inside another unit."""
    changes = _checked(changes)
    before = find_tenant(conn, tenant)
    if not changes:
        return before
    update_tenant(conn, tenant, **changes)
    was = {name: getattr(before, name) for name in changes}
    audit_in(conn, tenant, actor, "tenant.changed", before.name, was, changes, now)
    return find_tenant(conn, tenant)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise ValueError(f"not a switch of a tenant: {', '.join(sorted(unknown))}")
    if "name" in changes and not str(changes["name"]).strip():
        raise ValueError("the tenant needs a name")
    for name in ("cap_per_activation", "confirm_above"):
        if name in changes and not 0 <= changes[name] <= MOST_PEOPLE:
            raise ValueError(f"{name} is a number of people, 0 or more, at most {MOST_PEOPLE:,}")
    if "allow_list" in changes:
        return {**changes, "allow_list": clean_allow_list(changes["allow_list"])}
    return dict(changes)


def clean_allow_list(entries: Any) -> list[str]:
    """Lower-case addresses and ``@domain`` entries, each once, in order.

    Raises:
        ValueError: an entry is neither.
    """
    cleaned: dict[str, None] = {}
    for entry in entries:
        text = str(entry).strip().lower()
        if not text:
            continue
        if "@" not in text or text.endswith("@") or " " in text:
            raise ValueError(f"{text!r} is neither an address nor @domain")
        cleaned[text] = None
    return list(cleaned)
