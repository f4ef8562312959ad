"""What each further kind of question takes, and what it says about the rest."""

from typing import Any

import pytest

from opulse.experience.surveys.models import FieldReason, TextRule
from opulse.experience.surveys.rules import form_of, validate_answers
from opulse.experience.surveys.rules.entered import judge_text
from tests.unit.experience.surveys.kinds import every_kind, question, survey_of

ACCEPTED: list[tuple[str, dict[str, list[str]], dict[str, Any]]] = [
    ("single_choice", {"QID1": ["4"], "QID1_4_TEXT": ["tea"]}, {"QID1": "4", "QID1_4_TEXT": "tea"}),
    ("multiple_choice", {"QID1": ["3"]}, {"QID1": ["3"]}),
    ("multiple_choice", {"QID1": ["2", "1"]}, {"QID1": ["1", "2"]}),
    ("stars", {"QID1_2": ["4"]}, {"QID1_2": 4}),
    ("matrix", {"QID1_1": ["3", "1"], "QID1_2": ["2"]}, {"QID1_1": ["1", "3"], "QID1_2": ["2"]}),
    ("slider", {"QID1_1": ["55"], "QID1_2": ["0"], "QID1_2_SKIP": ["1"]}, {"QID1_1": 55}),
    ("rank_order", {"QID1_1": ["2"], "QID1_2": [""], "QID1_3": ["1"]}, {"QID1_1": 2, "QID1_3": 1}),
    ("rank_order", {"QID1_3": ["1"]}, {"QID1_3": 1}),
    ("constant_sum", {"QID1_1": ["60"], "QID1_3": ["40"]}, {"QID1_1": 60, "QID1_2": 0, "QID1_3": 40}),
    ("constant_sum", {"QID1_1": [""], "QID1_2": [" "]}, {}),
    ("text", {"QID1_TEXT": ["3,5"]}, {"QID1_TEXT": "3.5"}),
    ("text", {"QID1_TEXT": ["٣٫٥"]}, {"QID1_TEXT": "3.5"}),
    (
        "form",
        {"QID1_1": ["a@b.org"], "QID1_2": ["2026-02-28"]},
        {"QID1_1": "a@b.org", "QID1_2": "2026-02-28"},
    ),
    ("text_matrix", {"QID1_2_1": [" x "]}, {"QID1_2_1": "x"}),
    (
        "side_by_side",
        {"QID1#1_1": ["3"], "QID1#2_1_TEXT": ["why\r\nnot"], "QID1#3_2": ["2", "1"], "QID1#4_2": ["3"]},
        {"QID1#1_1": "3", "QID1#2_1_TEXT": "why\nnot", "QID1#3_2": ["1", "2"], "QID1#4_2": "3"},
    ),
    ("drill_down", {"QID1": ["3"]}, {"QID1_1": "1", "QID1_2": "3"}),
    ("drill_down", {"QID1": ["4"]}, {"QID1_1": "4"}),
    ("timing", {"QID1_PAGE_SUBMIT": ["1"]}, {}),
    ("meta", {"QID1_BROWSER": ["made up"]}, {}),
]


@pytest.mark.parametrize(("kind", "form", "answers"), ACCEPTED)
def test_accepted(kind: str, form: dict[str, list[str]], answers: dict[str, Any]) -> None:
    survey = survey_of(question(kind))
    taken, problems = validate_answers(survey, form)
    if kind != "form":
        assert problems == []
    assert taken == answers
    assert validate_answers(survey, form_of(taken, survey.questions))[0] == answers, (
        "changing an answer loses nothing"
    )


REFUSED: list[tuple[str, dict[str, list[str]], str, FieldReason]] = [
    ("multiple_choice", {"QID1": ["1", "3"]}, "QID1", FieldReason.EXCLUSIVE),
    ("matrix", {"QID1_2": ["4"]}, "QID1_2", FieldReason.UNKNOWN_CHOICE),
    ("rank_order", {"QID1_1": ["1"], "QID1_2": ["1"]}, "QID1_2", FieldReason.SAME_PLACE),
    ("rank_order", {"QID1_1": ["2"]}, "QID1_2", FieldReason.PLACE_MISSING),
    ("rank_order", {"QID1_1": ["3"]}, "QID1_1", FieldReason.UNKNOWN_CHOICE),
    ("constant_sum", {"QID1_1": ["60"]}, "QID1_1", FieldReason.WRONG_SUM),
    ("constant_sum", {"QID1_2": ["-5"]}, "QID1_2", FieldReason.OUT_OF_RANGE),
    ("constant_sum", {"QID1_2": ["half"]}, "QID1_2", FieldReason.NOT_A_NUMBER),
    ("text", {"QID1_TEXT": ["0.4"]}, "QID1_TEXT", FieldReason.TOO_SMALL),
    ("text", {"QID1_TEXT": ["11"]}, "QID1_TEXT", FieldReason.TOO_LARGE),
    ("text", {"QID1_TEXT": ["1.25"]}, "QID1_TEXT", FieldReason.TOO_MANY_DECIMALS),
    ("text", {"QID1_TEXT": ["1e3"]}, "QID1_TEXT", FieldReason.NOT_NUMERIC),
    ("form", {"QID1_1": ["me"]}, "QID1_1", FieldReason.NOT_AN_EMAIL),
    ("form", {"QID1_2": ["1.2.2026"]}, "QID1_1", FieldReason.REQUIRED),
    ("text_matrix", {"QID1_1_1": ["x" * 201]}, "QID1_1_1", FieldReason.TOO_LONG),
    ("side_by_side", {"QID1#4_1": ["9"]}, "QID1#4_1", FieldReason.UNKNOWN_CHOICE),
    ("drill_down", {"QID1": ["1"]}, "QID1_1", FieldReason.UNKNOWN_CHOICE),
]


