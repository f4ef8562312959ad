"""Responses that programs change and delete: fields, what counts afterwards, what a promise forbids; many at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.experience.api_v3.rules.moments import iso_ms
from opulse.experience.impact.flow.counting import count_answers
from opulse.experience.impact.store.totals import read_totals
from opulse.experience.responses.flow.policies import set_policy
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.responses.store.policies import upsert_policy
from opulse.experience.responses.store.tables import response_history, responses
from opulse.tenancy.views import list_audit
from tests.flows.api_v3.conftest import Household
from tests.flows.api_v3.test_surveys import ask, refused, result_of, survey_of
from tests.unit.experience.impact.incident import ACTIVATION, Incident

pytestmark = pytest.mark.stores

BEGUN = ["progressId", "percentComplete", "status"]
PROGRESS = [*BEGUN, "changed", "missing"]
NOBODY = "R_000000000000000"


async def named_survey(v3: Household) -> str:
    survey = await survey_of(v3)
    await v3.ports.db.write(upsert_policy, v3.tenant, ResponsePolicy(survey, Identity.NAMED))
    return survey


async def give(v3: Household, survey: str, **values: Any) -> str:
    given = await result_of(v3, "POST", f"/surveys/{survey}/responses", json={"values": values})
    return str(given["responseId"])


async def values_of(v3: Household, survey: str, response: str) -> dict[str, Any]:
    found: dict[str, Any] = (await result_of(v3, "GET", f"/surveys/{survey}/responses/{response}"))["values"]
    return found


async def many(v3: Household, survey: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Start it and look once."""
    begun = await result_of(v3, "POST", f"/surveys/{survey}/{kind}-responses", json=body)
    assert list(begun) == BEGUN
    assert (begun["percentComplete"], begun["status"], len(begun["progressId"])) == (0.0, "inProgress", 20)
    at = f"/surveys/{survey}/{kind}-responses/{begun['progressId']}"
    told: dict[str, Any] = await result_of(v3, "GET", at)
    assert (list(told), told["percentComplete"]) == (PROGRESS, 100.0)
    return told


async def test_embedded_data_is_laid_over_and_exported(v3: Household, clock: ManualClock) -> None:
    survey = await named_survey(v3)
    response = await give(v3, survey, QID1=1)
    before = await values_of(v3, survey, response)
    clock.advance(60)
    body = {"surveyId": survey, "embeddedData": {"team": "blue", "floor": 3}, "resetRecordedDate": False}
    done = await ask(v3, "PUT", f"/responses/{response}", json=body)
    assert (done.status_code, list(done.json())) == (200, ["meta"])
    assert await values_of(v3, survey, response) == {**before, "team": "blue", "floor": "3"}
    await ask(v3, "PUT", f"/responses/{response}", json={"surveyId": survey, "embeddedData": {"team": "red"}})
    after = await values_of(v3, survey, response)
    assert (after["team"], after["floor"], after["recordedDate"]) == ("red", "3", iso_ms(clock.now()))
    assert after["QID1"] == before["QID1"], "answers are not changed"
    for _ in range(4):
        await give(v3, survey)
    begun = await result_of(
        v3, "POST", f"/surveys/{survey}/export-responses", json={"format": "csv", "compress": False}
    )
    at = f"/surveys/{survey}/export-responses"
    file = (await result_of(v3, "GET", f"{at}/{begun['progressId']}"))["fileId"]
    text = (await ask(v3, "GET", f"{at}/{file}/file")).text
    assert ",floor,team," in text.partition("\r\n")[0]
    trail = await v3.ports.db.read(list_audit, v3.tenant)
    last = next(row for row in trail if row["action"] == "responses.amended")
    assert last["before"]["embedded"] == {response: {"team": "blue"}}
    assert last["after"]["embedded"] == {response: {"team": "red"}}


async def test_what_cannot_be_changed_is_said(v3: Household) -> None:
    survey = await named_survey(v3)
    response = await give(v3, survey)
    at = f"/responses/{response}"
    for wrong, words in (
        ({"embeddedData": {"a": "b"}}, "surveyId"),
        ({"surveyId": survey, "embeddedData": ["a"]}, "embeddedData"),
        ({"surveyId": survey, "embeddedData": {"a": None}}, "the value of a"),
        ({"surveyId": survey, "embeddedData": {"a": "\0"}}, "NUL"),
        ({"surveyId": survey, "embeddedData": {"": "b"}}, "a name"),
        ({"surveyId": survey, "embeddedData": {}, "resetRecordedDate": "no"}, "resetRecordedDate"),
    ):
        assert words in (await refused(v3, 400, "PUT", at, json=wrong))["errorMessage"]
    body = {"surveyId": survey, "embeddedData": {"a": "b"}}
    assert (await refused(v3, 404, "PUT", f"/responses/{NOBODY}", json=body))["errorCode"] == "ESSG_2"
    elsewhere = {**body, "surveyId": "SV_000000000000000"}
    assert "another survey" in (await refused(v3, 400, "PUT", at, json=elsewhere))["errorMessage"]
    for method, path, given, words in (
        ("POST", "update-responses", {"updates": []}, "updates is a list"),
        ("POST", "update-responses", {"updates": [{"responseId": 1}]}, "updates.0.responseId"),
        ("POST", "delete-responses", {"deletes": [{}]}, "responseId"),
        ("POST", "delete-responses", {"deletes": [{"responseId": NOBODY}] * 10_001}, "at most 10000"),
    ):
        answer = await refused(v3, 400, method, f"/surveys/{survey}/{path}", json=given)
        assert words in answer["errorMessage"]


