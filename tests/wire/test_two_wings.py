"""The two wings as two processes with two databases, one of each kind: they meet on the wire only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from sqlalchemy import Connection, text

from opulse.cli.demo.calling import ApiClient
from opulse.clock import SystemClock
from opulse.emulators.people import Respondents, Visit, temper_of
from opulse.emulators.people.answering import SHORTEST_WAY
from tests.faults.browser import link_in
from tests.faults.evidence import ask, mails_of
from tests.faults.world import (
    ADMINISTRATOR,
    AT_ACTIVATION,
    PASSWORD,
    SYSTEMS,
    address,
    batch_of,
    make_tenant,
    make_world,
    report,
)
from tests.servers.opulse import OpulseProcess
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port
from tests.servers.smtp import SmtpSink

T = TypeVar("T")

PATIENCE = 40.0


@dataclass(frozen=True)
class Wing:
    """A process that serves one wing, its database, and a key for its API."""

    process: OpulseProcess
    database: str
    key: str

    def api(self) -> ApiClient:
        return ApiClient(self.process.url, self.key)

    async def rows(self, table: str) -> int:
        def query(conn: Connection) -> int:
            return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

        return await ask(self.database, query)


@pytest.fixture
def wings(tmp_path: Path, postgres: PostgresServer, smtp_sink: SmtpSink) -> Iterator[tuple[Wing, Wing]]:
    here, there = free_port(), free_port()
    monitoring = _wing(
        tmp_path / "monitoring",
        f"sqlite:///{tmp_path / 'monitoring' / 'opulse.db'}",
        wing="monitoring",
        port=here,
        allow_origins=f"127.0.0.1:{there}",
        tick_seconds=1,
    )
    experience = _wing(
        tmp_path / "experience",
        postgres.url(postgres.create_database()),
        wing="experience",
        port=there,
        monitoring_url=f"http://127.0.0.1:{here}",
        wave_seconds=1,
        smtp_host="127.0.0.1",
        smtp_port=smtp_sink.port,
        smtp_security="none",
        mail_from="pulse@acme.example",
    )
    try:
        for wing in (monitoring, experience):
            wing.process.start()
        yield monitoring, experience
    finally:
        for wing in (experience, monitoring):
            wing.process.stop()


def _wing(data: Path, database: str, **options: object) -> Wing:
    key = make_tenant(data, database_url=database)
    return Wing(OpulseProcess(data, database_url=database, **options), database, key)


async def test_one_incident_from_the_sensors_to_an_answer(
    wings: tuple[Wing, Wing], smtp_sink: SmtpSink
) -> None:
    monitoring, experience = wings
    async with monitoring.api() as sensing, experience.api() as asking:
        incident = (await make_world(sensing, asking, ["wings"]))["wings"]
        assert await report(monitoring.process.url, monitoring.key, batch_of(1, incident.first))
        activation = await _activation(sensing)
        await _until_asked(asking, activation, AT_ACTIVATION)
        assert await report(monitoring.process.url, monitoring.key, batch_of(2, incident.later))
        ledger = await _until_asked(asking, activation, SYSTEMS)
        assert ledger["states"] == {"accepted": SYSTEMS - 2, "same_person": 1, "no_user": 1}

        mails = mails_of(smtp_sink, incident.people)
        assert mails.keys() == incident.people
        assert {len(ids) for ids in mails.values()} == {1}
        await _answer(smtp_sink, address("wings", 1))
        answered = await _until(
            lambda: _impact(asking, activation), lambda found: found["totals"]["answered"] == 1
        )
        assert answered["totals"]["accepted"] == len(incident.people)

        await sensing.post(f"/api/v1/activations/{activation}/resolve")
        await _until(
            lambda: experience.rows("jobs WHERE kind = 'pulse.wave_due'"), lambda waiting: waiting == 0
        )
        assert (await asking.get(f"/api/v1/activations/{activation}/ledger"))["states"]["answered"] == 1
    await _each_keeps_its_own(monitoring, experience)
    await _both_show_the_activation(monitoring, experience, activation)
    await _each_serves_its_own(monitoring, experience, activation)


async def _activation(sensing: ApiClient) -> str:
    found = await _until(lambda: sensing.get("/api/v1/activations"), lambda found: bool(found["activations"]))
    return str(found["activations"][0]["activation_id"])


async def _until_asked(asking: ApiClient, activation: str, systems: int) -> dict[str, Any]:
    """The ledger of the wing that knows the systems by what it was told, once they are all in it and none is on its way."""

    async def read() -> dict[str, Any]:
        try:
            found: dict[str, Any] = await asking.get(f"/api/v1/activations/{activation}/ledger")
        except Exception as error:
            assert "404" in str(error), error
            return {"total": 0, "states": {}}
        return found

    moving = {"being_resolved", "queued"}
    return await _until(read, lambda found: found["total"] == systems and not moving & found["states"].keys())


async def _impact(asking: ApiClient, activation: str) -> dict[str, Any]:
    found: dict[str, Any] = await asking.get(f"/api/v1/activations/{activation}/impact")
    return found


async def _answer(sink: SmtpSink, who: str) -> None:
    """As a browser without script does."""
    link = next(link_in(mail) for mail in sink.mails() if who in mail.recipients)
    people = Respondents(SystemClock())
    await asyncio.sleep(SHORTEST_WAY)
    try:
        temper = temper_of(7, who, "wings")
        await people.answer(Visit(link, "en", temper))
    finally:
        await people.aclose()


async def _each_keeps_its_own(monitoring: Wing, experience: Wing) -> None:
    """All tables exist on both sides; rows only where they belong."""
    for table in ("systems", "sensor_journal", "notifications", "activations", "deliveries"):
        assert (await monitoring.rows(table) > 0, await experience.rows(table)) == (True, 0), table
    for table in ("contacts", "workflows", "runs", "reach", "invitations", "responses"):
        assert (await monitoring.rows(table), await experience.rows(table) > 0) == (0, True), table


async def _both_show_the_activation(monitoring: Wing, experience: Wing, activation: str) -> None:
    """The wing that asks has no row of the activation: its pages show what the webhook told."""
    for wing in (monitoring, experience):
        async with httpx2.AsyncClient(base_url=wing.process.url, trust_env=False, timeout=30) as client:
            form = {"email": ADMINISTRATOR, "password": PASSWORD}
            assert (await client.post("/sign-in", data=form)).status_code == 303
            for page in ("journey", "result", "ledger"):
                shown = await client.get(f"/activations/{activation}/{page}")
                assert (shown.status_code, "Trouble: wings" in shown.text) == (200, True), shown.text
            for path in ("/results", "/why"):
                assert "Trouble: wings" in (await client.get(path)).text


async def _each_serves_its_own(monitoring: Wing, experience: Wing, activation: str) -> None:
    pages = "/api/v1/systems", f"/api/sensornotifications/activations/{activation}/systems/atactivation"
    theirs = "/api/v1/workflows", "/s/token"
    for wing, served, absent in ((monitoring, pages, theirs), (experience, theirs, pages)):
        async with httpx2.AsyncClient(base_url=wing.process.url, trust_env=False) as client:
            assert {(await client.get(path)).status_code for path in absent} == {404}
            assert 401 in {(await client.get(path)).status_code for path in served}


async def _until(read: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    begin = time.monotonic()
    while not good(found := await read()):
        assert time.monotonic() - begin < PATIENCE, found
        await asyncio.sleep(0.2)
    return found