@pytest.mark.parametrize(("kind", "form", "key", "reason"), REFUSED)
def test_refused(kind: str, form: dict[str, list[str]], key: str, reason: FieldReason) -> None:
    taken, problems = validate_answers(survey_of(question(kind)), form)
    assert (problems[0].key, problems[0].reason) == (key, reason)
    assert key not in taken


def test_the_authors_own_words_stand_in_place_of_ours() -> None:
    _, (problem,) = validate_answers(survey_of(question("text")), {"QID1_TEXT": ["11"]})
    assert problem.words == "Hours, please."


def test_a_required_question_of_parts_asks_for_every_part() -> None:
    for kind, parts in (
        ("matrix", 2),
        ("slider", 2),
        ("stars", 2),
        ("text_matrix", 4),
        ("side_by_side", 8),
        ("form", 2),
    ):
        _, problems = validate_answers(survey_of(question(kind, required=True)), {})
        assert [problem.reason for problem in problems] == [FieldReason.REQUIRED] * parts, kind
    for kind in ("rank_order", "constant_sum", "drill_down"):
        _, (problem,) = validate_answers(survey_of(question(kind, required=True)), {})
        assert problem.reason is FieldReason.REQUIRED


def test_what_is_only_requested_is_asked_for_once() -> None:
    survey = survey_of(question("text", request=True))
    _, (problem,) = validate_answers(survey, {})
    assert problem.reason is FieldReason.REQUESTED
    assert validate_answers(survey, {"requested": ["QID1"]}) == ({}, [])


def test_an_own_check_looks_at_this_answer_and_at_earlier_ones() -> None:
    smaller = {"kind": "answer", "question": "QID2", "part": "TEXT", "operator": "less", "value": "8"}
    check = {"must_hold": {"conditions": [smaller]}, "message": "Less than eight hours, please."}
    survey = survey_of(question("dropdown"), question("text", "QID2", check=check))
    assert validate_answers(survey, {"QID2_TEXT": ["7"]})[1] == []
    _, (problem,) = validate_answers(survey, {"QID2_TEXT": ["9"]})
    assert (problem.reason, problem.words) == (FieldReason.OWN_CHECK, "Less than eight hours, please.")


def test_a_choice_that_is_not_offered_is_not_taken() -> None:
    choices = [
        {"id": "1", "text": "Always"},
        {"id": "2", "text": "Sometimes", "display": {"conditions": [{"question": "QID1", "choice": "1"}]}},
    ]
    survey = survey_of(question("dropdown"), question("dropdown", "QID2", choices=choices))
    assert validate_answers(survey, {"QID1": ["1"], "QID2": ["2"]})[0] == {"QID1": "1", "QID2": "2"}
    _, (problem,) = validate_answers(survey, {"QID1": ["2"], "QID2": ["2"]})
    assert problem.reason is FieldReason.UNKNOWN_CHOICE


RULES: list[tuple[dict[str, Any], str, FieldReason | None]] = [
    ({"content": "email"}, "first.last@sub.example.org", None),
    ({"content": "email"}, "a@b", FieldReason.NOT_AN_EMAIL),
    ({"content": "phone"}, "+43 (1) 234-56", None),
    ({"content": "phone"}, "call me", FieldReason.NOT_A_PHONE),
    ({"content": "postal_code"}, "SW1A 1AA", None),
    ({"content": "postal_code"}, "?", FieldReason.NOT_A_POSTAL_CODE),
    ({"content": "address"}, "https://example.org/a?b=c", None),
    ({"content": "address"}, "example.org", None),
    ({"content": "address"}, "nowhere", FieldReason.NOT_AN_ADDRESS),
    ({"content": "date"}, "2024-02-29", None),
    ({"content": "date"}, "2023-02-29", FieldReason.NOT_A_DATE),
    ({"content": "letters"}, "Zoë O’Brien-Müller", None),
    ({"content": "letters"}, "R2D2", FieldReason.NOT_LETTERS),
    ({"content": "pattern", "pattern": "INC[0-9]{4}"}, "INC0042", None),
    ({"content": "pattern", "pattern": "INC[0-9]{4}|x"}, "INC00423", FieldReason.NOT_LIKE_PATTERN),
    ({"content": "pattern", "pattern": "(a+)+"}, "a" * 5_000 + "b", FieldReason.NOT_LIKE_PATTERN),
    ({"min_length": 3}, "no", FieldReason.TOO_SHORT),
]


@pytest.mark.parametrize(("rule", "text", "reason"), RULES)
def test_rules_of_a_typed_text(rule: dict[str, Any], text: str, reason: FieldReason | None) -> None:
    assert judge_text(text, TextRule(**rule))[1] is reason


def test_every_kind_on_one_page_at_once() -> None:
    answers, problems = validate_answers(every_kind(), {"QID11_1": ["a@b.org"], "QID4": ["9"]})
    assert answers == {"QID4": 9, "QID11_1": "a@b.org"}
    assert problems == []
