"""A tenant with people in a directory and a published survey: whom the tests ask, made through the real flows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select, update

from opulse.experience.directory import RuleKind
from opulse.experience.directory.flow.limits import WantedRule, set_rules
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.views import contacts
from opulse.experience.distributions import AskRequest, MessageSpec
from opulse.experience.distributions.views import invitations
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import change_tenant, create_tenant

DAY = 86_400
LANGUAGES = ("EN", "de", "ar", "")


@dataclass
class Town:
    """One tenant's people, in the order in which they were made."""

    ports: Ports
    tenant: int
    directory: str
    list_id: str
    survey: str
    people: list[str]

    def request(self, activation: str = "", **changes: Any) -> AskRequest:
        """Ask everybody about ``activation`` (empty: a new one)."""
        made = AskRequest(
            tenant=self.tenant,
            workflow="WF_pulse",
            run="RUN_1",
            task_run="TR_1",
            activation=activation or str(uuid4()),
            wave=1,
            survey=self.survey,
            message=MessageSpec(),
            contact_ids=tuple(self.people),
            list_id=self.list_id,
        )
        return dataclasses.replace(made, **changes)

    async def rows(self, *, activation: str | None = None) -> list[dict[str, Any]]:
        """The invitations, by contact; of one activation, or all."""

        def query(conn: Connection) -> list[dict[str, Any]]:
            wanted = select(invitations).where(invitations.c.tenant == self.tenant)
            if activation is not None:
                wanted = wanted.where(invitations.c.activation == activation)
            found = conn.execute(wanted.order_by(invitations.c.contact, invitations.c.asked_at))
            return [dict(row._mapping) for row in found]

        return await self.ports.db.read(query)

    async def states(self, *, activation: str | None = None) -> Counter[str]:
        """How many invitations are in each state, with the reason behind a colon where there is one."""
        rows = await self.rows(activation=activation)
        return Counter(f"{row['state']}:{row['reason']}" if row["reason"] else row["state"] for row in rows)

    async def change(self, people: Sequence[str], **values: Any) -> None:
        """Write columns of contacts, as an import or an opt-out page would."""

        def unit(conn: Connection) -> None:
            chosen = contacts.c.tenant == self.tenant, contacts.c.id.in_(people)
            conn.execute(update(contacts).where(*chosen).values(**values))

        await self.ports.db.write(unit)

    async def change_invitations(self, **values: Any) -> None:
        """Write columns of all invitations, to bring about what would take long."""

        def unit(conn: Connection) -> None:
            conn.execute(update(invitations).where(invitations.c.tenant == self.tenant).values(**values))

        await self.ports.db.write(unit)

    async def row(self, invitation: str) -> dict[str, Any]:
        return next(row for row in await self.rows() if row["id"] == invitation)

    async def change_due(self, invitation: str, moment: datetime) -> None:
        """Have one invitation's next try at ``moment``."""

        def unit(conn: Connection) -> None:
            one = invitations.c.tenant == self.tenant, invitations.c.id == invitation
            conn.execute(update(invitations).where(*one).values(next_try_at=moment))

        await self.ports.db.write(unit)

    async def switch(self, **changes: Any) -> None:
        await change_tenant(self.ports, self.tenant, "test", **changes)


async def build_town(
    ports: Ports, people: int, *, rules: Sequence[tuple[RuleKind, int, int]] = (), tenant: int = 0
) -> Town:
    """A tenant (a new one by default) whose mail is open, with ``people`` on one list and these frequency rules."""
    tenant = tenant or (await create_tenant(ports, "Acme", "test")).id
    await change_tenant(ports, tenant, "test", mail_open=True)
    directory = (await create_directory(ports, tenant, "People", "test")).id
    await set_rules(ports, tenant, directory, [WantedRule(*rule) for rule in rules], "test")
    mailing_list = (await create_list(ports, tenant, directory, "Pulse", "test")).id
    rows = [
        {
            "first_name": f"First{number}",
            "last_name": f"Last{number}",
            "email": f"User{number}@example.org",
            "ext_ref": f"u{number}",
            "language": LANGUAGES[number % len(LANGUAGES)],
            "embedded_data": {"lastAlarm": ["Application Hang", "Disk Full"], "site": f"Site {number}"},
        }
        for number in range(people)
    ]
    await import_contacts(ports, tenant, directory, rows, list_id=mailing_list)
    survey = (await create_survey(ports, tenant, "Pulse", recommended_pulse(), "test")).id
    await publish_survey(ports, tenant, survey, "test")

    def ids(conn: Connection) -> list[str]:
        mine = select(contacts.c.id).where(contacts.c.tenant == tenant).order_by(contacts.c.id)
        return list(conn.execute(mine).scalars())

    return Town(ports, tenant, directory, mailing_list, survey, await ports.db.read(ids))
