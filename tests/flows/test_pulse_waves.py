"""An incident grows after it crosses the threshold: looks at those affected now, and only newcomers are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.jobs import on_pulse_wave_due
from opulse.jobs import Job
from opulse.jobs.table import jobs
from tests.unit.experience.extensions.cloud import Fault, estate, system, user
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.people(*[f"p{number}" for number in range(12)])
        await opened.receive()
        await opened.listen()
        opened.cloud.systems = estate(3)
        opened.cloud.current = estate(3)
        yield opened


async def looks(pulse: Pulse) -> int:
    """Looks that are arranged."""

    def count(conn: Connection) -> int:
        return len(conn.execute(select(jobs.c.id).where(jobs.c.kind == "pulse.wave_due")).all())

    return await pulse.ports.db.read(count)


async def waves_of(pulse: Pulse) -> dict[str, int]:
    return {
        row["email"].split("@")[0]: row["wave"]
        for row in await pulse.rows(invitations)
        if row["state"] != "spared"
    }


async def test_newcomers_are_the_next_wave_and_nobody_is_asked_twice(pulse: Pulse) -> None:
    run = await pulse.activate(waves=True)
    assert await pulse.waves() == {1: 3}
    pulse.cloud.current = estate(5)
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 2}
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 2}, "nobody new: no wave"
    pulse.cloud.current = estate(4, 4)  # some have recovered, some came
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 2, 3: 3}
    assert await waves_of(pulse) == {
        f"p{number}": 1 if number < 3 else 2 if number < 5 else 3 for number in range(8)
    }
    assert set((await pulse.asked()).values()) == {1}
    assert (await pulse.run(run))["tasks"][0]["output"]["systems"] == 8
    assert (await pulse.run(run))["tasks"][0]["output"]["waves"] == 3


async def test_a_look_at_an_incident_that_stands_still_reads_nothing(pulse: Pulse) -> None:
    """The server's validator is shown again; only another one is followed by reading, and then everything new is found."""
    await pulse.activate(waves=True)
    pulse.cloud.current, pulse.cloud.tags = estate(4), {"currentlyaffected": '"v1"'}
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 1}
    pulse.cloud.current = estate(
        5
    )  # the server says that nothing changed, so nobody reads that something did
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 1}
    pulse.cloud.tags = {"currentlyaffected": '"v2"'}
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 1, 3: 1}


@pytest.mark.parametrize(("tag", "newcomers"), [('W/"systems-1"', 0), ('"1"', 2)])
async def test_only_our_validator_is_shown_at_the_other_address(
    pulse: Pulse, tag: str, newcomers: int
) -> None:
    """Ours names the set of systems; another server's version 1 of one list says nothing of the other."""
    pulse.cloud.tags = dict.fromkeys(("atactivation", "currentlyaffected"), tag)
    await pulse.activate(waves=True)
    pulse.cloud.current = estate(5)
    await pulse.wait(30)
    assert sum((await pulse.waves()).values()) == 3 + newcomers


async def test_looks_end_when_the_activation_closes(pulse: Pulse) -> None:
    run = await pulse.activate(waves=True)
    assert "next_wave_at" in (await pulse.run(run))["tasks"][0]["output"]
    pulse.cloud.current = estate(4)
    pulse.cloud.state = "resolved"
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 1}, "the last look still takes who came before the end"
    assert await looks(pulse) == 0
    assert "next_wave_at" not in (await pulse.run(run))["tasks"][0]["output"]
    asked = len(pulse.cloud.asked)
    await pulse.wait(3600)
    assert len(pulse.cloud.asked) == asked


@pytest.mark.parametrize("state", ["resolved", "dismissed"])
async def test_an_activation_that_is_over_already_is_not_looked_at_again(pulse: Pulse, state: str) -> None:
    pulse.cloud.state = state
    await pulse.activate(waves=True)
    assert await pulse.waves() == {1: 3}
    assert await looks(pulse) == 0


