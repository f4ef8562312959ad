"""The stand-in for Qualtrics asks and answers as public descriptions of the product say: over HTTP, by a client of its own."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.emulators.qualtrics import Options, QualtricsStandIn
from opulse.emulators.qualtrics.callbacks import signature
from opulse.emulators.qualtrics.fieldwork import Answering
from tests.servers.standing import Standing, stand_in
from tests.servers.taking import taking

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOON = "2026-11-30T12:01:00Z"


class Asker:
    """A client with the API token."""

    def __init__(self, there: Standing[QualtricsStandIn], clock: ManualClock) -> None:
        self.there = there
        self.stand_in = there.product
        self.clock = clock
        self.http = httpx2.AsyncClient(base_url=there.url, trust_env=False)

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        headers = {"X-API-TOKEN": self.stand_in.brand.api_token}
        answer = await self.http.request(method, f"/API/v3{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json().get("result")

    def put(self, count: int) -> str:
        """People on a list of their own; its id."""
        made = self.stand_in.brand.make_list("Wave").id
        for number in range(count):
            contact = self.stand_in.brand.create(
                {"email": f"p{number}@example.org", "extRef": f"CORP\\p{number}"}
            )
            self.stand_in.brand.join(contact, made)
        return made

    def mail(self, recipients: dict[str, str], **changes: Any) -> dict[str, Any]:
        return {
            "message": {"messageText": "Please say: ${l://SurveyLink}"},
            "recipients": recipients,
            "header": {"fromEmail": "it@example.org", "fromName": "IT", "subject": "How is it?"},
            "surveyLink": {"surveyId": self.stand_in.survey.id, "type": "Individual"},
            "sendDate": SOON,
        } | changes

    async def send(self, recipients: dict[str, str], **changes: Any) -> str:
        made: str = (await self.call("POST", "/distributions", self.mail(recipients, **changes)))["id"]
        return made

    async def export(self, **wanted: Any) -> tuple[bytes, str]:
        """The file in the zip, and the token to go on with."""
        base = f"/surveys/{self.stand_in.survey.id}/export-responses"
        begun = await self.call("POST", base, wanted)
        first = await self.call("GET", f"{base}/{begun['progressId']}")
        assert (begun["percentComplete"], "fileId" in first) == (0.0, False)
        done = await self.call("GET", f"{base}/{begun['progressId']}")
        headers = {"X-API-TOKEN": self.stand_in.brand.api_token}
        got = await self.http.get(f"/API/v3{base}/{done['fileId']}/file", headers=headers)
        assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
            [name] = archive.namelist()
            return archive.read(name), done.get("continuationToken", "")


@asynccontextmanager
async def asking(options: Options, faults: str = "") -> AsyncIterator[Asker]:
    clock = ManualClock(NOW)
    async with stand_in(lambda bench: QualtricsStandIn(bench, options), faults, clock=clock) as there:
        asker = Asker(there, clock)
        yield asker
        await asker.http.aclose()
        await there.product.callbacks.settle()


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with asking(Options(answering=Answering(1.0, 10, 20))) as made:
        yield made


async def test_the_survey_is_listed_and_told_with_its_questions(asker: Asker) -> None:
    listed = await asker.call("GET", "/surveys")
    assert list(listed["elements"][0]) == [
        "id",
        "name",
        "ownerId",
        "lastModified",
        "creationDate",
        "isActive",
    ]
    told = await asker.call("GET", f"/surveys/{asker.stand_in.survey.id}")
    assert told["questions"]["QID1"]["choices"]["4"]["choiceText"] == "Cannot work at all"
    assert len(told["id"]) == 18
    await asker.call("GET", "/surveys/SV_unknown12345678", status=404)


async def test_a_list_is_asked_at_its_date_and_answers_in_time(asker: Asker) -> None:
    made = await asker.send({"mailingListId": asker.put(5)})
    path = f"/distributions/{made}"
    pending = await asker.call("GET", f"{path}?surveyId={asker.stand_in.survey.id}")
    assert (pending["requestStatus"], pending["stats"]["sent"]) == ("Pending", 0)
    assert pending["message"]["messageText"].startswith("Please say")
    asker.clock.advance(60)
    history = await asker.call("GET", f"{path}/history")
    assert [one["status"] for one in history["elements"]] == ["Success"] * 5
    asker.clock.advance(20)
    history = await asker.call("GET", f"{path}/history?pageSize=3")
    assert history["nextPage"].startswith(asker.there.url)
    assert {one["status"] for one in history["elements"]} == {"SurveyFinished"}
    survey = asker.stand_in.survey.id
    one = await asker.call("GET", f"/surveys/{survey}/responses/{history['elements'][0]['responseId']}")
    assert (one["values"]["recipientEmail"], one["values"]["distributionChannel"]) == (
        "p0@example.org",
        "email",
    )
    links = await asker.call("GET", f"{path}/links?surveyId={survey}")
    assert len({one["link"] for one in links["elements"]}) == 5


async def test_one_contact_is_asked_by_the_id_on_the_list(asker: Asker) -> None:
    of_list = asker.put(3)
    lookup = list(asker.stand_in.brand.contacts.values())[1].lookups[of_list]
    made = await asker.send({"contactId": lookup, "mailingListId": of_list})
    asker.clock.advance(60)
    [row] = (await asker.call("GET", f"/distributions/{made}/history"))["elements"]
    assert (row["contactLookupId"], row["contactId"]) == (lookup, list(asker.stand_in.brand.contacts)[1])
    await asker.call("POST", "/distributions", asker.mail({"contactId": "CGC_nobody123456789"}), 404)


async def test_a_distribution_is_found_by_its_list_and_cancelled_before_its_date(asker: Asker) -> None:
    of_list, survey = asker.put(2), asker.stand_in.survey.id
    first, second = [await asker.send({"mailingListId": of_list}) for _ in range(2)]
    await asker.send({"mailingListId": asker.put(1)})
    found = await asker.call("GET", f"/distributions?surveyId={survey}&mailingListId={of_list}")
    assert [one["id"] for one in found["elements"]] == [first, second]
    assert found["elements"][0]["recipients"]["mailingListId"] == of_list
    await asker.call("DELETE", f"/distributions/{second}")
    asker.clock.advance(60)
    await asker.call("GET", f"/distributions/{second}/history", status=404)
    assert len((await asker.call("GET", f"/distributions/{first}/history"))["elements"]) == 2
    await asker.call("GET", "/distributions", status=400)


async def test_the_second_of_two_mails_that_say_the_same_is_dropped(asker: Asker) -> None:
    """Weak point of the guide; a subject that names the incident's time avoids it."""
    of_list = asker.put(1)
    same = [await asker.send({"mailingListId": of_list}) for _ in range(2)]
    header = {"fromEmail": "it@example.org", "fromName": "IT", "subject": "Again ${e://Field/lastAlarmAt}"}
    other = await asker.send({"mailingListId": of_list}, header=header)
    asker.clock.advance(60)
    states = [
        (await asker.call("GET", f"/distributions/{one}/history"))["elements"][0]["status"]
        for one in [*same, other]
    ]
    assert states == ["Success", "Skipped", "Success"]


