"""The Operational Pulse task asks its people by a survey at Qualtrics: each once, whatever breaks; a stand-in over HTTP."""

from __future__ import annotations

import faulthandler
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.emulators.qualtrics import Options
from opulse.emulators.qualtrics.fieldwork import Answering, Distribution
from opulse.emulators.qualtrics.models import Criteria
from opulse.experience.extensions.operational_pulse.store import handed_asks
from tests.unit.experience.extensions.bridge import EVERY_FAULT, Bridge, bridged
from tests.unit.experience.extensions.cloud import ACTIVATION, estate, system, user

pytestmark = pytest.mark.stores

SUBJECT = "How is it for you? ${e://Field/lastAlarm}, ${e://Field/lastAlarmAt}"
MESSAGE = "Hello ${m://FirstName}, ${l://SurveyLink?d=Take the survey}"
NEXT = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d11"


@asynccontextmanager
async def asking(
    db: Database, clock: ManualClock, faults: str = "", options: Options | None = None
) -> AsyncIterator[Bridge]:
    async with bridged(db, clock, faults, options, clock) as bridge:
        yield bridge


@pytest.fixture
async def bridge(db: Database, clock: ManualClock) -> AsyncIterator[Bridge]:
    async with asking(db, clock) as made:
        yield made


async def receive(bridge: Bridge, create: bool = True, **changes: str) -> None:
    form = {
        "qualtrics_survey": bridge.there.product.survey.id,
        "qualtrics_subject": SUBJECT,
        "qualtrics_message": MESSAGE,
        "qualtrics_from_email": "it@example.org",
        "qualtrics_from_name": "IT",
        "qualtrics_list": "",
    }
    await bridge.receive(create, **(form | changes))


async def finish(bridge: Bridge) -> None:
    """Let time pass until nobody is on the way, every batch has been asked, and the mails have left."""
    await bridge.finish()
    for _ in range(400):
        if all(
            one["state"] in ("asked", "nobody", "given_up") for one in await bridge.pulse.rows(handed_asks)
        ):
            break
        await bridge.pulse.wait(5)
    else:
        raise AssertionError("the asking does not end")
    bridge.pulse.clock.advance(180)
    bridge.there.product.field.advance()


def distributions(bridge: Bridge) -> list[Distribution]:
    return list(bridge.there.product.field.distributions.values())


def mails(bridge: Bridge) -> Counter[str]:
    """Address → mails that left for it."""
    return Counter(
        asked.email
        for one in distributions(bridge)
        for asked in one.asked
        if asked.state in ("Success", "SurveyFinished")
    )


async def error_of(bridge: Bridge, run: str) -> str:
    return str((await bridge.pulse.run(run))["tasks"][0]["error"])


async def test_everybody_is_asked_by_one_distribution_to_a_list_of_their_own(bridge: Bridge) -> None:
    known = bridge.put(extRef="CORP\\ann", email="other@example.org", firstName="Ann")
    bridge.put(extRef="CORP\\stranger", email="stranger@example.org")
    await receive(bridge)
    bridge.pulse.cloud.systems = [
        system(1, user("ann")),
        system(2, user("new")),
        system(3, user("new")),
        system(4),
    ]
    run = await bridge.pulse.activate()
    await finish(bridge)
    [one] = distributions(bridge)
    assert (one.header["subject"], one.message, one.link_type) == (SUBJECT, MESSAGE, "Individual")
    assert (one.send_at - one.made_at).total_seconds() > 100, "time to take back what was made twice"
    assert mails(bridge) == {"other@example.org": 1, "new@example.org": 1}
    assert known.email == "other@example.org"
    assert {asked.values["lastAlarmActivationId"] for asked in one.asked} == {ACTIVATION}
    assert await bridge.tally() == {"asked_at_qualtrics": 3, "no_user": 1}
    ledger = await bridge.pulse.api("GET", f"/activations/{ACTIVATION}/ledger")
    assert ledger["states"] == {"asked_there": 3, "no_user": 1}
    [row] = await bridge.pulse.rows(handed_asks)
    assert (row["state"], row["list_id"], row["distribution"], row["tries"]) == (
        "asked",
        one.list_id,
        one.id,
        1,
    )
    assert await error_of(bridge, run) == ""


async def test_another_incident_asks_the_same_people_again(bridge: Bridge) -> None:
    """Weak point of the guide: the same subject and text within 12 hours would be dropped."""
    await receive(bridge)
    bridge.pulse.cloud.systems = [system(1, user("ann"))]
    await bridge.pulse.activate()
    await finish(bridge)
    await bridge.pulse.wait(3600)
    await bridge.pulse.activate(NEXT)
    await finish(bridge)
    assert mails(bridge) == {"ann@example.org": 2}


async def test_later_waves_are_asked_and_nobody_twice(bridge: Bridge) -> None:
    await receive(bridge)
    bridge.pulse.cloud.systems = [system(1, user("ann"))]
    await bridge.pulse.activate(waves=True)
    bridge.pulse.cloud.current = [system(1, user("ann")), system(2, user("ben")), system(3, user("ann"))]
    await bridge.pulse.wait(60)
    await finish(bridge)
    assert mails(bridge) == {"ann@example.org": 1, "ben@example.org": 1}
    assert await bridge.tally() == {"asked_at_qualtrics": 3}


