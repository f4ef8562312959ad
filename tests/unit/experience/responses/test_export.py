"""Columns and cells of exports, in the product's spelling."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from opulse.experience.responses.models import AnswerRow, Identity, ResponseState
from opulse.experience.responses.rules.export import columns_of, label_of, union_of, value_of
from opulse.experience.responses.rules.export.embedded import embedded_of
from opulse.experience.responses.rules.export.lines import Sheet, csv_header, csv_lines, json_object
from opulse.experience.surveys.models import SurveyDocument

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def choices(*texts: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": str(number), "text": text, **more} for number, text in enumerate(texts, 1)]


def document(*questions: dict[str, Any], loop: dict[str, Any] | None = None) -> SurveyDocument:
    asked = [{"text": f"About {one['id']}?", **one} for one in questions]
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": asked, "loop": loop}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})


KINDS = document(
    {"id": "QID1", "type": "single_choice", "export_tag": "Impact",
     "choices": [{"id": "1", "text": "None", "recode": "10"}, {"id": "2", "text": "Other", "text_entry": True}]},
    {"id": "QID2", "type": "multiple_choice", "choices": choices("Mail", "VPN")},
    {"id": "QID3", "type": "nps", "low_label": "No", "high_label": "Yes"},
    {"id": "QID4", "type": "matrix", "rows": choices("Mail", "VPN"), "scale": choices("Good", "Bad")},
    {"id": "QID5", "type": "matrix", "rows": choices("Mail"), "scale": choices("Slow", "Lost"), "answers": "several"},
    {"id": "QID6", "type": "text"},
    {"id": "QID7", "type": "stars"},
    {"id": "QID8", "type": "form", "fields": choices("Name", "Room")},
    {"id": "QID9", "type": "side_by_side", "rows": choices("Mail"),
     "columns": [{"id": "1", "text": "How", "scale": choices("Good", "Bad")}, {"id": "2", "text": "Why", "answers": "text"}]},
    {"id": "QID10", "type": "drill_down", "levels": ["Site", "Floor"],
     "options": [{"id": "1", "text": "Bern", "options": [{"id": "2", "text": "Third"}]}]},
    {"id": "QID11", "type": "descriptive"},
)  # fmt: skip


def test_every_kind_has_its_columns_and_import_ids() -> None:
    assert [(one.name, one.import_id, one.choice) for one in columns_of(KINDS)] == [
        ("Impact", "QID1", ""),
        ("Impact_2_TEXT", "QID1_2_TEXT", ""),
        ("QID2_1", "QID2", "1"),
        ("QID2_2", "QID2", "2"),
        ("QID3_NPS_GROUP", "QID3_NPS_GROUP", ""),
        ("QID3", "QID3", ""),
        ("QID4_1", "QID4_1", ""),
        ("QID4_2", "QID4_2", ""),
        ("QID5_1_1", "QID5_1_1", "1"),
        ("QID5_1_2", "QID5_1_2", "2"),
        ("QID6", "QID6_TEXT", ""),
        ("QID7_1", "QID7_1", ""),
        ("QID8_1", "QID8_1", ""),
        ("QID8_2", "QID8_2", ""),
        ("QID9#1_1", "QID9#1_1", ""),
        ("QID9#2_1_TEXT", "QID9#2_1_TEXT", ""),
        ("QID10_1", "QID10_1", ""),
        ("QID10_2", "QID10_2", ""),
    ]


ANSWERS = {
    "QID1": "1",
    "QID2": ["2"],
    "QID3": 9,
    "QID4_1": "2",
    "QID5_1": ["1", "2"],
    "QID6_TEXT": "=cmd",
    "QID7_1": 4,
    "QID8_2": "3.14",
    "QID9#1_1": "2",
    "QID9#2_1_TEXT": "slow",
    "QID10_1": "1",
    "QID10_2": "2",
}


def test_values_are_recodes_and_labels_are_words() -> None:
    columns = columns_of(KINDS)
    assert [value_of(one, ANSWERS) for one in columns] == [
        10, None, None, 2, 3, 9, 2, None, 1, 2, "=cmd", 4, None, "3.14", 2, "slow", 1, 2,
    ]  # fmt: skip
    assert [label_of(one, ANSWERS) for one in columns] == [
        "None", None, None, "VPN", "Promoter", 9, "Bad", None, "Slow", "Lost", "=cmd", 4, None, "3.14", "Bad", "slow",
        "Bern", "Third",
    ]  # fmt: skip


def test_rounds_of_a_loop_have_columns_of_their_own() -> None:
    rows = [{"id": "1", "fields": ["Mail"]}, {"id": "3", "fields": ["VPN"]}]
    columns = columns_of(document({"id": "QID1", "type": "text"}, loop={"rows": rows}))
    assert [(one.name, one.key) for one in columns] == [("1_QID1", "1_QID1_TEXT"), ("3_QID1", "3_QID1_TEXT")]


def test_older_versions_add_what_only_they_asked() -> None:
    newer = document({"id": "QID1", "type": "single_choice", "choices": choices("A", "B")})
    older = document(
        {"id": "QID1", "type": "single_choice", "choices": choices("A", "B", "C")},
        {"id": "QID2", "type": "text"},
    )
    columns = union_of(columns_of(one) for one in (newer, older))
    assert [one.import_id for one in columns] == ["QID1", "QID2_TEXT"]
    assert label_of(columns[0], {"QID1": "3"}) == "C"


def row(**values: Any) -> AnswerRow:
    given: dict[str, Any] = {
        "id": "R_1", "state": ResponseState.RECORDED, "signs": (), "version": 1, "activation": "a-1", "answers": ANSWERS,
        "language": "en", "started_at": NOON.replace(minute=1), "updated_at": NOON.replace(minute=3), "recorded_at": NOON,
        "individual": True, "first_name": "Eve", "last_name": "Oz", "email": "eve@example.org", "reference": "E1",
    }  # fmt: skip
    return AnswerRow(**{**given, **values})


def table(sheet: Sheet, *rows: AnswerRow) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_header(sheet) + "".join(csv_lines(sheet, rows)))))


def test_three_header_rows_and_times_in_the_zone() -> None:
    sheet = Sheet(Identity.NAMED, columns_of(KINDS), labels=False, texts=True, zone="Europe/Berlin")
    names, texts, ids, cells = table(sheet, row())
    read = dict(zip(names, cells, strict=True))
    assert json.loads(ids[0]) == {"ImportId": "startDate", "timeZone": "Europe/Berlin"}
    assert json.loads(ids[names.index("QID2_2")]) == {"ImportId": "QID2", "choiceId": "2"}
    assert json.loads(ids[names.index("QID5_1_2")]) == {"ImportId": "QID5_1_2"}
    assert texts[names.index("QID4_2")] == "About QID4? - VPN"
    assert (read["StartDate"], read["Duration (in seconds)"]) == ("2026-11-23 13:01:00", "120")
    assert (read["RecipientEmail"], read["Finished"], read["Status"]) == ("eve@example.org", "1", "0")
    assert read["QID6"] == "'=cmd", "a spreadsheet does not run what a person wrote"


def test_without_names_nothing_names_or_finds_the_person() -> None:
    sheet = Sheet(Identity.CONFIDENTIAL, columns_of(KINDS), labels=True, texts=False)
    names, _, _, cells = table(sheet, row(state=ResponseState.QUARANTINED, signs=("no_dwell",)))
    read = dict(zip(names, cells, strict=True))
    hidden = (
        "StartDate",
        "EndDate",
        "RecordedDate",
        "RecipientEmail",
        "RecipientFirstName",
        "UserLanguage",
        "QID6",
    )
    assert [read[name] for name in hidden] == [""] * len(hidden)
    assert (read["Impact"], read["Status"], read["MachineSigns"]) == ("None", "Spam", "no_dwell")
    said = json.dumps(json_object(sheet, row()))
    assert "eve@" not in said and "2026" not in said and "cmd" not in said


def test_a_json_response_has_the_products_keys() -> None:
    read = json_object(Sheet(Identity.NAMED, columns_of(KINDS), labels=False, texts=True), row())
    assert read["responseId"] == "R_1"
    values, labels = read["values"], read["labels"]
    assert isinstance(values, dict)
    assert isinstance(labels, dict)
    assert (values["QID1"], labels["QID1"], values["QID2"], labels["QID2"]) == (10, "None", ["2"], ["VPN"])
    assert (values["QID5_1"], values["QID3"], values["QID3_NPS_GROUP"]) == (["1", "2"], 9, 3)
    assert (values["finished"], labels["finished"], values["recordedDate"]) == (
        1,
        "True",
        "2026-11-23T12:00:00.000Z",
    )


def with_fields() -> SurveyDocument:
    """A flow that sets three fields: by the author, from the contact, and what the contact brought."""
    flow = [
        {"type": "embedded_data", "id": "FL_1", "fields": [{"name": "wave", "value": "one"}]},
        {
            "type": "branch",
            "id": "FL_2",
            "when": {"conditions": [{"kind": "constant", "value": True}]},
            "flow": [
                {
                    "type": "embedded_data",
                    "id": "FL_3",
                    "fields": [{"name": "who", "value": "${m://FirstName}"}, {"name": "site"}],
                }
            ],
        },
        {"type": "block", "block": "BL_aaaaaaaaaaa"},
    ]
    plain = document({"id": "QID1", "type": "text"}).model_dump(mode="json")
    return SurveyDocument.model_validate({**plain, "flow": flow})


def test_embedded_data_stands_behind_the_questions_and_names_nobody() -> None:
    assert embedded_of([with_fields()], Identity.NAMED) == ("wave", "who", "site")
    assert embedded_of([with_fields()], Identity.CONFIDENTIAL) == ("wave",)
    sheet = Sheet(Identity.NAMED, [], labels=False, texts=True, embedded=("wave", "site"))
    names, _, ids, cells = table(sheet, row(embedded={"wave": "one", "other": "no"}))
    place = names.index("wave")
    assert (ids[place], cells[place], cells[place + 1], names[place + 2]) == (
        '{"ImportId":"wave"}',
        "one",
        "",
        "ActivationId",
    )
    values = json_object(sheet, row(embedded={"wave": "one"}))["values"]
    assert isinstance(values, dict)
    assert values["wave"] == "one"
