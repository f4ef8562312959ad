"""What a process says of itself: it lives, what each part waits for, its numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import Connection, text

from opulse.bootstrap.app import make_app
from opulse.bootstrap.readiness import FAR_BEHIND
from opulse.bootstrap.schema import newest_revision
from opulse.clock import ManualClock
from opulse.db import open_database
from opulse.mail.models import Relay
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.systems.models import RecordKind
from opulse.monitoring.systems.store.journal import insert_entry
from opulse.ports import Ports
from tests.servers.installation import browse, make_tenant

pytestmark = pytest.mark.stores
READY = {"database": "ok", "schema": "ok"}


async def stamp(ports: Ports, revision: str) -> None:
    """The fixture's tables are made without migrations: say which schema they are."""

    def unit(conn: Connection) -> None:
        conn.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        conn.execute(text("DELETE FROM alembic_version"))
        if revision:
            conn.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})

    await ports.db.write(unit)


@asynccontextmanager
async def asked(
    ports: Ports, wing: str = "all", evaluator: Evaluator | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    app = make_app(ports, wing)
    if evaluator is not None:
        app.state.evaluator = evaluator
    async with browse(app) as client:
        yield client


async def test_a_process_that_can_work_says_so_part_by_part(ports: Ports) -> None:
    await stamp(ports, newest_revision())
    with_relay = replace(ports, relay=lambda: Relay("127.0.0.1"))
    async with asked(with_relay, evaluator=Evaluator(ports.db, ports.clock, ports.limits)) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("version")
    assert told == {"ready": True, **READY, "evaluator": "ok", "mail_relay": "ok"}


async def test_a_missing_relay_is_told_and_holds_nothing_up(ports: Ports) -> None:
    await stamp(ports, newest_revision())
    async with asked(ports) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert "OPULSE_SMTP_HOST" in answer.json()["mail_relay"]


async def test_a_wing_without_mail_does_not_speak_of_it(ports: Ports) -> None:
    await stamp(ports, newest_revision())
    async with asked(ports, "monitoring") as client:
        assert "mail_relay" not in (await client.get("/readyz")).json()


@pytest.mark.parametrize("revision", ["", "0000"])
async def test_another_schema_is_waited_for(ports: Ports, revision: str) -> None:
    await stamp(ports, revision)
    async with asked(ports) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert newest_revision() in answer.json()["schema"]
    assert answer.json()["database"] == "ok"


async def test_an_evaluator_that_is_far_behind_is_waited_for(ports: Ports, clock: ManualClock) -> None:
    await stamp(ports, newest_revision())
    tenant, _ = await make_tenant(ports)
    evaluator = Evaluator(ports.db, clock, ports.limits)

    def fill(conn: Connection) -> None:
        for _ in range(FAR_BEHIND + 1):
            insert_entry(conn, tenant, RecordKind.MEMBERS, b"", clock.now())

    await ports.db.write(fill)
    async with asked(ports, evaluator=evaluator) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "journal records" in answer.json()["evaluator"]


async def test_a_database_that_is_away_is_waited_for_and_the_process_lives(ports: Ports) -> None:
    lost = await open_database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        async with asked(replace(ports, db=lost)) as client:
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["ready"]) == (503, False)
            assert "database" in answer.json()["database"]
            assert "schema" not in answer.json()
            assert (await client.get("/healthz")).text == "ok"
            assert "opulse_database_up 0.0" in (await client.get("/metrics")).text
    finally:
        await lost.close()


async def test_a_scrape_reads_what_waits(ports: Ports) -> None:
    async with asked(ports) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "opulse_database_up 1.0" in answer.text
    assert 'opulse_mail_age_seconds{distribution="running"}' in answer.text
