"""Answers to a survey at Qualtrics beside our own: the same bars under the same rules, and one sum of people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from opulse.experience.extensions.operational_pulse.models import SurveyThere
from opulse.experience.impact.models import SurveyResult, Totals
from opulse.experience.impact.rules.showing import show_comments, show_questions
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.rules.language import localise


def add_there(totals: Totals, there: Sequence[SurveyThere]) -> Totals:
    """With the people of those surveys. Of them we know who was asked and who has answered, not who has begun."""
    asked, answered = sum(one.asked for one in there), sum(one.answered for one in there)
    firsts = [at for at in (totals.first_answer_at, *(one.first_at for one in there)) if at is not None]
    return replace(
        totals,
        people=totals.people + asked,
        asked=totals.asked + asked,
        accepted=totals.accepted + asked,
        started=totals.started + answered,
        answered=totals.answered + answered,
        first_answer_at=min(firsts, default=None),
        asked_there=asked,
        answered_there=answered,
    )


def show_there(
    there: Iterable[SurveyThere], language: str, cell: int, comment_cell: int
) -> list[SurveyResult]:
    """Each survey; without questions where there is none that we can show."""
    return [_show(one, language, cell, comment_cell) for one in there]


def _show(one: SurveyThere, language: str, cell: int, comment_cell: int) -> SurveyResult:
    if one.document is None:
        return SurveyResult(one.survey, one.title, (), (), at_qualtrics=True)
    shown = localise(SurveyDocument.model_validate(one.document), language)
    questions = show_questions(shown, one.counts, one.asked, one.answered, cell)
    comments = show_comments(shown, one.words, one.answered, comment_cell)
    return SurveyResult(one.survey, one.title, tuple(questions), tuple(comments), at_qualtrics=True)