async def test_links_are_made_without_a_mail(asker: Asker) -> None:
    body = {
        "action": "CreateDistribution",
        "surveyId": asker.stand_in.survey.id,
        "linkType": "Individual",
        "description": "Wave 1",
        "mailingListId": asker.put(2),
    }
    made = (await asker.call("POST", "/distributions", body))["id"]
    links = await asker.call("GET", f"/distributions/{made}/links?surveyId={asker.stand_in.survey.id}")
    assert {one["status"] for one in links["elements"]} == {"Email not sent"}
    assert "Q_CHL=gl" in links["elements"][0]["link"]


async def test_an_export_is_a_zip_and_a_later_one_goes_on_where_it_ended(asker: Asker) -> None:
    path = f"/surveys/{asker.stand_in.survey.id}/responses"
    made = [(await asker.call("POST", path, {"values": {"QID1": 4}}))["responseId"] for _ in range(3)]
    read, token = await asker.export(format="json", allowContinuation=True)
    assert [one["responseId"] for one in json.loads(read)["responses"]] == made
    assert json.loads(read)["responses"][0]["labels"]["QID1"] == "Cannot work at all"
    empty, token = await asker.export(format="ndjson", continuationToken=token)
    assert empty == b""
    later = (await asker.call("POST", path, {"values": {}}))["responseId"]
    read, _ = await asker.export(format="ndjson", continuationToken=token)
    assert [json.loads(line)["responseId"] for line in read.splitlines()] == [later]
    await asker.call(
        "POST",
        f"/surveys/{asker.stand_in.survey.id}/export-responses",
        {"format": "json", "useLabels": True},
        400,
    )


