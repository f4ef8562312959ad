"""Answers to a survey at Qualtrics come into the incident's own page: each once, whatever breaks; a stand-in over HTTP."""

from __future__ import annotations

import faulthandler
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.emulators.qualtrics import Options
from opulse.emulators.qualtrics.fieldwork import Answering, Question
from opulse.experience.extensions.operational_pulse.store import answers_there
from opulse.experience.impact import read_result
from opulse.experience.privacy.flow.erasing import erase
from opulse.experience.privacy.flow.retention import forget_of
from opulse.experience.privacy.models import Terms
from tests.flows.test_pulse_asks_at_qualtrics import Died, finish, receive
from tests.unit.experience.extensions.bridge import EVERY_FAULT, Bridge, bridged
from tests.unit.experience.extensions.cloud import ACTIVATION, estate, system, user

pytestmark = pytest.mark.stores
EVERYBODY = Answering(1.0, 10, 60)
NEXT = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d11"


@asynccontextmanager
async def answering(
    db: Database, clock: ManualClock, faults: str = "", how: Answering = EVERYBODY
) -> AsyncIterator[Bridge]:
    async with bridged(db, clock, faults, Options(answering=how), clock) as bridge:
        yield bridge


@pytest.fixture
async def bridge(db: Database, clock: ManualClock) -> AsyncIterator[Bridge]:
    async with answering(db, clock) as made:
        yield made


async def asked(bridge: Bridge, people: int, activation: str = ACTIVATION) -> None:
    """So many people, each with a system, were asked; the mails have left."""
    bridge.pulse.cloud.systems = estate(people)
    await bridge.pulse.activate(activation)
    await finish(bridge)


async def read_all(bridge: Bridge) -> None:
    """Until every answer that is there was read."""
    bridge.pulse.clock.advance(120)
    for _ in range(400):
        await bridge.pulse.wait(5)
        rows = await bridge.pulse.rows(answers_there)
        answered = sum(len(rows) for rows in bridge.there.product.field.responses.values())
        if answered <= len(rows) and all(row["state"] != "told" for row in rows):
            return
    raise AssertionError(f"answers are left: {Counter(row['state'] for row in rows)}")


async def impact(bridge: Bridge, activation: str = ACTIVATION) -> dict[str, Any]:
    found: dict[str, Any] = await bridge.pulse.api("GET", f"/activations/{activation}/impact")
    return found


def said_there(bridge: Bridge, question: str) -> Counter[str]:
    """What the stand-in's people really answered."""
    [rows] = bridge.there.product.field.responses.values()
    return Counter(str(row.values[question]) for row in rows)


def bars(shown: dict[str, Any], question: str) -> dict[str, int]:
    [survey] = shown["surveys"]
    [found] = [one for one in survey["questions"] if one["id"] == question]
    return {one["id"]: one["count"] for one in found["choices"] if one["count"]}


async def test_the_page_shows_what_was_answered_there(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 30)
    assert (await impact(bridge))["totals"]["asked_there"] == 30
    await read_all(bridge)
    shown = await impact(bridge)
    [survey] = shown["surveys"]
    assert (survey["survey"], survey["title"], survey["at_qualtrics"]) == (
        bridge.there.product.survey.id,
        "Operational Pulse",
        True,
    )
    for question in ("QID1", "QID2", "QID3"):
        assert bars(shown, question) == dict(said_there(bridge, question))
    assert survey["comments"][0]["words"] == ["It comes and goes."] * 30
    totals = shown["totals"]
    assert (totals["asked"], totals["answered"], totals["answered_there"]) == (30, 30, 30)
    assert totals["first_answer_at"] is not None
    assert await bridge.tally() == {"answered_at_qualtrics": 30}
    ledger = await bridge.pulse.api("GET", f"/activations/{ACTIVATION}/ledger")
    assert ledger["states"] == {"answered_there": 30}