async def test_whoever_cannot_come_onto_the_list_is_not_asked(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock, options=Options(Criteria(email=False, ext_ref=False))) as bridge:
        bridge.put(extRef="CORP\\p0", email="p0@example.org")
        await receive(bridge)
        bridge.pulse.cloud.systems = estate(2)
        run = await bridge.pulse.activate()
        await finish(bridge)
        assert (distributions(bridge), mails(bridge)) == ([], {})
        assert await bridge.tally() == {"at_qualtrics": 1, "qualtrics_refused": 1}
        assert "de-duplicate" in await error_of(bridge, run)


async def test_a_survey_that_is_not_there_is_said_and_nobody_is_asked(bridge: Bridge) -> None:
    await receive(bridge, qualtrics_survey="SV_000000000000000")
    bridge.pulse.cloud.systems = estate(2)
    run = await bridge.pulse.activate()
    await finish(bridge)
    assert await bridge.tally() == {"at_qualtrics": 2}
    assert "404" in (error := await error_of(bridge, run)) and "does not ask them" in error


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"qualtrics_survey": "SV_short"}, "Qualtrics Survey ID is SV_"),
        ({"qualtrics_subject": "How is it?"}, "12 hours"),
        ({"qualtrics_message": "Hello"}, "survey's link"),
        ({"qualtrics_from_email": ""}, "From Address is missing"),
        ({"qualtrics_survey": ""}, "Qualtrics List ID is CG_"),
    ],
)
async def test_what_is_wrong_is_said_when_it_is_typed(
    bridge: Bridge, changes: dict[str, str], problem: str
) -> None:
    with pytest.raises(AssertionError, match=f"422 .*{problem}"):
        await receive(bridge, **changes)


async def test_what_was_made_twice_is_taken_back_before_it_leaves(db: Database, clock: ManualClock) -> None:
    """Every request is carried out twice: two lists, two imports, two distributions; and one mail."""
    async with asking(db, clock, "duplicate=100%") as bridge:
        await receive(bridge)
        bridge.pulse.cloud.systems = estate(30)
        await bridge.pulse.activate()
        await finish(bridge)
        made = [
            one
            for one in bridge.there.recorder.kept
            if one.method == "POST" and one.path.endswith("/distributions")
        ]
        assert (len(made), len(distributions(bridge))) == (1, 1)
        assert set(mails(bridge).values()) == {1} and len(mails(bridge)) == 30


class Died(Exception):
    """The process ended here."""


async def test_whoever_works_dies_at_every_point_and_everybody_is_asked_once(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ["listing", "looked", "importing", "imported", "asking", "asked"]

    def die_once(name: str) -> None:
        if name.removeprefix("qualtrics.") in left:
            left.remove(name.removeprefix("qualtrics."))
            raise Died(name)

    monkeypatch.setattr("opulse.observe.faults.point", die_once)
    for number in range(3):
        bridge.put(extRef=f"CORP\\p{number}", email=f"p{number}@example.org")
    await receive(bridge)
    bridge.pulse.cloud.systems = estate(40)
    await bridge.pulse.post(bridge.pulse.envelope())
    for _ in range(200):
        try:
            kind = await bridge.pulse.step()
        except Died:
            kind = ""
            bridge.pulse.clock.advance(31)  # the lease runs out; whoever comes next takes the job
        if not kind and not left and await bridge.tally() == {"asked_at_qualtrics": 40}:
            break
        bridge.pulse.clock.advance(3)
    bridge.pulse.clock.advance(180)
    bridge.there.product.field.advance()
    assert left == []
    assert len(mails(bridge)) == 40 == mails(bridge).total()


async def everybody_asked_once(bridge: Bridge, people: int) -> None:
    for number in range(0, people, 2):
        bridge.put(extRef=f"CORP\\p{number}", email=f"p{number}@example.org")
    await receive(bridge)
    bridge.pulse.cloud.systems = [*estate(people), system(people)]
    await bridge.pulse.activate()
    await finish(bridge)
    told = f"{dict(bridge.there.recorder.faults)}, {bridge.there.recorder.statuses}, {await bridge.tally()}"
    sent = mails(bridge)
    assert (len(sent), sent.total()) == (people, people), told
    assert await bridge.tally() == {"asked_at_qualtrics": people, "no_user": 1}, told
    ledger: dict[str, Any] = await bridge.pulse.api("GET", f"/activations/{ACTIVATION}/ledger")
    assert ledger["states"] == {"asked_there": people, "no_user": 1}
    print(f"{people} people, {len(distributions(bridge))} distributions: {told}")  # noqa: T201  (for whoever runs it with -s)


async def test_every_fault_and_everybody_asked_once(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock, EVERY_FAULT) as bridge:
        await everybody_asked_once(bridge, 200)


@pytest.mark.parametrize(
    "fault",
    [
        "slow=5ms",
        "429=1s@20%",
        "500=30%",
        "duplicate=40%",
        "reorder=20ms@50%",
        "truncate=30%",
        "expire-token=30%",
    ],
)
async def test_each_fault_by_itself_and_everybody_asked_once(
    db: Database, clock: ManualClock, fault: str
) -> None:
    async with asking(db, clock, fault) as bridge:
        await everybody_asked_once(bridge, 200)


@pytest.mark.long
async def test_every_fault_and_ten_thousand_asked_once(db: Database, clock: ManualClock) -> None:
    faulthandler.dump_traceback_later(900, exit=True)  # pytest would end it after three minutes
    answering = Options(answering=Answering(0.6, 2, 30))
    async with asking(db, clock, EVERY_FAULT, answering) as bridge:
        await everybody_asked_once(bridge, 10_000)
