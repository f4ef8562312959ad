"""Display logic: decided from earlier answers, blind to answers of hidden questions."""

from opulse.experience.surveys.models import Answers, SurveyDocument
from opulse.experience.surveys.rules import newly_shown, shown_questions, validate_answers

CHOICES = [{"id": "1", "text": "Yes"}, {"id": "2", "text": "No"}, {"id": "3", "text": "Partly"}]


def survey(match: str = "all") -> SurveyDocument:
    """QID2 when QID1 is Yes; QID3 when QID1 is not No and/or QID2 has Partly; QID4 when matrix row 2 is 3."""
    both = [
        {"question": "QID1", "choice": "2", "operator": "not_selected"},
        {"question": "QID2", "choice": "3"},
    ]
    row = {"conditions": [{"question": "QID5", "choice": "3", "row": "2"}]}
    questions = [
        {"type": "single_choice", "id": "QID1", "text": "A", "choices": CHOICES},
        {
            "type": "multiple_choice",
            "id": "QID2",
            "text": "B",
            "choices": CHOICES,
            "required": True,
            "display": {"conditions": [{"question": "QID1", "choice": "1"}]},
        },
        {
            "type": "text",
            "id": "QID3",
            "text": "C",
            "required": True,
            "display": {"match": match, "conditions": both},
        },
        {"type": "matrix", "id": "QID5", "text": "M", "rows": CHOICES[:2], "scale": CHOICES},
        {"type": "text", "id": "QID4", "text": "D", "display": row},
    ]
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": questions}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})


def shown(document: SurveyDocument, answers: Answers) -> list[str]:
    return [question.id for question in shown_questions(document, answers)]


def test_nothing_answered_shows_what_asks_for_nothing() -> None:
    assert shown(survey(), {}) == ["QID1", "QID5"]
    assert shown(survey("any"), {}) == ["QID1", "QID3", "QID5"], (
        "not selected holds while nothing is selected"
    )


def test_all_needs_every_condition_and_any_needs_one() -> None:
    assert shown(survey(), {"QID1": "1", "QID2": ["3"]}) == ["QID1", "QID2", "QID3", "QID5"]
    assert shown(survey(), {"QID1": "1", "QID2": ["1"]}) == ["QID1", "QID2", "QID5"]
    assert shown(survey("any"), {"QID1": "2"}) == ["QID1", "QID5"]


def test_an_answer_left_behind_by_a_hidden_question_shows_nothing() -> None:
    assert shown(survey(), {"QID1": "3", "QID2": ["3"]}) == ["QID1", "QID5"]


def test_a_matrix_row_can_show_a_question() -> None:
    assert "QID4" in shown(survey(), {"QID5_2": "3"})
    assert "QID4" not in shown(survey(), {"QID5_1": "3"})


def test_fields_of_hidden_questions_are_ignored_even_when_required() -> None:
    answers, problems = validate_answers(survey(), {"QID1": ["2"], "QID2": ["3"], "QID3_TEXT": ["why not"]})
    assert (answers, problems) == ({"QID1": "2"}, [])


def test_newly_shown_names_only_what_the_page_did_not_have() -> None:
    document = survey()
    seen = ["QID1", "QID5"]
    assert [question.id for question in newly_shown(document, {"QID1": "1"}, seen)] == ["QID2"]
    assert newly_shown(document, {"QID1": "2"}, seen) == ()
