"""The sum of the ledger equals the affected systems after every step of a pulse, from the opening to an hour after the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyroaring import BitMap
from sqlalchemy import Connection, func, select, update

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.monitoring.activations.store.rows import update_current
from opulse.monitoring.activations.store.tables import activations
from opulse.pulses.ledger import LedgerState, explain, ledger
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from tests.servers.installation import browse
from tests.unit.experience.extensions.cloud import Fault, estate, system, user
from tests.unit.experience.extensions.pulse import Pulse, open_pulse
from tests.unit.experience.impact.incident import ACTIVATION, Incident, guid, open_activation

import_stores()

pytestmark = pytest.mark.stores

S = LedgerState
FIRST, LATER = 70, 10


@dataclass
class Pass:
    """A pulse whose ledger is looked at after every step. ``seen`` are the ledgers, in order."""

    pulse: Pulse
    incident: Incident
    seen: list[dict[LedgerState, int]] = field(default_factory=list)

    async def look(self) -> dict[LedgerState, int]:
        """The ledger now, checked against the tables."""
        found = await ledger(self.pulse.ports, self.pulse.tenant, ACTIVATION)
        affected, reached = await self.pulse.ports.db.read(_counts, self.pulse.tenant)
        assert found.total == affected >= reached
        assert sum(found.states.values()) == affected
        assert all(count > 0 for count in found.states.values())
        self.seen.append(dict(found.states))
        return dict(found.states)

    async def steps(self) -> list[str]:
        """Every job that is due, one by one."""
        kinds = []
        while kind := await self.pulse.step():
            kinds.append(kind)
            await self.look()
        return kinds

    async def set_state(self, state: str, *people: int, **values: Any) -> None:
        """What the sender would write down about these people's mails."""

        def unit(conn: Connection) -> None:
            mails = [f"p{number}@example.org" for number in people]
            own = invitations.c.tenant == self.pulse.tenant, invitations.c.email.in_(mails)
            conn.execute(update(invitations).where(*own).values(state=state, **values))

        await self.pulse.ports.db.write(unit)
        await self.look()

    async def answered(self, number: int, state: str) -> None:
        rows = await self.pulse.rows(invitations)
        made = next(row["id"] for row in rows if row["email"] == f"p{number}@example.org")
        await self.incident.responded(made, state)
        await self.look()


def _counts(conn: Connection, tenant: int) -> tuple[int, int]:
    affected = conn.execute(
        select(activations.c.ever_count).where(activations.c.tenant == tenant)
    ).scalar_one()
    query = select(func.count(reach.c.system.distinct())).where(reach.c.tenant == tenant)
    return affected, conn.execute(query).scalar_one()


@pytest.fixture
async def run(db: Database, clock: ManualClock) -> AsyncIterator[Pass]:
    async with open_pulse(db, clock) as pulse:
        incident = Incident(pulse.ports, clock, pulse.tenant)
        await pulse.people(*[f"p{number}" for number in range(FIRST + LATER) if number not in (60, 61)])
        await open_activation(incident, FIRST, more=LATER)
        yield Pass(pulse, incident)


def affected() -> list[dict[str, Any]]:
    """70 systems: 60 people of their own, two strangers, three devices nobody uses, and five more of the first five people."""
    strangers = [system(number, user(f"p{number}")) for number in (60, 61)]
    unused = [system(number) for number in (62, 63, 64)]
    second = [system(number, user(f"p{number - 65}")) for number in range(65, 70)]
    return [*estate(60), *strangers, *unused, *second]


async def test_the_sum_holds_after_every_step_of_a_pass(run: Pass) -> None:
    pulse = run.pulse
    pulse.cloud.systems = affected()
    pulse.cloud.faults = [Fault("/activations/", 503, {"Retry-After": "8"}, skip=1)]
    await run.incident.told("waiting")
    assert await run.look() == {S.BEING_RESOLVED: FIRST}

    # no workflow that would ask yet: then one that is off, then one that is on
    await pulse.receive()
    pulse.clock.advance(1)
    await pulse.post(pulse.envelope(waves=True))
    assert await run.look() == {S.BEING_RESOLVED: FIRST}
    ask = await pulse.listen(enabled=False)
    assert await run.steps() == ["run.started", "contacts.changed"], (
        "the first page was taken, the second not yet"
    )
    assert await run.look() == {S.WORKFLOW_OFF: 50, S.BEING_RESOLVED: 20}
    await pulse.api("POST", f"/workflows/{ask}/enable", expect=204)
    pulse.clock.advance(10)
    await run.steps()
    await pulse.post(pulse.envelope() | {"eventId": "told again"})  # and the first fifty are not forgotten
    await run.steps()
    first = await run.look()
    assert {state: first.get(state, 0) for state in (S.NO_CONTACT, S.NO_USER)} == {
        S.NO_CONTACT: 2,
        S.NO_USER: 3,
    }
    assert sum(first.values()) == FIRST

    # more systems join while the activation is open; two of their people share a device
    def grow(conn: Connection) -> None:
        update_current(conn, pulse.tenant, ACTIVATION, BitMap(range(FIRST + LATER)), 2, pulse.clock.now())

    await pulse.ports.db.write(grow)
    assert sum((await run.look()).values()) == FIRST + LATER
    pulse.cloud.current = [*affected(), *[system(number, user(f"p{number}")) for number in range(70, 80)]]
    pulse.clock.advance(30)
    assert "pulse.wave_due" in await run.steps()
    assert S.JOINED_LATER not in await run.look()

    # mails leave, some do not, people answer
    asked = sorted(int(email[1:].split("@")[0]) for email in await pulse.asked())
    assert asked, "somebody was asked"
    for number, state in enumerate(
        ("sending", "accepted", "unknown", "deferred", "refused", "bounced", "too_late", "cancelled")
    ):
        await run.set_state(state, *asked[number::8])
    for number, answer in zip(asked[1::8], ("in_progress", "recorded", "late", "quarantined"), strict=False):
        await run.answered(number, answer)
    end = await run.look()
    assert {S.STARTED, S.REFUSED, S.BOUNCED, S.TOO_LATE, S.STOPPED, S.AMBIGUOUS, S.QUEUED} <= end.keys()

    # the end, and an hour later
    await run.incident.close()
    pulse.cloud.state = "resolved"
    pulse.clock.advance(60)
    await run.steps()
    await run.look()
    pulse.clock.advance(3600)
    assert S.BEING_RESOLVED not in await run.look()
    assert len(run.seen) > 20


