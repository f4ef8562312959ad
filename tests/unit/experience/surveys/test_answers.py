"""Posted forms become answers in the product's shape, or problems that name field, reason and limits."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opulse.experience.surveys.models import FieldProblem, FieldReason, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import answer_keys, form_of, validate_answers

CHOICES = [{"id": str(number), "text": f"Choice {number}"} for number in range(1, 13)]
OTHER = [*CHOICES[:2], {"id": "3", "text": "Other", "text_entry": True}]

QUESTIONS: dict[str, dict[str, Any]] = {
    "single_choice": {"choices": OTHER},
    "multiple_choice": {"choices": OTHER, "max_choices": 2},
    "dropdown": {"choices": CHOICES},
    "nps": {"low_label": "Not at all", "high_label": "Very"},
    "stars": {"stars": 5},
    "matrix": {"rows": CHOICES[:2], "scale": CHOICES[:5]},
    "slider": {"minimum": 10, "maximum": 90, "step": 20},
    "text": {"max_length": 5},
    "descriptive": {},
}


def survey(kind: str, **more: Any) -> SurveyDocument:
    question = {"type": kind, "id": "QID1", "text": "?", **QUESTIONS[kind], **more}
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": [question]}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})


@pytest.mark.parametrize(
    ("kind", "form", "answers"),
    [
        ("single_choice", {"QID1": ["2"]}, {"QID1": "2"}),
        (
            "single_choice",
            {"QID1": ["3"], "QID1_3_TEXT": [" a\r\nbus "]},
            {"QID1": "3", "QID1_3_TEXT": "a bus"},
        ),
        ("single_choice", {"QID1": ["2"], "QID1_3_TEXT": ["dropped"]}, {"QID1": "2"}),
        ("multiple_choice", {"QID1": ["3", "1"]}, {"QID1": ["1", "3"]}),
        ("dropdown", {"QID1": [""]}, {}),
        ("dropdown", {"QID1": ["12"]}, {"QID1": "12"}),
        ("nps", {"QID1": ["0"]}, {"QID1": 0}),
        ("stars", {"QID1_1": ["5"]}, {"QID1_1": 5}),
        ("matrix", {"QID1_1": ["5"], "QID1_2": ["1"]}, {"QID1_1": "5", "QID1_2": "1"}),
        ("slider", {"QID1_1": ["50"]}, {"QID1_1": 50}),
        ("slider", {"QID1_1": ["٥٠"]}, {"QID1_1": 50}),
        ("text", {"QID1_TEXT": ["héllo"]}, {"QID1_TEXT": "héllo"}),
        ("text", {"QID1_TEXT": [" \x00\x1b "]}, {}),
        ("descriptive", {"QID1": ["1"]}, {}),
    ],
)
def test_accepted(kind: str, form: dict[str, list[str]], answers: dict[str, Any]) -> None:
    assert validate_answers(survey(kind), form) == (answers, [])


@pytest.mark.parametrize(
    ("kind", "form", "problem"),
    [
        ("single_choice", {"QID1": ["4"]}, FieldProblem("QID1", "QID1", FieldReason.UNKNOWN_CHOICE)),
        ("single_choice", {"QID1": ["1", "2"]}, FieldProblem("QID1", "QID1", FieldReason.SEVERAL_VALUES)),
        (
            "multiple_choice",
            {"QID1": ["1", "2", "3"]},
            FieldProblem("QID1", "QID1", FieldReason.TOO_MANY_CHOICES, maximum=2),
        ),
        ("multiple_choice", {"QID1": ["1", "x"]}, FieldProblem("QID1", "QID1", FieldReason.UNKNOWN_CHOICE)),
        ("nps", {"QID1": ["11"]}, FieldProblem("QID1", "QID1", FieldReason.OUT_OF_RANGE, 0, 10, 1)),
        ("nps", {"QID1": ["9.5"]}, FieldProblem("QID1", "QID1", FieldReason.NOT_A_NUMBER, 0, 10, 1)),
        ("stars", {"QID1_1": ["0"]}, FieldProblem("QID1", "QID1_1", FieldReason.OUT_OF_RANGE, 1, 5, 1)),
        ("matrix", {"QID1_2": ["6"]}, FieldProblem("QID1", "QID1_2", FieldReason.UNKNOWN_CHOICE)),
        ("slider", {"QID1_1": ["40"]}, FieldProblem("QID1", "QID1_1", FieldReason.OUT_OF_RANGE, 10, 90, 20)),
        ("slider", {"QID1_1": ["10", "30"]}, FieldProblem("QID1", "QID1_1", FieldReason.SEVERAL_VALUES)),
        (
            "text",
            {"QID1_TEXT": ["longer"]},
            FieldProblem("QID1", "QID1_TEXT", FieldReason.TOO_LONG, maximum=5),
        ),
        (
            "single_choice",
            {"QID1": ["3"], "QID1_3_TEXT": ["x" * 201]},
            FieldProblem("QID1", "QID1_3_TEXT", FieldReason.TOO_LONG, maximum=200),
        ),
    ],
)
def test_refused(kind: str, form: dict[str, list[str]], problem: FieldProblem) -> None:
    answers, problems = validate_answers(survey(kind), form)
    assert problems == [problem]
    assert problem.key not in answers


@pytest.mark.parametrize("kind", [kind for kind in QUESTIONS if kind != "descriptive"])
def test_a_required_question_left_alone_is_a_problem_per_field(kind: str) -> None:
    document = survey(kind, required=True)
    keys = [key for key in answer_keys(document.questions[0]) if key != "QID1_3_TEXT"]
    answers, problems = validate_answers(document, {key: ["", "  "] for key in keys})
    assert answers == {}
    assert problems == [FieldProblem("QID1", key, FieldReason.REQUIRED) for key in keys]


def test_the_longest_text_is_counted_with_single_line_ends() -> None:
    answers, problems = validate_answers(survey("text", lines="several"), {"QID1_TEXT": ["a\r\nb\r\nc"]})
    assert (answers, problems) == ({"QID1_TEXT": "a\nb\nc"}, [])


def test_a_good_answer_is_kept_beside_a_bad_one() -> None:
    answers, problems = validate_answers(recommended_pulse(), {"QID2": ["3"], "QID3": ["9"]})
    assert answers == {"QID2": "3"}
    assert [(one.key, one.reason) for one in problems] == [
        ("QID1", FieldReason.REQUIRED),
        ("QID3", FieldReason.UNKNOWN_CHOICE),
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the cores are shared
@given(
    kind=st.sampled_from(sorted(QUESTIONS)),
    form=st.dictionaries(
        st.sampled_from(["QID1", "QID1_1", "QID1_2", "QID1_3_TEXT", "QID1_TEXT", "other"]),
        st.lists(st.one_of(st.sampled_from(["1", "3", "10", "50", ""]), st.text(max_size=8)), max_size=3),
    ),
)
def test_whatever_is_posted_accepted_answers_post_again_unchanged(
    kind: str, form: dict[str, list[str]]
) -> None:
    document = survey(kind)
    answers, problems = validate_answers(document, form)
    allowed = set(answer_keys(document.questions[0]))
    assert set(answers) | {one.key for one in problems} <= allowed
    assert validate_answers(document, form_of(answers)) == (answers, [])
