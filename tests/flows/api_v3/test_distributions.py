"""Distributions as clients of the product read and send them; what the documented sentences refuse."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.experience.api_v3.flow.distributions import DISTRIBUTION_REQUESTED, ask_list
from opulse.experience.api_v3.rules.moments import iso_ms
from opulse.experience.directory.flow.lists import create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.distributions.views import invitations
from opulse.experience.responses.flow.policies import set_policy
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.responses.store.policies import upsert_policy
from opulse.jobs import Job
from opulse.jobs.table import jobs
from opulse.tenancy.flow.tenants import change_tenant
from tests.flows.api_v3.conftest import Household
from tests.flows.api_v3.test_surveys import ask, refused, result_of, survey_of
from tests.unit.experience.impact.incident import Incident

ELEMENT = [
    "id", "parentDistributionId", "ownerId", "organizationId", "requestStatus", "requestType", "sendDate", "createdDate",
    "modifiedDate", "customHeaders", "headers", "recipients", "message", "surveyLink", "embeddedData", "stats",
]  # fmt: skip
STATS = ["sent", "failed", "started", "bounced", "opened", "skipped", "finished", "complaints", "blocked"]
LINK = [
    "contactId", "transactionId", "link", "exceededContactFrequency", "linkExpiration", "status", "lastName", "firstName",
    "externalDataReference", "email", "unsubscribed",
]  # fmt: skip
HISTORY = [
    "contactId", "contactLookupId", "distributionId", "status", "surveyLink", "contactFrequencyRuleId", "responseId",
    "responseCompletedAt", "sentAt", "openedAt", "responseStartedAt", "surveySessionId",
]  # fmt: skip


async def list_of(v3: Household, people: int) -> str:
    made = await create_list(v3.ports, v3.tenant, v3.directory, "Asked", "test")
    rows = [{"email": f"p{one}@acme.example", "first_name": f"P{one}"} for one in range(people)]
    await import_contacts(v3.ports, v3.tenant, v3.directory, rows, list_id=made.id)
    return made.id


def sending(survey: str, people: str) -> dict[str, object]:
    return {
        "message": {"messageText": "Please answer: ${l://SurveyURL}"},
        "recipients": {"mailingListId": people},
        "header": {
            "fromEmail": "it@acme.example",
            "fromName": "IT",
            "replyToEmail": "it@acme.example",
            "subject": "Slow?",
        },
        "surveyLink": {"surveyId": survey, "type": "Individual"},
        "sendDate": "2020-01-01T00:00:00Z",
    }


async def work_off(v3: Household) -> None:
    """Do what the request left to a worker."""
    rows = await v3.ports.db.read(
        lambda conn: conn.execute(select(jobs).where(jobs.c.kind == DISTRIBUTION_REQUESTED)).all()
    )
    for row in rows:
        await ask_list(v3.ports, Job(row.id, row.tenant, row.kind, row.payload, 1, row.run_at, "test"))


@pytest.mark.stores
async def test_a_list_is_asked_and_followed(v3: Household) -> None:
    survey, people = await survey_of(v3), await list_of(v3, 3)
    await change_tenant(v3.ports, v3.tenant, "test", mail_open=True)
    made = await result_of(v3, "POST", "/distributions", json=sending(survey, people))
    assert (list(made), len(made["id"])) == (["id"], 19)
    await work_off(v3)
    listed = await result_of(v3, "GET", "/distributions", params={"surveyId": survey})
    (one,) = listed["elements"]
    assert (list(one), list(one["stats"])) == (ELEMENT, STATS)
    assert (one["requestType"], one["requestStatus"], one["recipients"]["mailingListId"]) == (
        "Invite",
        "Pending",
        people,
    )
    assert "messageText" not in one["message"]
    assert one["headers"]["subject"] == "Slow?"
    single = await result_of(v3, "GET", f"/distributions/{made['id']}", params={"surveyId": survey})
    assert single["message"]["messageText"].startswith("Please answer")
    at = f"/distributions/{made['id']}"
    first = await result_of(v3, "GET", f"{at}/links", params={"surveyId": survey, "pageSize": "2"})
    rest = (await v3.client.get(first["nextPage"])).json()["result"]
    links = [*first["elements"], *rest["elements"]]
    assert (len(links), rest["nextPage"]) == (3, None)
    assert [list(link) for link in links] == [LINK] * 3
    assert len({link["link"] for link in links}) == 3
    histories = (await result_of(v3, "GET", f"{at}/history"))["elements"]
    assert [list(line) for line in histories] == [HISTORY] * 3
    assert {line["status"] for line in histories} <= {"Pending", "Blocked", "Skipped"}
    reminder = {
        "message": {"messageText": "Still?"},
        "header": {"subject": "Still?"},
        "sendDate": "2099-01-01T00:00:00Z",
    }
    late = await refused(v3, 400, "POST", f"{at}/reminders", json=reminder)
    assert "between 5 minutes and 60 days" in late["errorMessage"]
    planned = await result_of(v3, "POST", f"{at}/reminders", json={**reminder, "sendDate": None})
    assert (list(planned), len(planned["distributionId"])) == (["distributionId"], 19)
    assert list((await ask(v3, "DELETE", at)).json()) == ["meta"]
    assert (await refused(v3, 404, "GET", "/distributions/EMD_000000000000000"))["errorCode"] == "GED_3"


@pytest.mark.stores
async def test_what_cannot_be_sent_is_said(v3: Household) -> None:
    survey, people = await survey_of(v3), await list_of(v3, 1)
    good = sending(survey, people)
    for wrong, words in (
        ({"recipients": {"mailingListId": "CG_000000000000000"}}, "Mailing list not found"),
        ({"recipients": {"sampleId": "x"}}, "sampleId"),
        ({"surveyLink": {"surveyId": "SV_000000000000000"}}, "not collecting"),
        ({"surveyLink": {"surveyId": survey, "type": "Secret"}}, "Secret"),
        ({"message": {}}, "messageText"),
        ({"message": {"libraryId": "GR_1", "messageId": "MS_1"}}, "MS_1"),
        ({"sendDate": "soon"}, "sendDate"),
        ({"action": "CreateDistribution"}, "CreateDistribution"),
    ):
        answer = await refused(v3, 400, "POST", "/distributions", json={**good, **wrong})
        assert words in answer["errorMessage"]
    assert (await ask(v3, "GET", "/distributions")).status_code == 400


MAILED = ["distributionId", "date", "type", "result", "bounceInfo", "surveyId", "read", "lookupId"]


@pytest.mark.stores
async def test_a_contact_shows_what_it_was_sent(v3: Household) -> None:
    survey, people = await survey_of(v3), await list_of(v3, 2)
    await change_tenant(v3.ports, v3.tenant, "test", mail_open=True)
    sent = []
    for _ in range(2):
        made = await result_of(v3, "POST", "/distributions", json=sending(survey, people))
        sent.append(made["id"])
    await work_off(v3)
    of_list = f"/directories/{v3.directory}/mailinglists/{people}/contacts"
    (one, other) = (await result_of(v3, "GET", of_list))["elements"]
    at = f"/directories/{v3.directory}/contacts/{one['contactId']}/history"
    mails = (await result_of(v3, "GET", at, params={"type": "email"}))["elements"]
    assert [list(mail) for mail in mails] == [MAILED] * 2
    assert {mail["distributionId"] for mail in mails} == set(sent)
    assert {(mail["surveyId"], mail["type"], mail["read"]) for mail in mails} == {(survey, "Invite", False)}
    assert sorted(mail["result"] for mail in mails) == ["Pending", "Skipped"], "the same mail within 12 hours"
    first = await result_of(v3, "GET", at, params={"pageSize": "1"})
    rest = (await v3.client.get(first["nextPage"])).json()["result"]
    assert [*first["elements"], *rest["elements"]] == mails
    assert rest["nextPage"] is None
    assert (await result_of(v3, "GET", f"{of_list}/{one['contactId']}/history"))["elements"] == mails
    empty = await create_list(v3.ports, v3.tenant, v3.directory, "Nobody", "test")
    elsewhere = f"/directories/{v3.directory}/mailinglists/{empty.id}/contacts/{one['contactId']}/history"
    assert (await v3.client.get(f"/API/v3{elsewhere}")).status_code == 404
    assert (await result_of(v3, "GET", at, params={"type": "response"}))["elements"] == []
    assert other["contactLookupId"] not in {mail["lookupId"] for mail in mails}
    assert (await v3.client.get(f"/API/v3{at}", params={"type": "sms"})).status_code == 400


@pytest.mark.stores
async def test_a_contact_shows_what_they_answered_where_the_survey_asks_by_name(
    v3: Household, clock: ManualClock
) -> None:
    survey, people = await survey_of(v3), await list_of(v3, 1)
    await v3.ports.db.write(upsert_policy, v3.tenant, ResponsePolicy(survey, Identity.NAMED))
    await change_tenant(v3.ports, v3.tenant, "test", mail_open=True)
    made = await result_of(v3, "POST", "/distributions", json=sending(survey, people))
    await work_off(v3)
    ((invitation, contact),) = await v3.ports.db.read(
        lambda conn: conn.execute(select(invitations.c.id, invitations.c.contact)).all()
    )
    incident = Incident(v3.ports, clock, v3.tenant)
    common = {"survey": survey, "distribution": made["id"], "started_at": clock.now()}
    given = await incident.responded(invitation, "recorded", **common, recorded_at=clock.now())
    await incident.responded(invitation, "quarantined", **common, individual=False)
    at = f"/directories/{v3.directory}/contacts/{contact}/history"
    (answer,) = (await result_of(v3, "GET", at, params={"type": "response"}))["elements"]
    assert answer == {
        "responseId": given,
        "distributionId": made["id"],
        "dateStarted": iso_ms(clock.now()),
        "dateCompleted": iso_ms(clock.now()),
        "surveyFinished": True,
        "surveyId": survey,
    }
    await set_policy(v3.ports, v3.tenant, ResponsePolicy(survey, Identity.CONFIDENTIAL), "test")
    assert (await result_of(v3, "GET", at, params={"type": "response"}))["elements"] == []