async def test_no_name_and_no_address_comes_with_the_answers(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 3)
    await read_all(bridge)
    kept = bridge.there.recorder.kept
    assert [one for one in kept if one.path.endswith("/file")], "files were fetched"
    rows = await bridge.pulse.rows(answers_there)
    assert {key for row in rows for key in row["answers"]} == {"QID1", "QID2", "QID3", "QID4_TEXT"}
    assert "example.org" not in str([row["answers"] for row in rows])


async def test_few_answers_are_hidden_as_ours_are(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 4)
    await read_all(bridge)
    [survey] = (await impact(bridge))["surveys"]
    assert {one["hidden"] for one in survey["questions"]} == {"few_answers"}
    assert [one["hidden"] for one in survey["comments"]] == ["few_comments"]


async def test_another_incident_and_strangers_count_apart(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 6)
    await read_all(bridge)
    survey = bridge.there.product.survey
    bridge.there.product.field.record(survey, {"QID1": 1}, bridge.pulse.clock.now())  # by an open link
    await bridge.pulse.wait(3600)
    await asked(bridge, 5, NEXT)
    bridge.pulse.clock.advance(120)
    for _ in range(100):
        await bridge.pulse.wait(10)
    first, second = await impact(bridge), await impact(bridge, NEXT)
    assert (first["totals"]["answered"], second["totals"]["answered"]) == (6, 5)
    assert sum(bars(first, "QID1").values()) == 6
    assert sum(bars(second, "QID1").values()) == 5


async def test_somebody_answers_hours_later(db: Database, clock: ManualClock) -> None:
    async with answering(db, clock, how=Answering(1.0, 5 * 3600, 6 * 3600)) as bridge:
        await receive(bridge)
        await asked(bridge, 6)
        for _ in range(4 * 6):
            await bridge.pulse.wait(600)
        assert (await impact(bridge))["totals"]["answered"] == 0
        for _ in range(3 * 6):
            await bridge.pulse.wait(600)
        for _ in range(10):
            await bridge.pulse.wait(5)
        assert sum(bars(await impact(bridge), "QID1").values()) == 6


async def test_a_person_with_two_systems_is_one_answer(bridge: Bridge) -> None:
    await receive(bridge)
    bridge.pulse.cloud.systems = [system(1, user("ann")), system(2, user("ann")), system(3, user("ben"))]
    await bridge.pulse.activate(waves=True)
    await finish(bridge)
    await read_all(bridge)
    assert await bridge.tally() == {"answered_at_qualtrics": 3}
    assert (await impact(bridge))["totals"]["answered"] == 2
    bridge.pulse.cloud.current = [system(number, user("ann")) for number in (1, 2, 4)]
    await bridge.pulse.wait(60)
    assert (await bridge.tally())["answered_at_qualtrics"] == 4, "a system that joins later finds the answer"


