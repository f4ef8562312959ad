"""Documents as QSF files: the structure that real files have, and nothing lost on the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opulse.experience.surveys.models import Descriptive, SurveyDocument
from opulse.experience.surveys.qsf import Outcome, read_qsf, to_document, write_qsf
from opulse.experience.surveys.qsf.own import KEY
from opulse.experience.surveys.recommended import recommended_pulse
from tests.unit.experience.surveys.kinds import KINDS
from tests.unit.experience.surveys.qsf.files import SURVEY, answers, choices, one_of, qsf, question

ELEMENTS = ["BL", "FL", "SO", "SCO", "PROJ", "STAT", "QC", "RS", "SQ"]
ENTRY = 17  # keys, in every file of the product


def document_of(*questions: dict[str, Any], **more: Any) -> SurveyDocument:
    blocks = [{"id": "BL_0aB1cD2eF3gH4iJ", "questions": list(questions)}]
    return SurveyDocument.model_validate({"title": "Week", "language": "en", "blocks": blocks, **more})


def written(document: SurveyDocument) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write_qsf(document, "Weekly", SURVEY))
    return found


def options_of(file: dict[str, Any]) -> dict[str, Any]:
    return next(one["Payload"] for one in file["SurveyElements"] if one["Element"] == "SO")


def read_back(document: SurveyDocument) -> SurveyDocument:
    return to_document(read_qsf(write_qsf(document, "Weekly", SURVEY))).document


def test_a_file_has_the_elements_of_a_real_one() -> None:
    file = written(recommended_pulse())
    kinds = [one["Element"] for one in file["SurveyElements"]]
    assert list(dict.fromkeys(kinds)) == ELEMENTS
    assert len(file["SurveyEntry"]) == ENTRY
    keys = {"SurveyID", "Element", "PrimaryAttribute", "SecondaryAttribute", "TertiaryAttribute", "Payload"}
    assert all(set(one) == keys for one in file["SurveyElements"])
    blocks = file["SurveyElements"][0]["Payload"]
    assert [one["Type"] for one in blocks] == ["Default", "Trash"]


def test_every_question_stands_in_a_block_and_every_block_in_the_flow() -> None:
    file = written(recommended_pulse())
    asked = {one["PrimaryAttribute"] for one in file["SurveyElements"] if one["Element"] == "SQ"}
    blocks, flow = (one["Payload"] for one in file["SurveyElements"][:2])
    placed = [element["QuestionID"] for block in blocks for element in block["BlockElements"]]
    assert set(placed) == asked
    assert [one["ID"] for one in flow["Flow"]] == [
        block["ID"] for block in blocks if block["Type"] != "Trash"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_back(kind: str) -> None:
    document = document_of(
        {"id": "QID1", "text": "One & only <b>", "note": "A hint", "type": kind, **KINDS[kind]}
    )
    assert read_back(document) == document


def test_the_recommended_pulse_reads_back_in_all_languages() -> None:
    assert read_back(recommended_pulse()) == recommended_pulse()


def test_the_introduction_is_words_before_the_first_question() -> None:
    document = document_of({"id": "QID1", "text": "Well?", "type": "text"}, intro="Two minutes.")
    file = written(document)
    assert options_of(file).get(KEY) is None
    first = next(one["Payload"] for one in file["SurveyElements"] if one["Element"] == "SQ")
    assert (first["QuestionType"], first["QuestionText"]) == ("DB", "Two minutes.")
    assert read_back(document) == document


PLAIN = [
    one_of("QID1", "a", "b"),
    question("QID1", "MC", "MAVR", "TX", **choices("a", "b"), VariableNaming={"1": "A", "2": "b"}),
    question("QID1", "Matrix", "Likert", "MultipleAnswer", **choices("r", "s"), **answers("a", "b")),
    question("QID1", "TE", "FORM", **choices("a", "b")),
    question("QID1", "Slider", "HSLIDER", **choices("a", "b")),
    question("QID1", "DD", "DL", **choices("x", "y"), **answers("A ~ B", "A ~ C")),
    question("QID1", "CS", "VRTL", "TX", **choices("a", "b")),
    question("QID1", "RO", "DND", "TX", **choices("a", "b")),
]


@pytest.mark.parametrize("payload", PLAIN, ids=lambda one: f"{one['QuestionType']}-{one['Selector']}")
def test_ordinary_questions_need_no_key_of_ours(payload: dict[str, Any]) -> None:
    document = to_document(read_qsf(qsf(payload))).document
    assert KEY not in options_of(written(document))
    assert read_back(document) == document


def test_what_was_edited_in_the_product_since_counts_more_than_our_key() -> None:
    rule = {"content": "number", "minimum": 1, "message": "Hours, please."}
    document = document_of(
        {"id": "QID1", "text": "Hours?", "type": "text", "max_length": 50, "rule": rule},
        {"id": "QID2", "text": "Days?", "type": "text", "max_length": 50, "rule": rule},
    )
    file = written(document)
    assert set(options_of(file)[KEY]) == {"question QID1", "question QID2", "digest"}
    edited = next(one["Payload"] for one in file["SurveyElements"] if one["PrimaryAttribute"] == "QID1")
    edited["QuestionText"] = "How many hours?"
    found = to_document(read_qsf(json.dumps(file).encode())).document
    first, second = found.questions
    assert first.text == "How many hours?"
    assert second == document.questions[1]


def test_a_key_of_ours_that_somebody_broke_is_ignored() -> None:
    document = document_of(
        {"id": "QID1", "text": "Well?", "type": "text", "max_length": 50, "secret": True, "lines": "several"}
    )
    file = written(document)
    part = options_of(file)[KEY]["question QID1"]
    part["is"] = {"id": "../etc", "type": "text"}
    found = to_document(read_qsf(json.dumps(file).encode()))
    assert [one.id for one in found.document.questions] == ["QID1"]


def test_an_export_reports_nothing_lost() -> None:
    document = document_of(
        *(
            {"id": f"QID{place}", "text": kind, "type": kind, **KINDS[kind]}
            for place, kind in enumerate(KINDS, 1)
        )
    )
    report = to_document(read_qsf(write_qsf(document, "All kinds", SURVEY))).report
    different = [one.type for one in report.items if one.outcome is not Outcome.TAKEN]
    assert different == ["Timing / PageTimer", "Meta / Browser"]


def test_deleted_questions_are_written_into_the_trash() -> None:
    gone = Descriptive(id="QID9", text="Gone")
    document = document_of({"id": "QID1", "text": "Well?", "type": "text"}).model_copy(
        update={"trash": (gone,)}
    )
    trash = written(document)["SurveyElements"][0]["Payload"][-1]
    assert (trash["Type"], trash["BlockElements"]) == ("Trash", [{"Type": "Question", "QuestionID": "QID9"}])
    assert read_back(document).trash == (gone,)
