"""A survey in the summary namespace: the element of the list, and the whole with its questions (qualtrics-api.md 1.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opulse.experience.api_v3.rules.moments import iso
from opulse.experience.api_v3.rules.owners import owner_id
from opulse.experience.responses.rules.export import Column
from opulse.experience.surveys.models import SurveyDocument, SurveyRecord, SurveyState

Json = dict[str, Any]


def summary(record: SurveyRecord) -> Json:
    """The element of the list; clients check the exact set and its order."""
    return {
        "id": record.id,
        "name": record.name,
        "ownerId": owner_id(record.tenant),
        "lastModified": iso(record.updated_at),
        "creationDate": iso(record.created_at),
        "isActive": record.state is SurveyState.ACTIVE,
    }


def whole(
    record: SurveyRecord,
    document: SurveyDocument,
    columns: Sequence[Column],
    payloads: Mapping[str, Json],
    flow: Sequence[Json],
    responses: int,
    brand: str,
) -> Json:
    """One survey. ``payloads``: question id → its payload in survey files, from which the summary form is read."""
    return {
        "id": record.id,
        "name": record.name,
        "ownerId": owner_id(record.tenant),
        "organizationId": brand,
        "isActive": record.state is SurveyState.ACTIVE,
        "creationDate": iso(record.created_at),
        "lastModifiedDate": iso(record.updated_at),
        "expiration": {"startDate": None, "endDate": None},
        "questions": {one.id: _question(payloads[one.id]) for one in document.questions},
        "exportColumnMap": {one.name: _column(one) for one in columns},
        "blocks": {
            block.id: {
                "description": block.name or block.title or block.id,
                "elements": [{"type": "Question", "questionId": one.id} for one in block.questions],
            }
            for block in document.blocks
        },
        "flow": [_step(one) for one in flow],
        "embeddedData": [
            {"name": field["Field"], **({"defaultValue": field["Value"]} if field.get("Value") else {})}
            for field in _fields(flow)
        ],
        "comments": {},
        "loopAndMerge": {},
        "responseCounts": {"auditable": responses, "generated": 0, "deleted": 0},
    }


def _column(column: Column) -> Json:
    given: Json = {"question": column.key.partition("_")[0]}
    if column.choice:
        given["choice"] = f"{given['question']}.choices.{column.choice}"
    elif column.key != given["question"]:
        given["subQuestion"] = f"{given['question']}.subQuestions.{column.key.partition('_')[2]}"
    return given


def _question(payload: Json) -> Json:
    """In a matrix, rows are ``subQuestions`` and points of the scale are ``choices``."""
    has_answers = isinstance(payload.get("Answers"), dict)
    found: Json = {
        "questionType": {
            "type": payload.get("QuestionType"),
            "selector": payload.get("Selector"),
            "subSelector": payload.get("SubSelector"),
        },
        "questionText": payload["QuestionText"],
        "questionLabel": payload["QuestionDescription"]
        if payload["Configuration"]["QuestionDescriptionOption"] == "SpecifyLabel"
        else None,
        "validation": _validation(payload),
        "questionName": payload["DataExportTag"],
    }
    points = payload.get("Answers" if has_answers else "Choices")
    if isinstance(points, dict) and points:
        found["choices"] = _choices(points, payload)
    rows = payload.get("Choices")
    if has_answers and isinstance(rows, dict):
        found["subQuestions"] = _choices(rows, {})
    if isinstance(payload.get("Randomization"), dict):
        found["randomization"] = {"type": payload["Randomization"].get("Type", "None")}
    return found


def _validation(payload: Json) -> Json:
    settings = payload["Validation"]["Settings"]
    found: Json = {"doesForceResponse": settings.get("ForceResponse") == "ON"}
    if settings.get("Type") not in (None, "None"):
        found |= {"type": settings["Type"], "settings": settings}
    return found


def _choices(choices: Mapping[str, Any], payload: Json) -> Json:
    recodes, names = (_named(payload.get(key)) for key in ("RecodeValues", "VariableNaming"))
    return {
        key: {
            "recode": recodes.get(key, key),
            "description": names.get(key, choice["Display"]),
            "choiceText": choice["Display"],
            "imageDescription": None,
            "variableName": names.get(key),
            "analyze": True,
        }
        for key, choice in choices.items()
        if isinstance(choice, dict)
    }


def _named(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _step(step: Json) -> Json:
    found: Json = {"type": step["Type"]}
    if "ID" in step:
        found["id"] = step["ID"]
    if "Flow" in step:
        found["flow"] = [_step(one) for one in step["Flow"]]
    return found


def _fields(flow: Sequence[Json]) -> list[Json]:
    found: list[Json] = []
    for step in flow:
        found += step.get("EmbeddedData") or []
        found += _fields(step.get("Flow") or [])
    return found
