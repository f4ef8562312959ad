"""A survey in the editing namespace, read out of the file that we write of it (qualtrics-api.md 1.12 and part 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.api_v3.rules.moments import plain
from opulse.experience.api_v3.rules.owners import owner_id
from opulse.experience.surveys.models import SurveyRecord, SurveyState, SurveyVersion, VersionState

Json = dict[str, Any]
_STATUS = {
    SurveyState.NEW: "Inactive",
    SurveyState.ACTIVE: "Active",
    SurveyState.CLOSED: "Inactive",
}


def stamped(file: Json, record: SurveyRecord, version: SurveyVersion, brand: str) -> Json:
    """The file with what the record knows: who owns it, where it stands, and when."""
    entry = {
        **file["SurveyEntry"],
        "SurveyOwnerID": owner_id(record.tenant),
        "SurveyBrandID": brand,
        "CreatorID": owner_id(record.tenant),
        "SurveyStatus": _STATUS[record.state],
        "SurveyCreationDate": plain(record.created_at),
        "LastModified": plain(record.updated_at),
        "LastActivated": plain(version.published_at),
    }
    return {"SurveyEntry": entry, "SurveyElements": file["SurveyElements"]}


def blank(name: str, language: str) -> Json:
    """A file of a survey with one empty block."""
    block = "BL_" + "0" * 14 + "1"
    made = {"SurveyID": "", "SecondaryAttribute": None, "TertiaryAttribute": None}
    blocks = [{"Type": "Default", "Description": "Default Question Block", "ID": block, "BlockElements": []}]
    steps = [{"Type": "Block", "ID": block, "FlowID": "FL_2"}]
    flow = {"Type": "Root", "FlowID": "FL_1", "Flow": steps, "Properties": {"Count": 2}}
    options = {"SurveyTitle": name, "AvailableLanguages": {language: []}, "BackButton": "true"}
    return {
        "SurveyEntry": {"SurveyName": name, "SurveyLanguage": language},
        "SurveyElements": [
            {**made, "Element": "BL", "PrimaryAttribute": "Survey Blocks", "Payload": blocks},
            {**made, "Element": "FL", "PrimaryAttribute": "Survey Flow", "Payload": flow},
            {**made, "Element": "SO", "PrimaryAttribute": "Survey Options", "Payload": options},
        ],
    }


def definition(file: Json, base_url: str) -> Json:
    """The whole definition: the elements of the file under the names that this namespace gives them."""
    entry = file["SurveyEntry"]
    questions = questions_of(file)
    return {
        "SurveyID": entry["SurveyID"],
        "SurveyName": entry["SurveyName"],
        "SurveyStatus": entry["SurveyStatus"],
        "OwnerID": entry["SurveyOwnerID"],
        "CreatorID": entry["CreatorID"],
        "BrandID": entry["SurveyBrandID"],
        "BrandBaseURL": base_url,
        "DivisionID": entry["DivisionID"],
        "LastModified": entry["LastModified"],
        "LastAccessed": entry["LastAccessed"],
        "LastActivated": entry["LastActivated"],
        "QuestionCount": str(len(questions)),
        "SurveyOptions": payload_of(file, "SO"),
        "SurveyFlow": payload_of(file, "FL"),
        "Blocks": blocks_of(file),
        "Questions": questions,
        "ResponseSets": {
            one["PrimaryAttribute"]: {} for one in file["SurveyElements"] if one["Element"] == "RS"
        },
        "Scoring": payload_of(file, "SCO"),
        "ProjectInfo": payload_of(file, "PROJ"),
    }


def metadata(file: Json) -> Json:
    """The seventeen keys of the entry, in their order."""
    return dict(file["SurveyEntry"])


def payload_of(file: Json, element: str) -> Any:
    """The payload of the one element of this kind."""
    return next(one["Payload"] for one in file["SurveyElements"] if one["Element"] == element)


def blocks_of(file: Json) -> dict[str, Json]:
    """Block id → block."""
    blocks = payload_of(file, "BL")
    return {one["ID"]: one for one in (blocks.values() if isinstance(blocks, Mapping) else blocks)}


def questions_of(file: Json) -> dict[str, Json]:
    """Question id → payload; without those in the trash."""
    gone = {
        part["QuestionID"]
        for block in blocks_of(file).values()
        if block["Type"] == "Trash"
        for part in block.get("BlockElements", [])
        if part.get("Type") == "Question"
    }
    return {
        one["PrimaryAttribute"]: one["Payload"]
        for one in file["SurveyElements"]
        if one["Element"] == "SQ" and one["PrimaryAttribute"] not in gone
    }


def version_metadata(record: SurveyRecord, version: SurveyVersion) -> Json:
    """One version, as the list of versions and the answer to publishing tell it."""
    published = version.state is VersionState.PUBLISHED
    events = [{"date": plain(version.published_at), "userID": owner_id(record.tenant)}] if published else []
    return {
        "surveyID": record.id,
        "versionID": str(version.number),
        "versionNumber": version.number,
        "description": "",
        "creationDate": plain(version.created_at),
        "userID": owner_id(record.tenant),
        "published": published and version.number == record.published,
        "wasPublished": published,
        "publishEvents": events,
    }


def with_part(file: Json, element: str, payload: Any) -> Json:
    """The file with another payload in its one element of this kind."""
    changed = [
        {**one, "Payload": payload} if one["Element"] == element else one for one in file["SurveyElements"]
    ]
    return {**file, "SurveyElements": changed}


def with_question(file: Json, payload: Json, block: str = "") -> Json:
    """The file with this question in place of the one of its id, or as the last of ``block`` (empty: the first block).

    Raises:
        LookupError: there is no such block.
    """
    name, text = payload["QuestionID"], str(payload.get("QuestionText", ""))[:100]
    element = {
        "SurveyID": file["SurveyEntry"]["SurveyID"],
        "Element": "SQ",
        "PrimaryAttribute": name,
        "SecondaryAttribute": text,
        "TertiaryAttribute": None,
        "Payload": payload,
    }
    known = any(one["Element"] == "SQ" and one["PrimaryAttribute"] == name for one in file["SurveyElements"])
    if known:
        elements = [
            element if (one["Element"], one["PrimaryAttribute"]) == ("SQ", name) else one
            for one in file["SurveyElements"]
        ]
        return {**file, "SurveyElements": elements}
    blocks = blocks_of(file)
    into = block or next(iter(blocks))
    if into not in blocks:
        raise LookupError(into)
    parts = [*blocks[into].get("BlockElements", []), {"Type": "Question", "QuestionID": name}]
    blocks[into] = {**blocks[into], "BlockElements": parts}
    changed = with_part(file, "BL", list(blocks.values()))
    return {**changed, "SurveyElements": [*changed["SurveyElements"], element]}


def without_question(file: Json, name: str) -> Json:
    """The file without this question, in no block and not in the trash.

    Raises:
        LookupError: there is no such question.
    """
    if name not in questions_of(file):
        raise LookupError(name)
    blocks = [
        {
            **block,
            "BlockElements": [one for one in block.get("BlockElements", []) if one.get("QuestionID") != name],
        }
        for block in blocks_of(file).values()
    ]
    changed = with_part(file, "BL", blocks)
    kept = [
        one for one in changed["SurveyElements"] if (one["Element"], one["PrimaryAttribute"]) != ("SQ", name)
    ]
    return {**changed, "SurveyElements": kept}


def new_question_id(file: Json) -> str:
    """``QID`` and one more than the highest number in use, the trash included."""
    names = [str(one["PrimaryAttribute"])[3:] for one in file["SurveyElements"] if one["Element"] == "SQ"]
    return f"QID{max((int(one) for one in names if one.isdecimal()), default=0) + 1}"
