"""The document holds every kind of question and every step, as JSON and back."""

import json

import pytest
from pydantic import ValidationError

from opulse.experience.surveys.models import ChoiceCondition, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import answer_keys, localise, text_keys, validate_document, with_texts
from tests.unit.experience.surveys.kinds import KINDS, every_kind, flowing, question, survey_of

KEYS = {
    "single_choice": ["QID1", "QID1_4_TEXT"],
    "multiple_choice": ["QID1"],
    "dropdown": ["QID1"],
    "nps": ["QID1"],
    "stars": ["QID1_1", "QID1_2"],
    "matrix": ["QID1_1", "QID1_2"],
    "slider": ["QID1_1", "QID1_2"],
    "rank_order": ["QID1_1", "QID1_2", "QID1_3"],
    "constant_sum": ["QID1_1", "QID1_2", "QID1_3"],
    "text": ["QID1_TEXT"],
    "form": ["QID1_1", "QID1_2"],
    "text_matrix": ["QID1_1_1", "QID1_1_2", "QID1_2_1", "QID1_2_2"],
    "side_by_side": [
        *("QID1#1_1", "QID1#1_2", "QID1#2_1_TEXT", "QID1#2_2_TEXT"),
        *("QID1#3_1", "QID1#3_2", "QID1#4_1", "QID1#4_2"),
    ],
    "drill_down": ["QID1_1", "QID1_2"],
    "descriptive": [],
    "timing": ["QID1_PAGE_SUBMIT"],
    "meta": ["QID1_BROWSER", "QID1_VERSION", "QID1_OS", "QID1_DEVICE"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_survives_json_and_names_its_answers_as_the_product_does(kind: str) -> None:
    document = survey_of(question(kind))
    assert SurveyDocument.model_validate_json(document.model_dump_json()) == document
    assert list(answer_keys(document.questions[0])) == KEYS[kind]


def test_a_document_of_every_kind_and_one_with_every_step_have_no_problem() -> None:
    for document in (every_kind(), flowing()):
        assert validate_document(document) == []
        assert SurveyDocument.model_validate(json.loads(document.model_dump_json())) == document


def test_a_document_of_the_first_version_is_read_as_it_was() -> None:
    stored = {
        "schema_version": 1,
        "title": "T",
        "intro": "",
        "language": "en",
        "end_text": "",
        "translations": {},
        "blocks": [
            {
                "id": "BL_aaaaaaaaaaa",
                "title": "",
                "questions": [
                    question("nps"),
                    {
                        **question("dropdown", "QID2"),
                        "note": "",
                        "required": False,
                        "display": {
                            "match": "all",
                            "conditions": [
                                {"question": "QID1", "choice": "9", "operator": "selected", "row": None}
                            ],
                        },
                    },
                ],
            }
        ],
    }
    (condition,) = SurveyDocument.model_validate(stored).questions[1].display.conditions  # type: ignore[union-attr]
    assert condition == ChoiceCondition(question="QID1", choice="9")


def test_an_unknown_field_a_wrong_kind_of_condition_and_a_bad_id_are_refused() -> None:
    for broken in (
        {"choicess": []},
        {"id": "Q1"},
        {"display": {"conditions": [{"kind": "moon", "phase": "full"}]}},
        {"display": {"conditions": []}},
    ):
        with pytest.raises(ValidationError):
            survey_of(question("dropdown") | broken)


def test_every_text_can_be_translated_and_comes_back_in_its_place() -> None:
    for document in (every_kind(), flowing(), recommended_pulse()):
        keys = text_keys(document)
        assert len(set(keys)) == len(keys)
        translated = with_texts(document, "fr", {key: f"fr {key}" for key in keys})
        worded = localise(translated, "fr")
        whole = translated.model_copy(update={"blocks": worded.blocks, "flow": worded.flow})
        for key, text in text_keys(whole).items():
            if key not in ("title", "intro", "end_text"):
                assert text == f"fr {key}"