async def test_a_table_has_three_rows_of_heads(asker: Asker) -> None:
    values = {"QID1": 2, "QID4_TEXT": "slow, very", "lastAlarm": "Disk Full"}
    await asker.call("POST", f"/surveys/{asker.stand_in.survey.id}/responses", {"values": values})
    read, _ = await asker.export(format="csv")
    rows = list(csv.reader(io.StringIO(read.decode(), newline="")))
    keys = [json.loads(cell)["ImportId"] for cell in rows[2]]
    data = dict(zip(keys, rows[3], strict=True))
    assert (data["QID1"], data["QID4_TEXT"], data["lastAlarm"]) == ("2", "slow, very", "Disk Full")
    assert (data["recordedDate"], data["_recordId"][:2]) == ("2026-11-30 12:00:00", "R_")


async def test_subscribers_are_told_of_each_response_with_an_hmac(asker: Asker) -> None:
    survey = asker.stand_in.survey.id
    async with taking() as taken:
        wish = {"topics": f"surveyengine.completedResponse.{survey}", "publicationUrl": taken.url}
        signed = (await asker.call("POST", "/eventsubscriptions", wish | {"sharedKey": "kyma4ever"}))["id"]
        await asker.call("POST", "/eventsubscriptions", {"topics": "*", "publicationUrl": taken.url})
        made = (await asker.call("POST", f"/surveys/{survey}/responses", {"values": {}}))["responseId"]
        await asker.stand_in.callbacks.settle()
        forms = [parse_qs(body.decode()) for body in taken.bodies]
        [plain] = [form for form in forms if "HMAC" not in form]
        [told] = [form for form in forms if "HMAC" in form]
        assert plain["ResponseID"] == [made]
        assert told["HMAC"] == [signature("kyma4ever", told["MSG"][0].encode())]
        assert (json.loads(told["MSG"][0])["ResponseID"], told["Topic"]) == (
            made,
            [f"emulated.{wish['topics']}"],
        )
        assert (await asker.call("GET", f"/eventsubscriptions/{signed}"))["successfulCalls"] == 1
        await asker.call("DELETE", f"/eventsubscriptions/{signed}")
        await asker.call("GET", f"/eventsubscriptions/{signed}", status=404)


def test_the_hmac_is_that_of_a_recorded_callback() -> None:
    message = (
        b'{"Status":"Complete","SurveyID":"SV_1AmkKSDmoZ4XlQx","ResponseID":"R_0B7IcnXszjEUHLP",'
        b'"CompletedDate":"2019-06-25 07:58:25","BrandID":"sapdevelopment"}'
    )
    assert signature("kyma4ever", message).startswith(
        "c2c585a404c239aa3063b462cc33551d3ed3ed2de0899f58d456fc0ef7ebef6f"
    )


