"""Counts follow the answers: each response once, a changed answer moves its count, a withdrawn one takes it away."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

import pytest

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.models import MessageSpec
from opulse.experience.distributions.views import distributions
from opulse.experience.impact import read_result
from opulse.experience.impact.flow.counting import CHUNK, count_answers
from opulse.experience.impact.jobs import HANDLERS
from opulse.experience.impact.models import Hidden, QuestionResult, Result
from opulse.experience.impact.store import answer_counts, read_totals
from opulse.experience.responses.store.tables import response_history
from opulse.experience.responses.views import responses
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.jobs import Worker
from opulse.ports import Limits, Ports
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from tests.servers.installation import browse
from tests.unit.experience.impact.incident import ACTIVATION, Incident, begin
from tests.unit.experience.responses import asked_people

import_stores()

pytestmark = pytest.mark.stores


async def with_survey(ports: Ports, clock: ManualClock, people: int) -> tuple[Incident, list[str]]:
    """An incident whose ``people`` were asked with the recommended pulse, and their invitations."""
    incident = await begin(ports, clock, 1)
    survey = await create_survey(ports, incident.tenant, "Pulse", recommended_pulse(), "test")
    await publish_survey(ports, incident.tenant, survey.id, "test")
    await incident.change(distributions, survey=survey.id, version=1)
    made = []
    for number in range(people):
        await incident.contact(number)
        made.append(await incident.invited(number))
    return incident, made


async def result_of(incident: Incident) -> Result:
    return await read_result(incident.ports, incident.tenant, ACTIVATION)


def bars(question: QuestionResult) -> dict[str, int]:
    return {bar.id: bar.count for bar in question.choices if bar.count}


async def survey_of(incident: Incident) -> str:
    [survey] = (await result_of(incident)).surveys
    return survey.survey


async def answer(
    incident: Incident, invitation: str, impact: str, state: str = "recorded", **values: object
) -> str:
    survey = await survey_of(incident)
    return await incident.responded(invitation, state, {"QID1": impact}, survey=survey, **values)


async def test_each_response_is_counted_once_however_often_it_is_announced(
    ports: Ports, clock: ManualClock
) -> None:
    incident, people = await with_survey(ports, clock, 12)
    for number, invitation in enumerate(people[:8]):
        await answer(incident, invitation, "2" if number < 6 else "4")
    await answer(incident, people[8], "2", "in_progress")
    await answer(incident, people[9], "2", "late")
    await answer(incident, people[10], "2", "quarantined")
    for _ in range(3):
        await count_answers(ports, incident.tenant, ACTIVATION)
    result = await result_of(incident)
    [survey] = result.surveys
    assert bars(survey.questions[0]) == {"2": 6, "4": 2}
    totals = result.totals
    assert (totals.asked, totals.accepted, totals.answered, totals.started) == (12, 12, 8, 9)
    assert (totals.late, totals.quarantined, totals.people) == (1, 1, 12)


async def test_counters_at_once_count_each_response_once(ports: Ports, clock: ManualClock) -> None:
    incident, people = await with_survey(ports, clock, 40)
    for invitation in people:
        await answer(incident, invitation, "3")
    await asyncio.gather(*(count_answers(ports, incident.tenant, ACTIVATION) for _ in range(6)))
    await count_answers(ports, incident.tenant, ACTIVATION)
    [survey] = (await result_of(incident)).surveys
    assert bars(survey.questions[0]) == {"3": 40}


async def test_more_answers_than_one_unit_takes(ports: Ports, clock: ManualClock) -> None:
    incident, _ = await with_survey(ports, clock, 1)
    survey = await survey_of(incident)
    count = CHUNK + 7
    row = {"invitation": "x", "survey": survey, "version": 1, "activation": ACTIVATION, "revision": 1}
    rows = [
        {"tenant": incident.tenant, "id": f"R_{number}", "individual": False, "distribution": "EMD_1", "state": "recorded",
         "quarantine": "", "answers": {"QID1": "1"}, "language": "en", "counted": 0, "started_at": clock.now(),
         "updated_at": clock.now(), "recorded_at": clock.now(), **row}
        for number in range(count)
    ]  # fmt: skip
    await ports.db.write(lambda conn: conn.execute(responses.insert(), rows) and None)
    await count_answers(ports, incident.tenant, ACTIVATION)
    result = await result_of(incident)
    assert bars(result.surveys[0].questions[0]) == {"1": count}
    assert result.totals.answered == count, "behind a link that many may answer, each answer is a person's"


async def test_a_changed_answer_moves_its_count_and_a_withdrawn_one_takes_it_away(
    ports: Ports, clock: ManualClock
) -> None:
    incident, people = await with_survey(ports, clock, 10)
    made = [await answer(incident, invitation, "2") for invitation in people[:8]]
    await count_answers(ports, incident.tenant, ACTIVATION)
    for response, state, impact in ((made[0], "recorded", "4"), (made[1], "withdrawn", "2")):
        history = {"response": response, "revision": 1, "state": "recorded", "answers": {"QID1": "2"}}
        await incident.put(response_history, **history)
        change = responses.update().where(responses.c.id == response)
        changed = change.values(state=state, answers={"QID1": impact}, revision=2)
        await ports.db.write(lambda conn, statement: conn.execute(statement) and None, changed)
    await count_answers(ports, incident.tenant, ACTIVATION)
    [survey] = (await result_of(incident)).surveys
    assert bars(survey.questions[0]) == {"2": 6, "4": 1}


async def test_each_survey_hides_by_its_own_numbers(ports: Ports, clock: ManualClock) -> None:
    """Eleven people answered one survey and two another: the two are a group of two."""
    incident, people = await with_survey(ports, clock, 20)
    large = await survey_of(incident)
    small = await create_survey(ports, incident.tenant, "Other", recommended_pulse(), "test")
    await publish_survey(ports, incident.tenant, small.id, "test")
    row = {"version": 1, "workflow": "WF_other", "task": "t", "cause": ACTIVATION, "activation": ACTIVATION}
    await incident.put(
        distributions,
        id="EMD_2",
        survey=small.id,
        state="running",
        link_type="individual",
        message=asdict(MessageSpec()),
        **row,
    )
    for invitation in people[:11]:
        await incident.responded(invitation, "recorded", {"QID1": "2", "QID4_TEXT": "said"}, survey=large)
    for number in (90, 91):
        await incident.contact(number)
        invitation = await incident.invited(number, distribution="EMD_2", workflow="WF_other")
        await incident.responded(
            invitation, "recorded", {"QID1": "4", "QID4_TEXT": "secret"}, survey=small.id
        )
    await count_answers(ports, incident.tenant, ACTIVATION)
    shown = {survey.survey: survey for survey in (await result_of(incident)).surveys}
    assert shown[large].questions[0].hidden is None
    assert shown[large].comments[0].words == ("said",) * 11
    assert shown[small.id].questions[0].hidden is Hidden.FEW_ANSWERS
    assert (shown[small.id].comments[0].hidden, shown[small.id].comments[0].words) == (
        Hidden.FEW_COMMENTS,
        (),
    )


async def test_totals_follow_the_states_of_the_mails(ports: Ports, clock: ManualClock) -> None:
    incident, _ = await with_survey(ports, clock, 2)
    for number, state in enumerate(
        (
            "queued",
            "sending",
            "unknown",
            "deferred",
            "refused",
            "bounced",
            "too_late",
            "cancelled",
            "held",
            "spared",
        ),
        50,
    ):
        await incident.contact(number)
        await incident.invited(number, state, sent_at=clock.now() if state == "bounced" else None)
    totals = (await result_of(incident)).totals
    assert (totals.people, totals.asked, totals.accepted) == (12, 10, 2)
    assert (totals.waiting, totals.failed, totals.stopped, totals.held, totals.spared) == (4, 3, 1, 1, 1)
    assert totals.first_sent_at == totals.last_sent_at == clock.now()
    empty = await ports.db.read(read_totals, incident.tenant, "another", [])
    assert (empty.people, empty.asked, empty.answered, empty.first_answer_at) == (0, 0, 0, None)


async def test_a_person_answers_changes_their_mind_and_takes_it_back_on_the_page(
    db: Database, clock: ManualClock
) -> None:
    async with asked_people.ask_somebody(db, clock) as asked:
        ports = replace(asked.ports, limits=Limits(cell=1, comment_cell=1))

        async def count() -> QuestionResult:
            worker = Worker(ports.db, clock, HANDLERS, ports)
            running = asyncio.create_task(worker.run())
            while await asked.announced():  # noqa: ASYNC110  # a finished job is gone
                await asyncio.sleep(0.005)
            worker.stop()
            await running
            result = await read_result(ports, asked.tenant, asked_people.ACTIVATION)
            return result.surveys[0].questions[0]

        await asked.press(QID1="2", QID4_TEXT="It is slow")
        assert bars(await count()) == {"2": 1}
        await asked.press(QID1="4")
        assert bars(await count()) == {"4": 1}
        result = await read_result(ports, asked.tenant, asked_people.ACTIVATION, "de")
        assert result.surveys[0].questions[0].text != recommended_pulse().blocks[0].questions[0].text, (
            "in German"
        )
        await asked.press(intent="not_me")
        assert (await count()).hidden is Hidden.NO_ANSWERS
        assert (await read_result(ports, asked.tenant, asked_people.ACTIVATION)).totals.answered == 0


async def test_the_api_shows_the_result_without_a_name(ports: Ports, clock: ManualClock) -> None:
    incident, people = await with_survey(ports, clock, 12)
    for invitation in people:
        await incident.responded(
            invitation, "recorded", {"QID1": "2", "QID4_TEXT": "slow"}, survey=await survey_of(incident)
        )
    await count_answers(ports, incident.tenant, ACTIVATION)
    _, secret = await issue_key(ports, incident.tenant, KeyKind.INTEGRATION, "test", "test")
    async with browse(make_app(ports), secret) as client:
        answered = await client.get(f"/api/v1/activations/{ACTIVATION}/impact")
    assert answered.json()["surveys"][0]["questions"][0]["choices"][1]["count"] == 12
    for number in range(12):
        for trace in (f"p{number}@example.org", f"First{number}", f"CID_{number}", people[number]):
            assert trace not in answered.text


async def test_another_tenants_counts_are_its_own(ports: Ports, clock: ManualClock) -> None:
    incident, people = await with_survey(ports, clock, 6)
    for invitation in people:
        await answer(incident, invitation, "2")
    await count_answers(ports, incident.tenant + 1, ACTIVATION)
    rows = await ports.db.read(lambda conn: conn.execute(answer_counts.select()).all())
    assert rows == []
