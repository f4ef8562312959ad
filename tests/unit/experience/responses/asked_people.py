"""People with personal links, for tests of the pages they open."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import Connection, func, insert, select, update

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.store.tables import contacts, directories
from opulse.experience.distributions.models import (
    DistributionState,
    InvitationState,
    LinkType,
    MessageSpec,
)
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.pages import router
from opulse.experience.responses.store.tables import owner_corrections, response_history, responses
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.jobs.table import jobs
from opulse.ports import Ports
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant

LIFE = timedelta(hours=24)
ACTIVATION = "0b0e6d3c-6f7e-4f2c-9e7e-3f0b7d1c2a11"


@dataclass
class Asked:
    """One person's link and what the tables hold about it."""

    ports: Ports
    clock: ManualClock
    app: FastAPI
    client: httpx2.AsyncClient
    tenant: int
    survey: str
    invitation: str
    expires_at: datetime

    @property
    def path(self) -> str:
        return self.address(LinkPurpose.ANSWER)

    def address(self, purpose: LinkPurpose) -> str:
        prefix = "u" if purpose is LinkPurpose.UNSUBSCRIBE else "s"
        return f"/{prefix}/{self.ports.links.issue(purpose, self.tenant, bytes.fromhex(self.invitation))}"

    async def open(self, query: str = "", **headers: str) -> httpx2.Response:
        return await self.client.get(f"{self.path}{query}", headers=headers)

    async def press(self, page: httpx2.Response | None = None, /, **fields: Any) -> httpx2.Response:
        """Fill in a page's form (opened 20 s ago when none is given) and send it, as a browser does."""
        if page is None:
            page = await self.open("?change=1")
            self.clock.advance(20)
        return await self.client.post(self.path, data=filled_in(page.text, fields))

    async def stored(self, *states: ResponseState) -> list[dict[str, Any]]:
        rows = await self.ports.db.read(_rows, responses, responses.c.started_at)
        return [row for row in rows if not states or row["state"] in states]

    async def history(self) -> list[dict[str, Any]]:
        return await self.ports.db.read(_rows, response_history, response_history.c.revision)

    async def corrections(self) -> list[dict[str, Any]]:
        return await self.ports.db.read(_rows, owner_corrections, owner_corrections.c.at)

    async def announced(self) -> list[str]:
        """The activations whose counts are to be brought up to date."""
        rows = await self.ports.db.read(_rows, jobs, jobs.c.id)
        return [row["payload"]["activation"] for row in rows]

    async def contact(self) -> dict[str, Any]:
        return (await self.ports.db.read(_rows, contacts, contacts.c.id))[0]

    async def set_distribution(self, **values: Any) -> None:
        await self.ports.db.write(lambda conn: conn.execute(update(distributions).values(values)) and None)

    async def everything(self) -> dict[str, int]:
        """Rows per table: what a GET must leave as it was."""
        return await self.ports.db.read(_count_all)


@asynccontextmanager
async def ask_somebody(
    db: Database,
    clock: ManualClock,
    document: SurveyDocument | None = None,
    *,
    language: str = "EN",
    time_zone: str = "Europe/Berlin",
    link_type: LinkType = LinkType.INDIVIDUAL,
) -> AsyncIterator[Asked]:
    """A published survey, one contact in Berlin, one invitation accepted by the relay ten minutes ago."""
    ports = make_ports(db, clock)
    tenant, _ = await make_tenant(ports)
    survey = await create_survey(ports, tenant, "Pulse", document or recommended_pulse(), "test")
    await publish_survey(ports, tenant, survey.id, "test")
    now = clock.now()
    app = make_app(ports, router)
    async with browse(app) as client:
        asked = Asked(ports, clock, app, client, tenant, survey.id, "ab" * 16, now + LIFE)
        await db.write(_invite, asked, now, language, time_zone, link_type)
        yield asked


def filled_in(html: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The first form's hidden fields and marked choices, with ``fields`` over them."""
    form = html[html.index("<form") : html.index("</form>")]
    posted: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes["type"] in ("radio", "checkbox") and not re.search(r"\schecked[\s>]", tag):
            continue
        posted.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    return {**posted, "intent": "answer", **fields}


def _invite(
    conn: Connection, asked: Asked, now: datetime, language: str, time_zone: str, link_type: LinkType
) -> None:
    directory, contact = "POOL_000000000000001", "CID_000000000000001"
    distribution = "EMD_000000000000001"
    conn.execute(
        insert(directories).values(
            tenant=asked.tenant, id=directory, name="", is_default=True, created_at=now
        )
    )
    _insert(
        conn,
        contacts,
        tenant=asked.tenant,
        id=contact,
        directory=directory,
        embedded={},
        time_zone=time_zone,
        language=language,
        email="maya@example.org",
        email_key="maya@example.org",
        created_at=now,
        updated_at=now,
    )
    _insert(
        conn,
        distributions,
        tenant=asked.tenant,
        id=distribution,
        survey=asked.survey,
        version=1,
        link_type=link_type.value,
        state=DistributionState.RUNNING.value,
        activation=ACTIVATION,
        language="contact",
        message=asdict(MessageSpec()),
    )
    _insert(
        conn,
        invitations,
        tenant=asked.tenant,
        id=asked.invitation,
        distribution=distribution,
        activation=ACTIVATION,
        contact=contact,
        state=InvitationState.ACCEPTED.value,
        language=language,
        sent_at=now - timedelta(minutes=10),
        expires_at=asked.expires_at,
    )


def _insert(conn: Connection, table: Any, **values: Any) -> None:
    """A row with ``values``; a column that must hold something and is not named gets the emptiest value of its kind."""
    filled = {
        column.name: _empty(column)
        for column in table.columns
        if column.name not in values and not column.nullable and column.server_default is None
    }
    conn.execute(insert(table).values({**filled, **values}))


def _empty(column: Any) -> Any:
    kind = column.type.__class__.__name__
    empty: dict[str, Any] = {"Integer": 0, "BigInteger": 0, "Boolean": False, "JSON": {}}
    if kind == "Instant":
        return datetime.fromisoformat("2026-11-23T11:00:00+00:00")
    return empty.get(kind, "")


def _rows(conn: Connection, table: Any, order: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in conn.execute(select(table).order_by(order))]


def _count_all(conn: Connection) -> dict[str, int]:
    tables = (responses, response_history, owner_corrections, jobs, contacts, invitations, distributions)
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
    }
