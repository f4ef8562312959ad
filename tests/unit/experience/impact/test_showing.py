"""What may be shown: nothing of a group under five, no comment among fewer than ten, and never a name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from opulse.experience.impact.models import Comments, Hidden, QuestionResult, Totals
from opulse.experience.impact.rules.showing import show_comments, show_questions
from opulse.experience.surveys.models import (
    AnswerChoice,
    Block,
    Choice,
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    SingleChoice,
    Slider,
    Stars,
    SurveyDocument,
    TextEntry,
)
from opulse.experience.surveys.rules.language import localise

CHOICES = tuple(AnswerChoice(id=str(number), text=f"Choice {number}") for number in (1, 2, 3))
PLAIN = (Choice(id="1", text="Low"), Choice(id="2", text="High"))
QUESTIONS: tuple[Any, ...] = (
    SingleChoice(id="QID1", text="One", choices=CHOICES),
    MultipleChoice(id="QID2", text="Some", choices=CHOICES),
    Dropdown(id="QID3", text="List", choices=PLAIN),
    NetPromoter(id="QID4", text="Recommend", low_label="No", high_label="Yes"),
    Stars(id="QID5", text="Stars", stars=3),
    Matrix(id="QID6", text="Grid", rows=PLAIN, scale=PLAIN),
    Slider(id="QID7", text="Much", minimum=0, maximum=100, step=10),
    TextEntry(id="QID8", text="Say"),
)
SURVEY = localise(
    SurveyDocument(title="T", language="en", blocks=(Block(id="BL_12345678901", questions=QUESTIONS),)), "en"
)


def shown(
    counts: dict[tuple[str, str], int], asked: int = 100, answered: int = 20
) -> dict[str, QuestionResult]:
    """Result by the text of its question."""
    return {one.text: one for one in show_questions(SURVEY, counts, asked, answered, 5)}


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        (0, 0, Hidden.NO_ANSWERS),
        (1, 0, Hidden.FEW_ANSWERS),
        (2, 2, Hidden.FEW_ANSWERS),
        (3, 2, None),
        (5, 0, None),
    ],
)
def test_a_question_with_fewer_than_five_answers_shows_no_numbers(
    first: int, second: int, hidden: Hidden | None
) -> None:
    result = shown({("QID1", "1"): first, ("QID1", "2"): second})["One"]
    assert result.hidden is hidden
    assert bool(result.choices) is (hidden is None)
    assert result.answers == first + second


def test_bars_have_counts_shares_and_intervals_of_those_who_were_asked() -> None:
    result = shown({("QID1", "1"): 15, ("QID1", "3"): 5}, asked=20)["One"]
    assert [(bar.id, bar.text, bar.count, bar.share) for bar in result.choices] == [
        ("1", "Choice 1", 15, 0.75),
        ("2", "Choice 2", 0, 0.0),
        ("3", "Choice 3", 5, 0.25),
    ]
    assert [(bar.interval.low, bar.interval.high) for bar in result.choices] == [
        (0.75, 0.75),
        (0, 0),
        (0.25, 0.25),
    ]
    wider = shown({("QID1", "1"): 15, ("QID1", "3"): 5}, asked=1_000)["One"].choices[0].interval
    assert wider.low < 0.75 < wider.high


def test_more_answers_than_were_asked_are_no_error() -> None:
    """A link that many may answer."""
    result = shown({("QID1", "1"): 30}, asked=1, answered=1)["One"]
    assert (result.choices[0].share, result.answers) == (1.0, 30)


def test_several_choices_of_three_people_are_no_group_of_six() -> None:
    result = shown({("QID2", "1"): 3, ("QID2", "2"): 3})["Some"]
    assert (result.hidden, result.choices) == (Hidden.FEW_ANSWERS, ())
    result = shown({("QID2", "1"): 6, ("QID2", "2"): 3}, answered=12)["Some"]
    assert [(bar.count, bar.share) for bar in result.choices] == [(6, 0.5), (3, 0.25), (0, 0.0)]


def test_every_kind_of_closed_question_has_its_scale() -> None:
    counts = {
        ("QID3", "2"): 7,
        ("QID4", "10"): 7,
        ("QID5_1", "3"): 7,
        ("QID6_1", "1"): 7,
        ("QID6_2", "2"): 7,
        ("QID7_1", "30"): 7,
    }
    results = shown(counts)
    assert list(results) == ["One", "Some", "List", "Recommend", "Stars", "Grid – Low", "Grid – High", "Much"]
    assert {text: len(result.choices) for text, result in results.items()} == {
        "One": 0, "Some": 0, "List": 2, "Recommend": 11, "Stars": 3, "Grid – Low": 2, "Grid – High": 2, "Much": 11,
    }  # fmt: skip
    top = {
        text: max(result.choices, key=lambda bar: bar.count).text
        for text, result in results.items()
        if result.choices
    }
    assert top == {
        "List": "High",
        "Recommend": "10",
        "Stars": "★★★",
        "Grid – Low": "Low",
        "Grid – High": "High",
        "Much": "30",
    }


@pytest.mark.parametrize(
    ("said", "answered", "hidden"),
    [([], 50, Hidden.NO_ANSWERS), (["a"], 9, Hidden.FEW_COMMENTS), (["a"], 10, None), (["a", "b"], 50, None)],
)
def test_comments_are_shown_only_where_ten_people_answered(
    said: list[str], answered: int, hidden: Hidden | None
) -> None:
    words = [("QID8_TEXT", text) for text in said] + [("QID1_TEXT", "other")]
    [comments] = show_comments(SURVEY, words, answered, 10)
    assert (comments.hidden, comments.count) == (hidden, len(said))
    assert comments.words == (tuple(said) if hidden is None else ())


def test_no_result_has_a_place_for_a_name() -> None:
    names = {field.name for shape in (Totals, QuestionResult, Comments) for field in fields(shape)}
    assert not names & {"contact", "email", "name", "person", "invitation", "author"}