async def test_more_answers_than_a_file_holds(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opulse.experience.extensions.operational_pulse.flow.answers.FILE_ROWS", 7)
    await receive(bridge)
    await asked(bridge, 40)
    await read_all(bridge)
    assert bars(await impact(bridge), "QID1") == dict(said_there(bridge, "QID1"))


async def test_an_answer_that_no_file_holds_is_given_up_and_still_is_one(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 6)
    field = bridge.there.product.field
    bridge.pulse.clock.advance(60)
    field.advance()
    [rows] = field.responses.values()
    rows.pop()
    bridge.pulse.clock.advance(60)
    for _ in range(400):
        await bridge.pulse.wait(10)
    states = Counter(row["state"] for row in await bridge.pulse.rows(answers_there))
    assert states == {"read": 5, "unread": 1}
    shown = await impact(bridge)
    assert shown["totals"]["answered"] == 6
    assert sum(bars(shown, "QID1").values()) == 5


async def test_an_erased_person_leaves_counts_and_no_words(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 12)
    await read_all(bridge)
    await erase(bridge.pulse.ports, bridge.pulse.tenant, ["p3@example.org"], "eva")
    await bridge.pulse.work()
    rows = await bridge.pulse.rows(answers_there)
    assert [row["answers"].keys() & {"QID4_TEXT"} for row in rows if not row["person"]] == [set()]
    assert sum(bool(row["person"]) for row in rows) == 11
    shown = await impact(bridge)
    assert sum(bars(shown, "QID1").values()) == 12
    assert len(shown["surveys"][0]["comments"][0]["words"]) == 11


async def test_who_answered_and_words_are_forgotten_by_age(bridge: Bridge) -> None:
    await receive(bridge)
    await asked(bridge, 6)
    await read_all(bridge)
    tenant = bridge.pulse.tenant
    bridge.pulse.clock.advance(timedelta(days=31).total_seconds())
    done = await forget_of(bridge.pulse.ports, tenant, Terms())
    assert done["answer_link"] == 6
    assert {row["person"] for row in await bridge.pulse.rows(answers_there)} == {""}
    assert {row["has_words"] for row in await bridge.pulse.rows(answers_there)} == {True}
    bridge.pulse.clock.advance(timedelta(days=150).total_seconds())
    assert (await forget_of(bridge.pulse.ports, tenant, Terms()))["comments"] == 6
    assert {row["has_words"] for row in await bridge.pulse.rows(answers_there)} == {False}
    result = await read_result(bridge.pulse.ports, tenant, ACTIVATION)  # the key has ended by now
    assert [question.answers for question in result.surveys[0].questions] == [6, 6, 6]


async def test_a_survey_of_other_kinds_is_counted_by_people_alone(bridge: Bridge) -> None:
    survey = bridge.there.product.survey
    survey.questions = (Question("QID9", "Q9", "Where?", "HeatMap", "Image"),)
    await receive(bridge)
    await asked(bridge, 6)
    await read_all(bridge)
    shown = await impact(bridge)
    assert shown["totals"]["answered"] == 6
    assert (shown["surveys"][0]["questions"], shown["surveys"][0]["title"]) == ([], "Operational Pulse")


async def test_whoever_works_dies_at_every_point_and_each_answer_counts_once(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await receive(bridge)
    await asked(bridge, 20)
    left = ["qualtrics.answers_told", "qualtrics.answers_read"]

    def die_once(name: str) -> None:
        if name in left:
            left.remove(name)
            raise Died(name)

    monkeypatch.setattr("opulse.observe.faults.point", die_once)
    bridge.pulse.clock.advance(120)
    for _ in range(300):
        try:
            await bridge.pulse.step()
        except Died:
            bridge.pulse.clock.advance(31)
        bridge.pulse.clock.advance(3)
    assert left == []
    assert bars(await impact(bridge), "QID1") == dict(said_there(bridge, "QID1"))


async def everybodys_answer(bridge: Bridge, people: int) -> None:
    await receive(bridge)
    await asked(bridge, people)
    await read_all(bridge)
    told = f"{dict(bridge.there.recorder.faults)}, {bridge.there.recorder.statuses}"
    shown = await impact(bridge)
    assert shown["totals"]["answered"] == people, told
    for question in ("QID1", "QID2", "QID3"):
        assert bars(shown, question) == dict(said_there(bridge, question)), told
    assert await bridge.tally() == {"answered_at_qualtrics": people}, told
    print(f"{people} people: {told}")  # noqa: T201  (for whoever runs it with -s)


async def test_every_fault_and_everybodys_answer_once(db: Database, clock: ManualClock) -> None:
    async with answering(db, clock, EVERY_FAULT) as bridge:
        await everybodys_answer(bridge, 200)


@pytest.mark.long
async def test_ten_thousand_answers_under_every_fault(db: Database, clock: ManualClock) -> None:
    faulthandler.dump_traceback_later(1_800, exit=True)  # pytest would end it after three minutes
    async with answering(db, clock, EVERY_FAULT) as bridge:
        await everybodys_answer(bridge, 10_000)
