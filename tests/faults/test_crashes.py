"""``kill -9`` at every hand-over of the path, with real processes and a real SMTP server, on both databases.

Each point has an incident of its own: systems report, the process dies at the point, comes back, and has to end where it would
have ended without the crash. Nothing is lost, nothing is recorded twice, and copies at the SMTP server are never more than the
rows that are marked ambiguous.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.browser import Browser, link_in
from tests.faults.evidence import Evidence, ask, count_rows, mails_of
from tests.faults.installation import SETTLED, Installation
from tests.faults.mortal import Mortal
from tests.faults.points import ANSWERS, POINTS, SENDING_ALONE
from tests.faults.verdict import copies, everything_went_well, nobody_is_lost, nothing_is_there_twice
from tests.faults.world import (
    AT_ACTIVATION,
    SYSTEMS,
    Incident,
    address,
    batch_of,
    make_tenant,
    make_world,
    report,
)
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.faults
log = logging.getLogger("crashes")

NAMES = (*POINTS, "sending", *ANSWERS, "ending")

IN_DOUBT = 40  # mails that two connections have on their way, at most

TICK = 1.0  # seconds between two decisions without an event


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation[Mortal]]:
    folder: Path = tmp_path_factory.mktemp(f"faults-{request.param}")
    data = folder / "data"
    server: PostgresServer | None = None
    database = f"sqlite:///{data / 'opulse.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        database = server.url(server.create_database())
    sink = SmtpSink()
    key = make_tenant(data, database_url=database)
    process = Mortal(
        data,
        database_url=database,
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security="none",
        smtp_connections=2,
        mail_process="on",
        mail_from="pulse@acme.example",
        tick_seconds=TICK,
        wave_seconds=1,
        lease_seconds=3,
        log_format="text",
    )
    try:
        process.start()
        made = Installation(process, database, sink, key)
        made.incidents = asyncio.run(_prepare(made))
        yield made
    finally:
        process.stop()
        sink.remove()


async def _prepare(made: Installation[Mortal]) -> dict[str, Incident]:
    async with made.api() as client:
        return await make_world(client, client, NAMES)


@pytest.mark.parametrize("name", POINTS)
async def test_an_incident_ends_as_if_nothing_had_happened(
    installation: Installation[Mortal], name: str
) -> None:
    incident, process = installation.incidents[name], installation.process
    process.doom(POINTS[name])
    batch = batch_of(next(installation.seq), incident.first)
    answered = await report(process.url, installation.key, batch)
    process.wait_for_death()
    seconds_to_start = process.restart()
    assert not (answered and name == "journal"), "it died after it had answered"
    # a sender without an answer sends the same bytes again; one that had its answer does no harm by it
    assert await report(process.url, installation.key, batch)

    activation = await installation.activation_of(incident)
    seconds_to_settle = await installation.settle(activation, AT_ACTIVATION)
    later = batch_of(next(installation.seq), incident.later)
    assert await report(process.url, installation.key, later)
    await installation.settle(activation, SYSTEMS)

    evidence = await installation.gather(incident, activation)
    mails = mails_of(installation.sink, incident.people)
    log.info(_measured(name, seconds_to_start, seconds_to_settle, evidence, mails))
    nobody_is_lost(incident, evidence, mails)
    nothing_is_there_twice(evidence, mails)
    everything_went_well(evidence)
    ledger = await installation.ledger(activation)
    assert ledger["states"] == {"accepted": SYSTEMS - 2, "same_person": 1, "no_user": 1}
    assert evidence.ever == evidence.reached == sum(ledger["states"].values()) == SYSTEMS


async def test_the_process_that_sends_mails_dies_and_its_owner_goes_on(
    installation: Installation[Mortal],
) -> None:
    incident, process = installation.incidents["sending"], installation.process
    process.doom(SENDING_ALONE)
    batch = batch_of(next(installation.seq), incident.first + incident.later)
    assert await report(process.url, installation.key, batch)
    activation = await installation.activation_of(incident)
    seconds_to_settle = await installation.settle(activation, SYSTEMS)
    process.still_lives()

    evidence = await installation.gather(incident, activation)
    mails = mails_of(installation.sink, incident.people)
    log.info(_measured("sending", 0.0, seconds_to_settle, evidence, mails))
    nobody_is_lost(incident, evidence, mails)
    nothing_is_there_twice(evidence, mails)
    everything_went_well(evidence)
    assert 3 <= evidence.ambiguous <= IN_DOUBT


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_kept_and_counted_once(installation: Installation[Mortal], name: str) -> None:
    incident, process = installation.incidents[name], installation.process
    assert await report(process.url, installation.key, batch_of(next(installation.seq), incident.first))
    activation = await installation.activation_of(incident)
    await installation.settle(activation, AT_ACTIVATION)
    links = _links(installation.sink, [address(name, number) for number in (1, 2, 3)])
    await asyncio.sleep(3)  # an answer so soon after the mail looks like a machine's

    async with Browser() as browser:
        assert (await browser.answer(links[0])).taken
        await _until_counted(installation, incident, activation, 1)
        process.doom(ANSWERS[name])
        pressed = await browser.answer(links[1])
        process.wait_for_death()
        seconds_to_start = process.restart()
        if not pressed.taken:
            await browser.press_again(pressed)
        assert (await browser.answer(links[2])).taken

    begin = time.monotonic()
    evidence = await _until_counted(installation, incident, activation, len(links))
    mails = mails_of(installation.sink, incident.people)
    log.info(_measured(name, seconds_to_start, time.monotonic() - begin, evidence, mails))
    assert not (pressed.taken and name == "storing"), "it died after it had answered"
    assert evidence.responses == len(links)
    nothing_is_there_twice(evidence, mails)
    assert (await installation.ledger(activation))["states"]["answered"] == len(links)


async def test_what_a_person_ended_stays_ended(installation: Installation[Mortal]) -> None:
    """The systems are still triggered and the journal is replayed: neither opens a second activation."""
    incident, process = installation.incidents["ending"], installation.process
    assert await report(process.url, installation.key, batch_of(next(installation.seq), incident.first))
    activation = await installation.activation_of(incident)
    await installation.settle(activation, AT_ACTIVATION)
    async with installation.api() as client:
        await client.post(f"/api/v1/activations/{activation}/resolve")
    before = mails_of(installation.sink, incident.people)
    process.kill()
    process.restart()
    await asyncio.sleep(3 * TICK)
    assert (await installation.gather(incident, activation)).activations == 1
    assert mails_of(installation.sink, incident.people) == before


async def test_a_crash_while_nothing_happens_changes_nothing(installation: Installation[Mortal]) -> None:
    """Last of all: open activations of ten incidents, and a journal that holds every one of them."""
    everybody = [who for incident in installation.incidents.values() for who in incident.people]
    rows, mails = await ask(installation.database, count_rows), mails_of(installation.sink, everybody)
    installation.process.kill()
    installation.process.restart()
    await asyncio.sleep(3 * TICK)
    assert await ask(installation.database, count_rows) == rows
    assert mails_of(installation.sink, everybody) == mails


async def _until_counted(
    installation: Installation[Mortal], incident: Incident, activation: str, answers: int
) -> Evidence:
    begin = time.monotonic()
    while (evidence := await installation.gather(incident, activation)).counted != answers:
        assert evidence.counted < answers, "an answer was counted twice"
        assert time.monotonic() - begin < SETTLED, evidence
        await asyncio.sleep(0.2)
    return evidence


def _links(sink: SmtpSink, people: list[str]) -> list[str]:
    found = {who: link_in(mail) for mail in sink.mails() for who in mail.recipients if who in people}
    return [found[who] for who in people]


def _measured(
    name: str, started: float, settled: float, evidence: Evidence, mails: dict[str, list[str]]
) -> str:
    """A line of the table in docs/explain/crashes.md; ``pytest --log-cli-level=info`` shows it."""
    return (
        f"measured {name}: listening after {started:.1f} s, settled after {settled:.1f} s more, webhook attempts "
        f"{sum(evidence.attempts.values())}, ambiguous {evidence.ambiguous}, copies {copies(mails)}, lost "
        f"{len(evidence.invitations.keys() - mails.keys())}"
    )