async def test_the_guides_body_asks_the_snapshot_only(pulse: Pulse) -> None:
    run = await pulse.activate()
    assert "next_wave_at" not in (await pulse.run(run))["tasks"][0]["output"]
    pulse.cloud.current = estate(9)
    await pulse.wait(60)
    assert await pulse.waves() == {1: 3}
    assert await looks(pulse) == 0


async def test_after_two_hours_no_newcomers_are_asked(pulse: Pulse) -> None:
    run = await pulse.activate(waves=True)
    pulse.clock.advance(2 * 3600)
    pulse.cloud.current = estate(9)
    await pulse.wait(1)
    assert await pulse.waves() == {1: 3}
    assert await looks(pulse) == 0
    assert "next_wave_at" not in (await pulse.run(run))["tasks"][0]["output"], (
        "nobody waits for a look that never comes"
    )


async def test_a_look_that_fails_comes_back(pulse: Pulse) -> None:
    await pulse.activate(waves=True)
    pulse.cloud.current = estate(4)
    pulse.cloud.faults = [Fault("currentlyaffected", 503, {"Retry-After": "20"})]
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3}
    await pulse.wait(20)
    assert await pulse.waves() == {1: 3, 2: 1}
    assert await looks(pulse) == 1


async def test_a_long_outage_does_not_end_the_looks(pulse: Pulse) -> None:
    """Half an hour away is more than a dozen tries; whoever was affected meanwhile is asked when it is back."""
    await pulse.activate(waves=True)
    pulse.cloud.current = estate(4)
    pulse.cloud.faults = [Fault("currentlyaffected", 503, times=10_000)]
    for _ in range(30):
        await pulse.wait(60)
    assert await pulse.waves() == {1: 3}
    pulse.cloud.faults = []
    await pulse.wait(60)
    assert await pulse.waves() == {1: 3, 2: 1}
    assert await looks(pulse) == 1


async def test_a_look_that_is_refused_is_the_last_and_says_why(pulse: Pulse) -> None:
    run = await pulse.activate(waves=True)
    pulse.cloud.faults = [Fault("currentlyaffected", 403, times=9)]
    await pulse.wait(30)
    assert await looks(pulse) == 0
    found = await pulse.run(run)
    assert found["state"] == "succeeded", "the snapshot was asked"
    assert "may not read affected systems" in found["tasks"][0]["error"]


async def test_a_look_is_checked_as_the_first_address_was(pulse: Pulse) -> None:
    envelope = pulse.envelope(systemsCurrentlyAffectedURL="https://evil.example.org/x")
    await pulse.post(envelope)
    await pulse.work()
    asked = len(pulse.cloud.asked)
    await pulse.wait(30)
    assert len(pulse.cloud.asked) == asked
    assert await looks(pulse) == 0


async def test_a_newcomer_whose_person_was_asked_is_not_asked_again(pulse: Pulse) -> None:
    await pulse.activate(waves=True)
    pulse.cloud.current = [*estate(3), system(77, user("p0"))]
    await pulse.wait(30)
    assert await pulse.waves() == {1: 3, 2: 1}
    assert set((await pulse.asked()).values()) == {1}
    assert len(await pulse.asked()) == 3


async def test_a_look_that_runs_twice_leaves_one_chain_of_looks(pulse: Pulse) -> None:
    """A worker that was too slow wakes up again: its look has gone on without it."""

    def stored(conn: Connection) -> list[Job]:
        rows = conn.execute(select(jobs).where(jobs.c.kind == "pulse.wave_due"))
        return [Job(row.id, row.tenant, row.kind, row.payload, 1, row.lease_until, "slow") for row in rows]

    await pulse.activate(waves=True)
    [slow] = await pulse.ports.db.read(stored)
    pulse.cloud.current = estate(5)
    await pulse.wait(30)
    await on_pulse_wave_due(pulse.ports, slow)
    assert await pulse.waves() == {1: 3, 2: 2}
    assert await looks(pulse) == 1