async def test_the_whole_way_in_states(run: Pass) -> None:
    """The same with everything in place from the start: what each group of systems ends in."""
    pulse = run.pulse
    await pulse.receive()
    await pulse.listen()
    await pulse.edit("p7", embedded_data={"unrelated": 1})
    for number in (8, 9):
        contact = await pulse.contact(f"p{number}")
        rows = [{"email": contact["email"], "unsubscribed": True}]
        await pulse.api("POST", f"/directories/{pulse.directory}/contacts:bulk", {"contacts": rows})
    pulse.cloud.systems = affected()
    await pulse.post(pulse.envelope())
    await run.steps()
    assert await run.look() == {
        S.QUEUED: 58,
        S.OPTED_OUT: 2,
        S.SAME_PERSON: 5,
        S.NO_CONTACT: 2,
        S.NO_USER: 3,
    }
    await run.set_state("accepted", *range(60))
    await run.answered(5, "recorded")
    assert await run.look() == {
        S.ANSWERED: 1,
        S.ACCEPTED: 59,
        S.SAME_PERSON: 5,
        S.NO_CONTACT: 2,
        S.NO_USER: 3,
    }
    for words, state in (
        ("p5@", S.ANSWERED),
        ("corp\\p60", S.NO_CONTACT),
        ("lt-0063", S.NO_USER),
        (guid(62), S.NO_USER),
    ):
        found = await explain(pulse.ports, pulse.tenant, ACTIVATION, words)
        assert [one.state for one in found] == [state] or state is S.NO_CONTACT, words
    both = await explain(pulse.ports, pulse.tenant, ACTIVATION, "p0@")
    assert sorted((one.system, one.state) for one in both) == [
        ("LT-0000", S.ACCEPTED),
        ("LT-0065", S.SAME_PERSON),
    ]


async def test_a_webhook_that_never_arrives_is_told(run: Pass) -> None:
    await run.incident.told("dead")
    assert await run.look() == {S.NOT_TOLD: FIRST}


async def test_a_fetch_that_fails_is_told(run: Pass) -> None:
    await run.pulse.receive()
    run.pulse.cloud.faults = [Fault("/activations/", 403, times=9)]
    await run.pulse.post(run.pulse.envelope())
    await run.steps()
    assert await run.look() == {S.RUN_FAILED: FIRST}


async def test_the_api_shows_the_ledger_and_the_reason(run: Pass) -> None:
    pulse = run.pulse
    await pulse.receive()
    pulse.cloud.systems = affected()
    await pulse.post(pulse.envelope())
    await run.steps()
    _, secret = await issue_key(pulse.ports, pulse.tenant, KeyKind.INTEGRATION, "test", "test")
    async with browse(make_app(pulse.ports), secret) as client:
        shown = (await client.get(f"/api/v1/activations/{ACTIVATION}/ledger")).json()
        assert (shown["total"], sum(shown["states"].values())) == (FIRST, FIRST)
        assert set(shown["sentences"]) == set(shown["states"])
        assert shown["states"]["no_workflow"] == 65
        why = (await client.get(f"/api/v1/activations/{ACTIVATION}/why", params={"q": "lt-0062"})).json()
        assert [(one["state"], one["sentence"]) for one in why] == [
            ("no_user", "Nobody is known to use the system.")
        ]
        assert (
            await client.get(f"/api/v1/activations/{ACTIVATION}/why", params={"q": "x"})
        ).status_code == 422
        assert (await client.get("/api/v1/activations/unknown/ledger")).status_code == 404
