"""Surveys, definitions, responses, libraries and distributions as clients of the product read them: exact sets of fields."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import httpx2
import pytest

from opulse.experience.api_v3.rules.responses import read_export
from opulse.experience.responses.flow.policies import set_policy
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from tests.flows.api_v3.conftest import HOST, Household

pytestmark = pytest.mark.stores

SUMMARY = ["id", "name", "ownerId", "lastModified", "creationDate", "isActive"]
WHOLE = [
    "id", "name", "ownerId", "organizationId", "isActive", "creationDate", "lastModifiedDate", "expiration", "questions",
    "exportColumnMap", "blocks", "flow", "embeddedData", "comments", "loopAndMerge", "responseCounts",
]  # fmt: skip
DEFINITION = [
    "SurveyID", "SurveyName", "SurveyStatus", "OwnerID", "CreatorID", "BrandID", "BrandBaseURL", "DivisionID", "LastModified",
    "LastAccessed", "LastActivated", "QuestionCount", "SurveyOptions", "SurveyFlow", "Blocks", "Questions", "ResponseSets",
    "Scoring", "ProjectInfo",
]  # fmt: skip
METADATA = [
    "SurveyID", "SurveyName", "SurveyDescription", "SurveyOwnerID", "SurveyBrandID", "DivisionID", "SurveyLanguage",
    "SurveyActiveResponseSet", "SurveyStatus", "SurveyStartDate", "SurveyExpirationDate", "SurveyCreationDate", "CreatorID",
    "LastModified", "LastAccessed", "LastActivated", "Deleted",
]  # fmt: skip
QUESTION = {
    "QuestionText": "Is it slow?",
    "DataExportTag": "slow",
    "QuestionType": "MC",
    "Selector": "SAVR",
    "SubSelector": "TX",
    "Configuration": {"QuestionDescriptionOption": "UseText"},
    "QuestionDescription": "Is it slow?",
    "Choices": {"1": {"Display": "Yes"}, "2": {"Display": "No"}},
    "ChoiceOrder": ["1", "2"],
    "RecodeValues": {"1": "10", "2": "20"},
    "Validation": {"Settings": {"ForceResponse": "OFF", "Type": "None"}},
    "Language": [],
}


async def survey_of(v3: Household, *, live: bool = True) -> str:
    made = await create_survey(v3.ports, v3.tenant, "Pulse & more", recommended_pulse(), "test")
    if live:
        await publish_survey(v3.ports, v3.tenant, made.id, "test")
    return made.id


async def ask(v3: Household, method: str, path: str, **more: Any) -> httpx2.Response:
    return await v3.client.request(method, f"/API/v3{path}", **more)


async def result_of(v3: Household, method: str, path: str, **more: Any) -> Any:
    answer = await ask(v3, method, path, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["result"]


async def refused(v3: Household, status: int, method: str, path: str, **more: Any) -> dict[str, str]:
    answer = await ask(v3, method, path, **more)
    assert answer.status_code == status, answer.text
    error: dict[str, str] = answer.json()["meta"]["error"]
    return error


async def test_surveys_are_listed_in_the_recorded_fields_and_paged(v3: Household) -> None:
    made = {await survey_of(v3) for _ in range(3)}
    first = await result_of(v3, "GET", "/surveys", params={"pageSize": "2"})
    assert [list(one) for one in first["elements"]] == [SUMMARY] * 2
    assert first["nextPage"] == f"{HOST}/API/v3/surveys?pageSize=2&offset=2"
    rest = (await v3.client.get(first["nextPage"])).json()["result"]
    assert rest["nextPage"] is None
    assert {one["id"] for one in (*first["elements"], *rest["elements"])} == made


async def test_a_survey_is_shown_with_its_questions(v3: Household) -> None:
    survey = await survey_of(v3)
    found = await result_of(v3, "GET", f"/surveys/{survey}")
    assert list(found) == WHOLE
    asked = recommended_pulse().questions
    assert list(found["questions"]) == [one.id for one in asked]
    first = found["questions"][asked[0].id]
    assert {"questionType", "questionText", "questionLabel", "validation", "questionName"} <= set(first)
    assert list(next(iter(first["choices"].values()))) == [
        "recode", "description", "choiceText", "imageDescription", "variableName", "analyze",
    ]  # fmt: skip
    assert found["responseCounts"] == {"auditable": 0, "generated": 0, "deleted": 0}
    assert (await refused(v3, 404, "GET", "/surveys/SV_000000000000000"))["errorCode"] == "GSI_2"


async def test_a_survey_is_switched_and_renamed(v3: Household) -> None:
    survey = await survey_of(v3, live=False)
    for active in (True, False, True):
        answer = await ask(v3, "PUT", f"/surveys/{survey}", json={"isActive": active, "name": "Slow"})
        assert (answer.status_code, list(answer.json())) == (200, ["meta"])
        shown = await result_of(v3, "GET", f"/surveys/{survey}")
        assert (shown["isActive"], shown["name"]) == (active, "Slow")
    dated = {"expiration": {"startDate": None, "endDate": "2027-01-01T00:00:00Z"}}
    assert (
        "not supported" in (await refused(v3, 400, "PUT", f"/surveys/{survey}", json=dated))["errorMessage"]
    )
    assert "not deleted" in (await refused(v3, 400, "DELETE", f"/surveys/{survey}"))["errorMessage"]


async def test_a_file_goes_out_and_comes_in_again(v3: Household) -> None:
    survey = await survey_of(v3)
    file = await result_of(v3, "GET", f"/survey-definitions/{survey}", params={"format": "qsf"})
    assert list(file) == ["SurveyEntry", "SurveyElements"]
    part = ("pulse.qsf", json.dumps(file).encode(), "application/vnd.qualtrics.survey.qsf")
    again = await result_of(v3, "POST", "/surveys", files={"file": part}, data={"name": "Again"})
    whole = await result_of(v3, "POST", "/survey-definitions", json=file)
    copied = await result_of(
        v3, "POST", "/surveys", json={"projectName": "Copy"}, headers={"X-COPY-SOURCE": survey}
    )
    was = (await result_of(v3, "GET", f"/survey-definitions/{survey}"))["Questions"]
    for other in (again["id"], whole["SurveyID"], copied["id"]):
        assert len(other) == 18
        assert (await result_of(v3, "GET", f"/survey-definitions/{other}"))["Questions"] == was
    broken = {"file": ("x.qsf", b"no survey", "application/json")}
    assert "not a survey" in (await refused(v3, 400, "POST", "/surveys", files=broken))["errorMessage"]


async def test_a_definition_and_its_parts(v3: Household) -> None:
    survey = await survey_of(v3)
    at = f"/survey-definitions/{survey}"
    found = await result_of(v3, "GET", at)
    assert list(found) == DEFINITION
    assert found["QuestionCount"] == str(len(found["Questions"]))
    assert list(await result_of(v3, "GET", f"{at}/metadata")) == METADATA
    assert await result_of(v3, "GET", f"{at}/flow") == found["SurveyFlow"]
    assert await result_of(v3, "GET", f"{at}/options") == found["SurveyOptions"]
    block = next(iter(found["Blocks"]))
    assert await result_of(v3, "GET", f"{at}/blocks/{block}") == found["Blocks"][block]
    listed = await result_of(v3, "GET", f"{at}/questions")
    assert listed == {"elements": list(found["Questions"].values()), "nextPage": None}
    unknown = await refused(v3, 403, "GET", "/survey-definitions/SV_000000000000000")
    assert unknown == {"errorMessage": "The operation is forbidden.", "errorCode": "QMST_2.1"}


async def test_questions_are_made_changed_published_and_deleted(v3: Household) -> None:
    made = await result_of(
        v3, "POST", "/survey-definitions",
        json={"SurveyName": "New", "Language": "EN", "ProjectCategory": "CORE"},
    )  # fmt: skip
    assert list(made) == ["SurveyID", "DefaultBlockID"]
    at = f"/survey-definitions/{made['SurveyID']}"
    one = (await result_of(v3, "POST", f"{at}/questions", json=QUESTION))["QuestionID"]
    kept = await result_of(v3, "GET", f"{at}/questions/{one}")
    assert {key: kept[key] for key in ("QuestionText", "DataExportTag", "RecodeValues")} == {
        key: QUESTION[key] for key in ("QuestionText", "DataExportTag", "RecodeValues")
    }
    changed = {**kept, "QuestionText": "Is it slower?"}
    assert list((await ask(v3, "PUT", f"{at}/questions/{one}", json=changed)).json()) == ["meta"]
    assert (await result_of(v3, "GET", f"{at}/questions/{one}"))["QuestionText"] == "Is it slower?"
    version = (await result_of(v3, "POST", f"{at}/versions", json={"Description": "1", "Published": True}))[
        "metadata"
    ]
    assert (version["versionNumber"], version["published"], version["wasPublished"]) == (1, True, True)
    drawn = {**QUESTION, "QuestionType": "Draw", "Selector": "Signature"}
    assert (
        "cannot be asked" in (await refused(v3, 400, "POST", f"{at}/questions", json=drawn))["errorMessage"]
    )
    two = (await result_of(v3, "POST", f"{at}/questions", json={**QUESTION, "DataExportTag": "b"}))[
        "QuestionID"
    ]
    assert one != two
    assert (await ask(v3, "DELETE", f"{at}/questions/{one}")).status_code == 200
    assert list((await result_of(v3, "GET", at))["Questions"]) == [two]
    versions = await result_of(v3, "GET", f"{at}/versions")
    assert [(one["versionNumber"], one["published"]) for one in versions["elements"]] == [
        (1, True),
        (2, False),
    ]
    assert list((await result_of(v3, "GET", f"{at}/versions/1"))["Questions"]) == [one]


async def test_responses_are_given_exported_and_read(v3: Household) -> None:
    made = await result_of(
        v3, "POST", "/survey-definitions",
        json={"SurveyName": "Beskar Armor", "Language": "EN", "ProjectCategory": "CORE"},
    )  # fmt: skip
    survey = made["SurveyID"]
    await result_of(v3, "POST", f"/survey-definitions/{survey}/questions", json=QUESTION)
    await set_policy(v3.ports, v3.tenant, ResponsePolicy(survey, Identity.NAMED), "test")
    closed = await refused(v3, 400, "POST", f"/surveys/{survey}/responses", json={"values": {}})
    assert "collects no answers" in closed["errorMessage"]
    await ask(v3, "PUT", f"/surveys/{survey}", json={"isActive": True})
    empty = await result_of(v3, "POST", f"/surveys/{survey}/responses", json={"values": {}})
    given = await result_of(v3, "POST", f"/surveys/{survey}/responses", json={"values": {"QID1": 20}})
    for wrong in ({"QID1": 3}, {"QID9": 1}):
        assert (
            await ask(v3, "POST", f"/surveys/{survey}/responses", json={"values": wrong})
        ).status_code == 400
    one = await result_of(v3, "GET", f"/surveys/{survey}/responses/{given['responseId']}")
    assert list(one) == ["responseId", "values", "labels", "displayedFields", "displayedValues"]
    assert (one["values"]["QID1"], one["labels"]["QID1"], one["labels"]["finished"]) == (20, "No", "True")
    assert one["displayedFields"] == ["QID1"]
    names, texts, ids, *rows = await _csv_of(v3, survey)
    assert (names[0], texts[0]) == ("StartDate", "Start Date")
    assert ids[0] == '{"ImportId":"startDate","timeZone":"UTC"}'
    column = names.index("slow")
    assert (texts[column], json.loads(ids[column])) == ("Is it slow?", {"ImportId": "QID1"})
    assert sorted(row[column] for row in rows) == ["", "20"]
    assert {row[names.index("ResponseId")] for row in rows} == {empty["responseId"], given["responseId"]}


async def test_exports_say_what_cannot_be_written(v3: Household) -> None:
    survey = await survey_of(v3)
    await set_policy(v3.ports, v3.tenant, ResponsePolicy(survey, Identity.CONFIDENTIAL), "test")
    at = f"/surveys/{survey}/export-responses"
    for body in (
        {},
        {"format": "spss"},
        {"format": "json", "useLabels": True},
        {"format": "csv", "filterId": "x"},
        {"format": "csv", "endDate": "2020-01-01T00:00:00Z"},
        {"format": "csv", "endDate": "soon"},
    ):
        assert (await ask(v3, "POST", at, json=body)).status_code == 400, body
    ahead = {"format": "json", "endDate": "2100-01-01T01:00:00Z"}  # leaves nothing out
    assert read_export(ahead, v3.ports.clock.now()) == read_export({"format": "json"}, v3.ports.clock.now())
    assert (await refused(v3, 404, "GET", f"{at}/ES_000000000000000"))["errorCode"] == "ESSG_2"
    assert (await refused(v3, 404, "POST", "/surveys/SV_0/export-responses", json={"format": "csv"}))[
        "errorCode"
    ] == "GSI_2"


async def test_the_schema_names_every_value(v3: Household) -> None:
    survey = await survey_of(v3)
    found = await result_of(v3, "GET", f"/surveys/{survey}/response-schema")
    assert list(found) == ["$schema", "$id", "title", "description", "type", "required", "properties"]
    values = found["properties"]["values"]["properties"]
    assert values["status"]["dataType"] == "metadata"
    first = recommended_pulse().questions[0].id
    assert any(one.get("questionId") == first for one in values.values())


async def test_library_messages_come_and_go(v3: Household) -> None:
    library = (await result_of(v3, "GET", "/libraries"))["elements"][0]["libraryId"]
    assert len(library) == 18
    at = f"/libraries/{library}/messages"
    body = {
        "category": "invite",
        "description": "Hello",
        "messages": {"en": "Please answer", "pt": "Responda"},
    }
    made = (await result_of(v3, "POST", at, json=body))["id"]
    assert (await result_of(v3, "GET", f"{at}/{made}")) == {
        "category": "invite", "description": "Hello", "messages": {"en": "Please answer", "pt": "Responda"},
    }  # fmt: skip
    assert (await result_of(v3, "GET", at, params={"category": "invite"}))["elements"] == [
        {"id": made, "description": "Hello", "category": "invite"}
    ]
    assert (await result_of(v3, "GET", at, params={"category": "reminder"}))["elements"] == []
    assert list((await ask(v3, "PUT", f"{at}/{made}", json={"description": "Bye"})).json()) == ["meta"]
    assert list((await ask(v3, "DELETE", f"{at}/{made}")).json()) == ["meta"]
    assert (await ask(v3, "GET", f"{at}/{made}")).status_code == 404
    assert (await ask(v3, "POST", at, json={**body, "category": "poem"})).status_code == 400


async def test_a_user_s_own_id_names_the_library_too(v3: Household) -> None:
    user = (await result_of(v3, "GET", "/whoami"))["userId"]
    body = {"category": "invite", "description": "Hello", "messages": {"en": "Please answer"}}
    made = (await result_of(v3, "POST", f"/libraries/{user}/messages", json=body))["id"]
    assert (await result_of(v3, "GET", f"/libraries/{user}/messages/{made}"))["description"] == "Hello"
    await refused(v3, 404, "GET", f"/libraries/UR_{'0' * 15}/messages")


async def _csv_of(v3: Household, survey: str) -> list[list[str]]:
    at = f"/surveys/{survey}/export-responses"
    begun = await result_of(v3, "POST", f"{at}/", json={"format": "csv", "timeZone": "UTC"})
    assert begun == {"progressId": begun["progressId"], "percentComplete": 0.0, "status": "inProgress"}
    done = await result_of(v3, "GET", f"{at}/{begun['progressId']}")
    assert done == {"fileId": done["fileId"], "percentComplete": 100.0, "status": "complete"}
    answer = await ask(v3, "GET", f"{at}/{done['fileId']}/file")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == "attachment; filename=Beskar+Armor.zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == ["Beskar Armor.csv"]
    text = archive.read("Beskar Armor.csv").decode()
    assert text.startswith("StartDate,EndDate,Status,IPAddress,Progress,")
    assert "\r\n" in text
    return list(csv.reader(io.StringIO(text)))