async def test_a_deleted_answer_counts_nowhere_and_its_row_says_so(v3: Household, clock: ManualClock) -> None:
    survey = await named_survey(v3)
    incident = Incident(v3.ports, clock, v3.tenant)
    common = {"survey": survey, "started_at": clock.now(), "updated_at": clock.now()}
    invited = ["one", "two"]
    given = [
        await incident.responded(one, "recorded", {"QID1": "1"}, recorded_at=clock.now(), **common)
        for one in invited
    ]
    for one in given:
        history = {"response": one, "revision": 1, "state": "recorded", "answers": {"QID1": "1"}}
        await incident.put(response_history, **history)
    await count_answers(v3.ports, v3.tenant, ACTIVATION)
    clock.advance(60)
    gone = await ask(v3, "DELETE", f"/surveys/{survey}/responses/{given[0]}?decrementQuotas=true", json={})
    assert (gone.status_code, list(gone.json())) == (200, ["meta"])
    await count_answers(v3.ports, v3.tenant, ACTIVATION)
    totals = await v3.ports.db.read(read_totals, v3.tenant, ACTIVATION, [])
    assert (totals.answered, totals.started) == (1, 1)
    assert (await result_of(v3, "GET", f"/surveys/{survey}"))["responseCounts"]["auditable"] == 1
    for method in ("GET", "DELETE"):
        assert (await refused(v3, 404, method, f"/surveys/{survey}/responses/{given[0]}"))["errorCode"] == (
            "ESSG_2"
        )
    (row,) = await v3.ports.db.read(
        lambda conn: conn.execute(select(responses).where(responses.c.id == given[0])).all()
    )
    assert (row.state, row.answers, row.recorded_at, row.revision, row.counted) == (
        "deleted",
        {},
        None,
        2,
        2,
    )
    kept = await v3.ports.db.read(
        lambda conn: conn.execute(
            select(response_history.c.revision, response_history.c.answers).where(
                response_history.c.response == given[0]
            )
        ).all()
    )
    assert [tuple(one) for one in kept] == [(2, {})], "once it is counted out, nothing of the answer is left"


async def test_what_the_counts_hold_is_kept_until_they_let_go(v3: Household, clock: ManualClock) -> None:
    survey = await named_survey(v3)
    response = await give(v3, survey, QID1=1)
    await ask(v3, "DELETE", f"/surveys/{survey}/responses/{response}")
    query = select(response_history.c.answers).where(response_history.c.response == response)
    answers = await v3.ports.db.read(lambda conn: conn.execute(query).scalars().all())
    assert list(answers) == [{}], "it was never counted, so nothing needs to be taken away"


async def test_a_promise_of_confidence_forbids_to_delete_few(v3: Household, clock: ManualClock) -> None:
    survey, incident = await survey_of(v3), Incident(v3.ports, clock, v3.tenant)
    given = [await incident.responded(f"i{one}", "recorded", survey=survey) for one in range(6)]
    at = f"/surveys/{survey}/responses/{given[0]}"
    single = await refused(v3, 403, "DELETE", at)
    assert single["errorCode"] == "QMST_2.1"
    assert "at least 5" in single["errorMessage"]
    few = {"deletes": [{"responseId": one} for one in given[:4]]}
    await refused(v3, 403, "POST", f"/surveys/{survey}/delete-responses", json=few)
    enough = {"deletes": [{"responseId": one} for one in given[:5]]}
    assert (await many(v3, survey, "delete", enough))["changed"] == 5
    nobodys = await give(v3, survey)
    assert (await ask(v3, "DELETE", f"/surveys/{survey}/responses/{nobodys}")).status_code == 200
    await set_policy(v3.ports, v3.tenant, ResponsePolicy(survey, Identity.ANONYMOUS), "test")
    await refused(v3, 403, "DELETE", f"/surveys/{survey}/responses/{given[5]}")


async def test_many_are_changed_at_once_all_or_those_that_are_there(v3: Household) -> None:
    survey = await named_survey(v3)
    given = [await give(v3, survey) for _ in range(3)]
    updates = [
        {"responseId": one, "embeddedData": {"number": place}, "resetRecordedDate": False}
        for place, one in enumerate(given)
    ]
    unknown = {"responseId": NOBODY, "embeddedData": {"number": 9}}
    told = await many(v3, survey, "update", {"updates": [*updates, unknown]})
    assert (told["status"], told["changed"], told["missing"]) == ("failed", 0, [NOBODY])
    assert "number" not in await values_of(v3, survey, given[0])
    told = await many(v3, survey, "update", {"updates": [*updates, unknown], "ignoreMissingResponses": True})
    assert (told["status"], told["changed"], told["missing"]) == ("complete", 3, [NOBODY])
    assert [(await values_of(v3, survey, one))["number"] for one in given] == ["0", "1", "2"]
    deletes = {"deletes": [{"responseId": one} for one in (*given[:2], NOBODY)]}
    assert (await many(v3, survey, "delete", deletes))["status"] == "failed"
    told = await many(v3, survey, "delete", {**deletes, "ignoreMissingResponses": True})
    assert (told["status"], told["changed"]) == ("complete", 2)
    assert (await result_of(v3, "GET", f"/surveys/{survey}"))["responseCounts"]["auditable"] == 1
    for kind in ("update", "delete"):
        at = f"/surveys/{survey}/{kind}-responses/PGRS_000000000000000"
        assert (await refused(v3, 404, "GET", at))["errorCode"] == "ESSG_2"
    wrong_kind = f"/surveys/{survey}/update-responses/{told['progressId']}"
    await refused(v3, 404, "GET", wrong_kind)
