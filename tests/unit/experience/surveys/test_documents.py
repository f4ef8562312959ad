"""A document that nobody may be asked with says why."""

import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from opulse.experience.surveys.models import DocumentProblem, DocumentReason, SurveyDocument
from opulse.experience.surveys.recommended import LOST_MINUTES, LOST_TIME_QUESTION, recommended_pulse
from opulse.experience.surveys.rules import missing_translations, text_keys, validate_document

YES_NO = [{"id": "1", "text": "Yes"}, {"id": "2", "text": "No"}]


def document(*questions: dict[str, Any], **more: Any) -> SurveyDocument:
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": list(questions)}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks, **more})


def single(id: str, **more: Any) -> dict[str, Any]:
    return {"type": "single_choice", "id": id, "text": f"Question {id}", "choices": YES_NO, **more}


def when(question: str, choice: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"question": question, "choice": choice, **more}]}


TEXT = {"type": "text", "id": "QID1", "text": "Why?"}
FLOW_OF = [{"type": "block", "block": "BL_aaaaaaaaaaa"}]


def looping(loop: dict[str, Any]) -> SurveyDocument:
    block = {"id": "BL_aaaaaaaaaaa", "questions": [single("QID1")], "loop": loop}
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": [block]})


def ending(address: str) -> SurveyDocument:
    end = {"type": "end", "id": "FL_1", "redirect": address}
    return document(single("QID1"), flow=[*FLOW_OF, end])


MATRIX = {"type": "matrix", "id": "QID1", "text": "Rate", "rows": YES_NO, "scale": YES_NO}

CASES = {
    DocumentReason.NO_QUESTION: (
        document({"type": "descriptive", "id": "QID1", "text": "Hello"}),
        "blocks",
        "",
    ),
    DocumentReason.DUPLICATE_QUESTION: (document(single("QID1"), single("QID1")), "QID1", ""),
    DocumentReason.DUPLICATE_CHOICE: (document(single("QID1", choices=YES_NO[:1] * 2)), "QID1", "1"),
    DocumentReason.UNKNOWN_QUESTION: (document(single("QID1", display=when("QID9", "1"))), "QID1", "QID9"),
    DocumentReason.LATER_QUESTION: (
        document(single("QID1", display=when("QID2", "1")), single("QID2")),
        "QID1",
        "QID2",
    ),
    DocumentReason.UNKNOWN_CHOICE: (
        document(MATRIX, single("QID2", display=when("QID1", "1", row="3"))),
        "QID2",
        "QID1.3.1",
    ),
    DocumentReason.NOT_A_CHOICE_QUESTION: (
        document({"type": "text", "id": "QID1", "text": "Why?"}, single("QID2", display=when("QID1", "1"))),
        "QID2",
        "QID1",
    ),
    DocumentReason.EMPTY_RANGE: (
        document({"type": "slider", "id": "QID1", "text": "Hours", "minimum": 5, "maximum": 5}),
        "QID1",
        "",
    ),
    DocumentReason.UNKNOWN_ANSWER: (
        document(
            TEXT,
            single(
                "QID2",
                display={
                    "conditions": [{"kind": "answer", "question": "QID1", "part": "7", "operator": "empty"}]
                },
            ),
        ),
        "QID2",
        "QID1_7",
    ),
    DocumentReason.BACKWARD_SKIP: (
        document(single("QID1"), single("QID2", skips=[{"when": when("QID2", "1"), "to": "QID1"}])),
        "QID2",
        "QID1",
    ),
    DocumentReason.BAD_PATTERN: (
        document({**TEXT, "rule": {"content": "pattern", "pattern": "(?=no look-around)"}}),
        "QID1",
        "(?=no look-around)",
    ),
    DocumentReason.LIMITS_CROSSED: (
        document({**TEXT, "rule": {"content": "number", "minimum": 9, "maximum": 2.5}}),
        "QID1",
        "9 > 2.5",
    ),
    DocumentReason.MORE_THAN_THERE_IS: (
        document(single("QID1", order={"kind": "random", "show": 3})),
        "QID1",
        "3",
    ),
    DocumentReason.NO_SCALE: (
        document(
            {
                "type": "side_by_side",
                "id": "QID1",
                "text": "?",
                "rows": YES_NO,
                "columns": [{"id": "2", "text": "How"}],
            }
        ),
        "QID1",
        "2",
    ),
    DocumentReason.DUPLICATE_STEP: (
        document(
            single("QID1"),
            flow=[*FLOW_OF, {"type": "group", "id": "FL_1", "flow": [{"type": "end", "id": "FL_1"}]}],
        ),
        "FL_1",
        "",
    ),
    DocumentReason.UNKNOWN_BLOCK: (
        document(single("QID1"), flow=[*FLOW_OF, {"type": "block", "block": "BL_zzzzzzzzzzz"}]),
        "flow",
        "BL_zzzzzzzzzzz",
    ),
    DocumentReason.NOTHING_TO_LOOP_OVER: (looping({}), "BL_aaaaaaaaaaa", ""),
    DocumentReason.UNSAFE_REDIRECT: (
        ending("http://intranet.example/thanks"),
        "FL_1",
        "http://intranet.example/thanks",
    ),
    DocumentReason.UNKNOWN_TEXT_KEY: (
        document(single("QID1"), translations={"de": {"QID1.choice.3": "Vielleicht"}}),
        "de",
        "QID1.choice.3",
    ),
    DocumentReason.BASE_LANGUAGE_TRANSLATED: (
        document(single("QID1"), translations={"en": {"title": "T"}}),
        "en",
        "",
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_each_fault_is_named_with_its_place(reason: DocumentReason) -> None:
    broken, where, detail = CASES[reason]
    assert validate_document(broken) == [DocumentProblem(where, reason, detail)]


def test_two_blocks_with_one_id() -> None:
    block = {"id": "BL_aaaaaaaaaaa", "questions": [single("QID1")]}
    other = {"id": "BL_aaaaaaaaaaa", "questions": [single("QID2")]}
    twice = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": [block, other]})
    assert validate_document(twice) == [DocumentProblem("BL_aaaaaaaaaaa", DocumentReason.DUPLICATE_BLOCK)]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://bank.example@evil.example/",
        "https://${e://Field/host}/",
        "https://",
        "https://exam ple.org",
        "//evil.example",
        "https:\\\\evil.example",
    ],
)
def test_an_end_leads_to_a_plain_https_address_alone(address: str) -> None:
    assert [one.reason for one in validate_document(ending(address))] == [DocumentReason.UNSAFE_REDIRECT]
    assert validate_document(ending("https://intranet.example/thanks?site=${e://Field/site}")) == []