async def test_the_json_event_takes_json_of_at_most_100_kb_and_says_what_came(asker: Asker) -> None:
    address = asker.stand_in.events.address
    for body, status in ((b'{"a": 1}', 200), (b"<a/>", 400), (b'"' + b"x" * 100_000 + b'"', 413)):
        answer = await asker.http.post(address, content=body, headers={"content-type": "text/plain"})
        assert (answer.status_code, answer.json()["meta"]["httpStatus"][:3]) == (status, str(status))
    assert (await asker.http.post(f"{address}0", json={})).status_code == 404
    assert (await asker.http.get("/_emulator/events")).json() == [{"a": 1}]
    lines = (await asker.http.get("/_emulator/log")).text.splitlines()
    assert [json.loads(line)["status"] for line in lines] == [200, 400, 413, 404]


async def test_the_json_event_wants_the_token_where_it_is_told_to() -> None:
    async with asking(Options(event_needs_token=True)) as asker:
        address, token = asker.stand_in.events.address, asker.stand_in.brand.api_token
        assert (await asker.http.post(address, json={})).status_code == 401
        assert (await asker.http.post(address, json={}, headers={"X-API-TOKEN": token})).status_code == 200


async def test_a_survey_file_is_taken_in_place_of_the_pulse() -> None:
    choice = {
        "QuestionType": "MC",
        "Selector": "SAVR",
        "QuestionID": "QID7",
        "DataExportTag": "held",
        "QuestionText": "Held up?",
        "Choices": {"1": {"Display": "Yes"}, "2": {"Display": "No"}},
        "RecodeValues": {"1": "10", "2": "20"},
    }
    matrix = {"QuestionType": "Matrix", "Selector": "Likert", "QuestionID": "QID8"}
    elements = [{"Element": "SQ", "Payload": one} for one in (choice, matrix)]
    file = json.dumps({"SurveyEntry": {"SurveyName": "Mine"}, "SurveyElements": elements}).encode()
    async with asking(Options(survey=file, answering=Answering(1.0))) as asker:
        await asker.send({"mailingListId": asker.put(4)})
        asker.clock.advance(60)
        read, _ = await asker.export(format="json")
        answers = [one["values"]["QID7"] for one in json.loads(read)["responses"]]
        assert (len(answers), set(answers) <= {10, 20}) == (4, True)
    with pytest.raises(ValueError, match="no survey file"):
        async with asking(Options(survey=b"{}")):
            pass


async def test_the_same_seed_makes_the_same_people_answer_the_same() -> None:
    told = []
    for _ in range(2):
        async with asking(Options(answering=Answering(0.6, 2, 30))) as asker:
            await asker.send({"mailingListId": asker.put(100)})
            asker.clock.advance(90)
            read, _ = await asker.export(format="json")
            told.append([(one["responseId"], one["values"]["QID1"]) for one in json.loads(read)["responses"]])
    assert told[0] == told[1]
    assert 45 < len(told[0]) < 75


async def test_a_request_that_is_repeated_on_the_way_asks_twice() -> None:
    """Why a client looks before and after it sends: the product has no key that would make it safe."""
    async with asking(Options(), "duplicate=100%") as asker:
        of_list = asker.put(1)
        await asker.send({"mailingListId": of_list})
        found = await asker.call(
            "GET", f"/distributions?surveyId={asker.stand_in.survey.id}&mailingListId={of_list}"
        )
        assert len(found["elements"]) == 2


async def test_callbacks_come_again_until_they_are_taken() -> None:
    async with asking(Options(), "500=50%,duplicate=30%,reorder=10ms@50%") as asker, taking() as taken:
        wish = {"topics": "*", "publicationUrl": taken.url}
        made = asker.stand_in.callbacks
        while not made.subscriptions:
            headers = {"X-API-TOKEN": asker.stand_in.brand.api_token}
            await asker.http.post("/API/v3/eventsubscriptions", json=wish, headers=headers)
        recorded = [
            asker.stand_in.field.record(asker.stand_in.survey, {}, asker.clock.now()) for _ in range(30)
        ]
        await made.settle()
        came = Counter(parse_qs(body.decode())["ResponseID"][0] for body in taken.bodies)
        assert set(came) == {one.id for one in recorded}
        assert max(came.values()) > 1
