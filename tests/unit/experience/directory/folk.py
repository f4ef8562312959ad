"""A directory with contacts in it, and looks at what changed on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from opulse.clock import ManualClock
from opulse.experience.directory import (
    Cause,
    ChangeGroup,
    ChangeSet,
    Contact,
    merge_embedded_in,
    set_watched_in,
    views,
)
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.jobs.table import jobs
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import create_tenant

LIFE = timedelta(hours=24)
ACTIVATION = "0b0e6d3c-6f7e-4f2c-9e7e-3f0b7d1c2a11"


@dataclass
class Folk:
    """One directory with one mailing list."""

    ports: Ports
    clock: ManualClock
    tenant: int
    directory: str
    list_id: str

    async def add(self, *names: str, embedded: Mapping[str, Any] | None = None, **fields: Any) -> list[str]:
        """Contacts ``name@example.org``; their ids in the order of the names. A second later it is not this moment any more."""
        rows = [
            {
                "first_name": name.title(),
                "email": f"{name}@example.org",
                "ext_ref": f"CORP\\{name}",
                "embedded_data": dict(embedded or {}),
                **fields,
            }
            for name in names
        ]
        await import_contacts(self.ports, self.tenant, self.directory, rows)
        self.clock.advance(1)
        found = {one.email: one.id for one in await self.contacts()}
        return [found[f"{name}@example.org"] for name in names]

    async def contacts(self) -> list[Contact]:
        return await self.ports.db.read(views.list_contacts, self.tenant, self.directory, limit=10_000)

    async def contact(self, name: str) -> Contact:
        return next(one for one in await self.contacts() if one.email == f"{name}@example.org")

    async def watch(self, *fields: str, owner: str = "WF_1") -> None:
        await self.ports.db.write(set_watched_in, self.tenant, self.directory, owner, fields)

    async def merge(
        self,
        ids: Sequence[str],
        patch: Mapping[str, Any],
        *,
        activation: str = ACTIVATION,
        alarm_life: timedelta | None = None,
        chain: tuple[str, ...] = (),
    ) -> str | None:
        self.clock.advance(1)
        return await self.ports.db.write(
            merge_embedded_in,
            self.tenant,
            self.directory,
            ids,
            patch,
            cause=Cause(activation, 1, "RUN_1", chain),
            now=self.clock.now(),
            alarm_life=alarm_life,
        )

    async def change(self, change_set: str | None) -> ChangeSet:
        assert change_set is not None
        found = await self.ports.db.read(views.find_change_set, self.tenant, change_set)
        assert found is not None
        return found

    async def groups(self, change_set: str | None) -> list[ChangeGroup]:
        assert change_set is not None
        return await self.ports.db.read(views.list_groups, self.tenant, change_set)

    async def members(self, change_set: str | None, *groups: int) -> set[str]:
        assert change_set is not None
        found = await self.ports.db.read(views.list_members_of, self.tenant, change_set, groups)
        return set(found)

    async def announced(self) -> list[str]:
        """The change sets that jobs announce."""
        return await self.ports.db.read(_announced)


async def settle(ports: Ports, clock: ManualClock, name: str = "Acme") -> Folk:
    tenant = await create_tenant(ports, name, "test")
    directory = await create_directory(ports, tenant.id, "People", "test")
    mailing_list = await create_list(ports, tenant.id, directory.id, "Everybody", "test")
    return Folk(ports, clock, tenant.id, directory.id, mailing_list.id)


def _announced(conn: Connection) -> list[str]:
    query = select(jobs.c.payload).where(jobs.c.kind == "contacts.changed").order_by(jobs.c.id)
    return [payload["change_set"] for payload in conn.execute(query).scalars()]