def test_a_branch_looks_at_blocks_that_come_before_it_alone() -> None:
    branch = {"type": "branch", "id": "FL_1", "when": when("QID1", "1"), "flow": []}
    early = document(single("QID1"), flow=[branch, *FLOW_OF])
    assert validate_document(early) == [DocumentProblem("FL_1", DocumentReason.LATER_QUESTION, "QID1")]
    assert validate_document(document(single("QID1"), flow=[*FLOW_OF, branch])) == []


def test_conditions_in_brackets_and_skips_are_looked_into() -> None:
    nested = {
        "conditions": [{"kind": "group", "match": "any", "conditions": when("QID9", "1")["conditions"]}]
    }
    unknown = [DocumentProblem("QID1", DocumentReason.UNKNOWN_QUESTION, "QID9")]
    assert validate_document(document(single("QID1", display=nested))) == unknown
    skipping = single("QID1", skips=[{"when": nested, "to": "end_of_block"}])
    assert validate_document(document(skipping)) == unknown


def test_every_reason_is_covered_here() -> None:
    assert {*CASES, DocumentReason.DUPLICATE_BLOCK} == set(DocumentReason)


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="requierd"):
        document(single("QID1", requierd=True))


@pytest.mark.parametrize("wrong", ["Q1", "QID_1", "QID1 "])
def test_ids_have_the_products_shape(wrong: str) -> None:
    if wrong.strip() == "QID1":
        assert document(single(wrong)).questions[0].id == "QID1"
        return
    with pytest.raises(ValidationError):
        document(single(wrong))


def test_the_recommended_pulse_may_be_published_and_is_fully_translated() -> None:
    pulse = recommended_pulse()
    assert validate_document(pulse) == []
    assert pulse.languages == ("en", "de", "ar")
    assert [missing_translations(pulse, language) for language in pulse.languages] == [[], [], []]


def test_the_recommended_pulse_has_three_closed_questions_and_an_optional_comment() -> None:
    impact, lost_time, keep_working, comment = recommended_pulse().questions
    assert impact.required
    assert not (lost_time.required or keep_working.required or comment.required)
    assert comment.note == "Please do not name people."
    assert [len(text_keys(recommended_pulse())), impact.type, comment.type] == [23, "single_choice", "text"]


def test_lost_time_bands_follow_the_choices() -> None:
    question = next(one for one in recommended_pulse().questions if one.id == LOST_TIME_QUESTION)
    assert question.type == "single_choice"
    assert list(LOST_MINUTES) == [choice.id for choice in question.choices]
    bands = list(LOST_MINUTES.values())
    assert all(most == least for (_, most), (least, _) in itertools.pairwise(bands))


def test_a_document_survives_storage() -> None:
    pulse = recommended_pulse()
    assert SurveyDocument.model_validate_json(pulse.model_dump_json()) == pulse
