"""Event subscriptions: exact fields, who may, and what reaches real receivers on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from opulse.clock import ManualClock
from opulse.experience.responses.flow.closing import close_unfinished
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.responses.store.policies import upsert_policy
from opulse.experience.subscriptions.flow.publishing import EVENT_PUBLISHED
from opulse.experience.subscriptions.rules import sign
from opulse.tenancy import find_tenant
from opulse.tenancy.flow.access_tokens import make_person_token
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.views import list_audit
from opulse.web.access import Role
from tests.flows.api_v3.conftest import HOST, Household
from tests.flows.api_v3.test_surveys import ask, refused, result_of, survey_of
from tests.flows.api_v3.working import jobs_of, work
from tests.unit.experience.impact.incident import Incident
from tests.unit.monitoring.activations.world import Receiver

pytestmark = pytest.mark.stores

AT = "/eventsubscriptions"
SHOWN = ["id", "scope", "topics", "publicationUrl", "encrypted", "successfulCalls"]
COMPLETED = "surveyengine.completedResponse.*"
Receivers = Callable[..., Receiver]


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    made: list[Receiver] = []

    def make(*statuses: int, **more: Any) -> Receiver:
        made.append(Receiver(*statuses, **more))
        return made[-1]

    yield make
    for receiver in made:
        receiver.stop()


async def subscribe(v3: Household, url: str, topics: str = COMPLETED, **more: Any) -> str:
    body = {"topics": topics, "publicationUrl": url, "encrypt": False, **more}
    made = await result_of(v3, "POST", AT, json=body)
    assert (list(made), len(made["id"])) == (["id"], 19)
    return str(made["id"])


async def named_survey(v3: Household) -> str:
    survey = await survey_of(v3)
    await v3.ports.db.write(upsert_policy, v3.tenant, ResponsePolicy(survey, Identity.NAMED))
    return survey


async def give(v3: Household, survey: str) -> str:
    given = await result_of(v3, "POST", f"/surveys/{survey}/responses", json={"values": {}})
    return str(given["responseId"])


async def calls(v3: Household, subscription: str) -> int:
    return int((await result_of(v3, "GET", f"{AT}/{subscription}"))["successfulCalls"])


async def test_subscriptions_are_made_shown_paged_and_deleted(v3: Household) -> None:
    made = [await subscribe(v3, f"https://93.184.216.34/{one}", sharedKey="s3cret") for one in range(3)]
    first = await result_of(v3, "GET", AT, params={"pageSize": "2"})
    assert first["nextPage"] == f"{HOST}/API/v3{AT}?pageSize=2&offset=2"
    rest = (await v3.client.get(first["nextPage"])).json()["result"]
    assert rest["nextPage"] is None
    listed = [*first["elements"], *rest["elements"]]
    assert {one["id"] for one in listed} == set(made)
    brand = (await v3.ports.db.read(find_tenant, v3.tenant)).client_id
    single = await result_of(v3, "GET", f"{AT}/{made[0]}")
    assert list(single) == SHOWN
    assert single == {
        "id": made[0],
        "scope": brand,
        "topics": COMPLETED,
        "publicationUrl": "https://93.184.216.34/0",
        "encrypted": False,
        "successfulCalls": 0,
    }
    gone = await ask(v3, "DELETE", f"{AT}/{made[0]}", json={"ignored": True})
    assert (gone.status_code, list(gone.json())) == (200, ["meta"])
    for method in ("GET", "DELETE"):
        assert (await refused(v3, 404, method, f"{AT}/{made[0]}"))["errorCode"] == "ESSG_2"
    rows = await v3.ports.db.read(list_audit, v3.tenant)
    trail = [(one["action"], one["what"]) for one in rows if one["action"].startswith("subscription.")]
    assert ("subscription.created", made[0]) in trail
    assert ("subscription.deleted", made[0]) in trail
    assert "s3cret" not in str(rows)


async def test_what_cannot_be_subscribed_to_is_said(v3: Household) -> None:
    good = {"topics": COMPLETED, "publicationUrl": "https://93.184.216.34/"}
    for wrong, words in (
        ({"topics": "threesixty.*"}, "none of the topics"),
        ({"topics": [COMPLETED]}, "topics is a text"),
        ({"publicationUrl": "https://10.0.0.1/"}, "publicationUrl"),
        ({"publicationUrl": "ftp://example.org/"}, "publicationUrl"),
        ({"publicationUrl": None}, "publicationUrl is a text"),
        ({"encrypt": True, "sharedKey": "k"}, "encrypt is not supported"),
        ({"sharedKey": "k" * 1001}, "sharedKey"),
    ):
        assert words in (await refused(v3, 400, "POST", AT, json={**good, **wrong}))["errorMessage"]
    assert (await result_of(v3, "GET", AT))["elements"] == []


async def test_only_administrators_may(v3: Household) -> None:
    editor = await add_person(
        v3.ports, v3.tenant, "ed@acme.example", "Ed", Role.EDITOR, "a password of some length", "test"
    )
    token = await make_person_token(v3.ports, v3.tenant, editor.id, "test")
    async with v3.calling(**{"X-API-TOKEN": token}) as client:
        for method, path in (("GET", AT), ("POST", AT), ("DELETE", f"{AT}/SUB_000000000000000")):
            assert (await client.request(method, f"/API/v3{path}")).status_code == 403


async def test_a_recorded_answer_is_told_signed_and_counted(v3: Household, receivers: Receivers) -> None:
    signed, plain, other = receivers(), receivers(), receivers()
    survey = await named_survey(v3)
    with_key = await subscribe(v3, signed.url, f"surveyengine.completedResponse.{survey}", sharedKey="k1")
    without = await subscribe(v3, plain.url, "*")
    await subscribe(v3, other.url, "surveyengine.completedResponse.SV_000000000000000")
    response = await give(v3, survey)
    await work(v3.ports)
    (request,) = signed.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    brand = (await v3.ports.db.read(find_tenant, v3.tenant)).client_id
    fields = dict(parse_qsl(request.body.decode()))
    assert fields["Topic"] == f"{brand}.surveyengine.completedResponse.{survey}"
    assert fields["HMAC"] == sign("k1", fields["MSG"])
    message = json.loads(fields["MSG"])
    assert list(message) == ["Status", "SurveyID", "ResponseID", "CompletedDate", "BrandID"]
    assert (message["Status"], message["SurveyID"], message["ResponseID"]) == ("Complete", survey, response)
    (unsigned,) = plain.requests
    assert dict(parse_qsl(unsigned.body.decode())) == {"Topic": fields["Topic"], **message}
    assert other.requests == []
    assert (await calls(v3, with_key), await calls(v3, without)) == (1, 1)
    assert await jobs_of(v3.ports, EVENT_PUBLISHED) == []


async def test_one_that_fails_is_tried_again_and_keeps_nobody_waiting(
    v3: Household, clock: ManualClock, receivers: Receivers
) -> None:
    busy, deaf, gone, well = receivers(503, 429), receivers(404), receivers(410), receivers()
    survey = await named_survey(v3)
    subs = [await subscribe(v3, one.url) for one in (busy, deaf, gone, well)]
    await give(v3, survey)
    await work(v3.ports)
    assert [len(one.requests) for one in (busy, deaf, gone, well)] == [1, 1, 1, 1]
    left = {row["payload"]["subscription"]: row for row in await jobs_of(v3.ports, EVENT_PUBLISHED)}
    assert {one: row["state"] for one, row in left.items()} == {subs[0]: "waiting", subs[1]: "dead"}
    assert "answered 404" in left[subs[1]]["last_error"]
    for _ in range(2):
        clock.advance(10)
        await work(v3.ports)
    assert len({request.body for request in busy.requests}) == 1, "every attempt sends the same"
    assert [await calls(v3, one) for one in subs] == [1, 0, 0, 1]
    await give(v3, survey)
    await work(v3.ports)
    assert [len(one.requests) for one in (busy, deaf, gone, well)] == [4, 2, 1, 2], "410 is told nothing more"


async def test_after_seven_attempts_it_is_given_up(
    v3: Household, clock: ManualClock, receivers: Receivers
) -> None:
    broken = receivers(*[500] * 20)
    await subscribe(v3, broken.url)
    await give(v3, await named_survey(v3))
    for _ in range(12):
        await work(v3.ports)
        clock.advance(901)
    assert len(broken.requests) == 7
    (row,) = await jobs_of(v3.ports, EVENT_PUBLISHED)
    assert (row["state"], row["attempts"]) == ("dead", 7)


async def test_who_unsubscribes_is_not_told_what_waits(v3: Household, receivers: Receivers) -> None:
    late = receivers()
    subscription = await subscribe(v3, late.url)
    await give(v3, await named_survey(v3))
    await ask(v3, "DELETE", f"{AT}/{subscription}")
    await work(v3.ports)
    assert (late.requests, await jobs_of(v3.ports, EVENT_PUBLISHED)) == ([], [])


async def test_nothing_is_told_of_surveys_that_promise_confidence(
    v3: Household, receivers: Receivers
) -> None:
    receiver = receivers()
    await subscribe(v3, receiver.url)
    await give(v3, await survey_of(v3))
    assert await jobs_of(v3.ports, EVENT_PUBLISHED) == []


async def test_unfinished_answers_are_told_when_they_close(
    v3: Household, clock: ManualClock, receivers: Receivers
) -> None:
    survey, receiver = await named_survey(v3), receivers()
    await subscribe(v3, receiver.url, "surveyengine.partialResponse.*")
    incident = Incident(v3.ports, clock, v3.tenant)
    begun = [
        await incident.responded(f"i{one}", "in_progress", survey=survey, updated_at=clock.now())
        for one in range(3)
    ]
    for state in ("quarantined", "test", "late"):
        await incident.responded(state, state, survey=survey, updated_at=clock.now())
    clock.advance(timedelta(days=8).total_seconds())
    await close_unfinished(v3.ports)
    await work(v3.ports)
    told = [dict(parse_qsl(one.body.decode())) for one in receiver.requests]
    assert sorted(one["ResponseID"] for one in told) == sorted(begun)
    assert {one["Status"] for one in told} == {"Partial"}


async def test_opening_and_closing_a_survey_is_told_once(v3: Household, receivers: Receivers) -> None:
    receiver = receivers()
    await subscribe(v3, receiver.url, "controlpanel.*")
    survey = await survey_of(v3)
    for active in (False, False, True, True):
        await ask(v3, "PUT", f"/surveys/{survey}", json={"isActive": active})
    await work(v3.ports)
    told = [dict(parse_qsl(one.body.decode())) for one in receiver.requests]
    assert sorted(one["Status"] for one in told) == ["Active", "Active", "Inactive"]
    assert {one["SurveyID"] for one in told} == {survey}
