"""The tenants table. Only named resolvers look across tenants: :func:`list_tenants` serves the installation's own commands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.tenancy.models import Tenant

tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("guid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("client_id", Text, nullable=False, unique=True),
    Column("mail_open", Boolean, nullable=False),
    Column("mail_paused", Boolean, nullable=False),
    Column("allow_list", JsonDoc, nullable=False),
    Column("cap_per_activation", Integer, nullable=False),
    Column("confirm_above", Integer, nullable=False),
    Column("hold_after_restore", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)


_BY_NUMBER = select(tenants).where(tenants.c.id == bindparam("number"))  # asked by nearly every unit


def insert_tenant(conn: Connection, guid: str, name: str, client_id: str, now: datetime) -> int:
    """A new tenant, mail closed to all but its (empty) allow list. Returns its number."""
    number = int(conn.execute(select(func.coalesce(func.max(tenants.c.id), 0))).scalar_one()) + 1
    conn.execute(
        insert(tenants).values(
            id=number,
            guid=guid,
            name=name,
            client_id=client_id,
            mail_open=False,
            mail_paused=False,
            allow_list=[],
            cap_per_activation=10_000,
            confirm_above=2_000,
            hold_after_restore=False,
            created_at=now,
        )
    )
    return number


def find_tenant(conn: Connection, tenant: int) -> Tenant:
    """The tenant of that number.

    Raises:
        LookupError: there is none.
    """
    row = conn.execute(_BY_NUMBER, {"number": tenant}).one_or_none()
    if row is None:
        raise LookupError(f"no tenant {tenant}")
    return _tenant(row)


def find_tenant_by_client(conn: Connection, client_id: str) -> Tenant | None:
    """Resolver of the Token URL: the tenant whose client id was sent."""
    row = conn.execute(select(tenants).where(tenants.c.client_id == client_id.lower())).one_or_none()
    return None if row is None else _tenant(row)


def list_tenants(conn: Connection) -> list[Tenant]:
    """All tenants, for the processes that serve them all."""
    return [_tenant(row) for row in conn.execute(select(tenants).order_by(tenants.c.id))]


def update_tenant(conn: Connection, tenant: int, **changes: Any) -> None:
    """Set columns of the tenant."""
    if "allow_list" in changes:
        changes["allow_list"] = list(changes["allow_list"])
    conn.execute(update(tenants).where(tenants.c.id == tenant).values(**changes))


def _tenant(row: Any) -> Tenant:
    values = dict(row._mapping)
    values["allow_list"] = tuple(values["allow_list"])
    return Tenant(**values)
