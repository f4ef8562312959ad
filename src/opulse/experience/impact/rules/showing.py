"""What may be shown of a survey's counts: nothing of a group under the smallest cell, no comment among too few. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from opulse.experience.impact.models import (
    ChoiceResult,
    Comments,
    Counts,
    Hidden,
    QuestionResult,
)
from opulse.experience.impact.rules.intervals import wilson
from opulse.experience.surveys.models import (
    Dropdown,
    LocalisedSurvey,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    SingleChoice,
    Slider,
    Stars,
    TextEntry,
)

_NPS_CHOICES = tuple(str(number) for number in range(11))


def show_questions(
    survey: LocalisedSurvey, counts: Counts, asked: int, answered: int, cell: int
) -> list[QuestionResult]:
    """Each closed question with its bars, or with why they are hidden. A matrix gives one result per row."""
    return [
        result
        for question in survey.questions
        for key, text, choices in _scales(question)
        for result in [_show(question, key, text, choices, counts, asked, answered, cell)]
    ]


def show_comments(
    survey: LocalisedSurvey, words: Sequence[tuple[str, str]], answered: int, smallest: int
) -> list[Comments]:
    """The free texts per question; ``words`` are (answer key, text)."""
    shown = []
    for question in survey.questions:
        if not isinstance(question, TextEntry):
            continue
        said = tuple(text for key, text in words if key == f"{question.id}_TEXT")
        hidden = None
        if not said:
            hidden = Hidden.NO_ANSWERS
        elif answered < smallest:
            hidden = Hidden.FEW_COMMENTS
        shown.append(Comments(question.id, question.text, len(said), () if hidden else said, hidden))
    return shown


def _show(
    question: Question,
    key: str,
    text: str,
    choices: Sequence[tuple[str, str]],
    counts: Counts,
    asked: int,
    answered: int,
    cell: int,
) -> QuestionResult:
    found = {choice: counts.get((key, choice), 0) for choice, _ in choices}
    several = isinstance(question, MultipleChoice)
    # of several choices each: as many people as the most frequent one has, for sure; all who answered, at most
    certain = max(found.values(), default=0) if several else sum(found.values())
    answers = max(certain, answered if several and certain else 0)
    if certain < cell:
        hidden = Hidden.FEW_ANSWERS if certain else Hidden.NO_ANSWERS
        return QuestionResult(question.id, text, certain, (), hidden)
    bars = tuple(
        ChoiceResult(
            choice,
            label,
            found[choice],
            found[choice] / answers,
            wilson(found[choice], answers, max(asked, answers)),
        )
        for choice, label in choices
    )
    return QuestionResult(question.id, text, answers, bars, None)


def _scales(question: Question) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(answer key, text, [(choice, label)]) of a question; none for texts and words between questions."""
    if isinstance(question, SingleChoice | MultipleChoice | Dropdown):
        return [(question.id, question.text, [(one.id, one.text) for one in question.choices])]
    if isinstance(question, NetPromoter):
        return [(question.id, question.text, [(number, number) for number in _NPS_CHOICES])]
    if isinstance(question, Stars):
        stars = [(str(number), "★" * number) for number in range(1, question.stars + 1)]
        return [(f"{question.id}_1", question.text, stars)]
    if isinstance(question, Matrix):
        scale = [(point.id, point.text) for point in question.scale]
        return [(f"{question.id}_{row.id}", f"{question.text} – {row.text}", scale) for row in question.rows]
    if isinstance(question, Slider):
        steps = [str(value) for value in range(question.minimum, question.maximum + 1, question.step)]
        return (
            [(f"{question.id}_1", question.text, [(step, step) for step in steps])]
            if len(steps) <= 21
            else []
        )
    return []
