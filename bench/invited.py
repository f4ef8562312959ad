"""An installation in which one incident has asked many people: their links are out, nobody has answered."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, insert

from opulse.bootstrap.keys import load_keys
from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.db import chunked
from opulse.experience.directory.store.tables import contacts, directories
from opulse.experience.distributions.models import (
    DistributionState,
    InvitationState,
    LinkType,
    MessageSpec,
)
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.experience.responses.rules import make_stamp
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.settings import load_settings
from opulse.tenancy.flow.tenants import create_tenant
from opulse.wire.tokens import LinkPurpose

ACTIVATION = "0b0e6d3c-6f7e-4f2c-9e7e-3f0b7d1c2a11"
_DIRECTORY, _DISTRIBUTION = "POOL_000000000000001", "EMD_000000000000001"
_ROWS = 2_000


@dataclass(frozen=True)
class Invited:
    """Paths of personal links, and the answer that each person would post (``/path body``)."""

    paths: list[str]
    answers: list[str]


async def invite(data: Path, people: int) -> Invited:
    """Make the installation in ``data``; nothing runs on it yet."""
    settings = load_settings(data)
    import_stores()
    ports = await open_ports(settings, "http://127.0.0.1")
    try:
        await migrate(ports.db)
        tenant = (await create_tenant(ports, "Bench", "bench")).id
        survey = await create_survey(ports, tenant, "Pulse", recommended_pulse(), "bench")
        await publish_survey(ports, tenant, survey.id, "bench")
        now = ports.clock.now()
        await ports.db.write(_frame, tenant, survey.id, now)
        ids = [os.urandom(16) for _ in range(people)]
        for chunk in chunked(list(enumerate(ids)), _ROWS):
            await ports.db.write(_people, tenant, chunk, now)
        key = load_keys(settings).digest
        paths = [f"/s/{ports.links.issue(LinkPurpose.ANSWER, tenant, one)}" for one in ids]
        return Invited(paths, [_answer(ports, key, path, one) for path, one in zip(paths, ids, strict=True)])
    finally:
        await close_ports(ports)


def _answer(ports: Ports, key: bytes, path: str, invitation: bytes) -> str:
    opened = ports.clock.now() - timedelta(minutes=2)
    body = {
        "lang": "en",
        "stamp": make_stamp(key, invitation.hex(), opened),
        "website": "",
        "QID1": "4",
        "QID2": "3",
        "QID4_TEXT": "No VPN since nine",
        "intent": "answer",
    }
    return f"{path} {urlencode(body)}"


def _frame(conn: Connection, tenant: int, survey: str, now: datetime) -> None:
    conn.execute(
        insert(directories).values(tenant=tenant, id=_DIRECTORY, name="", is_default=True, created_at=now)
    )
    conn.execute(
        insert(distributions).values(
            **_blank(distributions, now)
            | {
                "tenant": tenant,
                "id": _DISTRIBUTION,
                "survey": survey,
                "version": 1,
                "activation": ACTIVATION,
                "state": DistributionState.RUNNING.value,
                "link_type": LinkType.INDIVIDUAL.value,
                "language": "contact",
                "message": asdict(MessageSpec()),
            }
        )
    )


def _people(conn: Connection, tenant: int, chunk: list[tuple[int, bytes]], now: datetime) -> None:
    blank_contact, blank_invitation = _blank(contacts, now), _blank(invitations, now)
    ids = {"tenant": tenant, "language": "EN"}
    conn.execute(
        insert(contacts),
        [
            blank_contact
            | ids
            | {
                "id": f"CID_{number:015d}",
                "directory": _DIRECTORY,
                "email": f"p{number}@example.org",
                "email_key": f"p{number}@example.org",
                "time_zone": "Europe/Berlin",
            }
            for number, _ in chunk
        ],
    )
    conn.execute(
        insert(invitations),
        [
            blank_invitation
            | ids
            | {
                "id": one.hex(),
                "distribution": _DISTRIBUTION,
                "activation": ACTIVATION,
                "contact": f"CID_{number:015d}",
                "state": InvitationState.ACCEPTED.value,
                "sent_at": now - timedelta(minutes=10),
                "expires_at": now + timedelta(hours=24),
            }
            for number, one in chunk
        ],
    )


def _blank(table: Any, now: datetime) -> dict[str, Any]:
    """A row of ``table`` that says nothing."""
    empty: dict[str, Any] = {
        "Integer": 0,
        "BigInteger": 0,
        "Boolean": False,
        "JSON": {},
        "Text": "",
        "Instant": now,
    }
    return {
        column.name: None if column.nullable else empty[type(column.type).__name__]
        for column in table.columns
        if column.computed is None
    }
