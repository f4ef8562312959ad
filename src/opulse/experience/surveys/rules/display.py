"""Which questions a person sees, given what they answered so far. The server decides; a script may only hide sooner."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opulse.experience.surveys.models import AnswerValue, LocalisedSurvey, Question, SurveyDocument
from opulse.experience.surveys.rules.known import Known, holds


def is_shown(question: Question, known: Known) -> bool:
    """Whether the question's display logic holds."""
    return question.display is None or holds(question.display, known)


def shown_questions(
    document: SurveyDocument | LocalisedSurvey, answers: Mapping[str, AnswerValue]
) -> tuple[Question, ...]:
    """The questions to show, in order, for these answers (which may be none, some or all): those of a one-page survey."""
    shown: dict[str, Question] = {}
    known = Known(answers, shown)
    for question in document.questions:
        if is_shown(question, known):
            shown[question.id] = question
    return tuple(shown.values())


def newly_shown(
    document: SurveyDocument | LocalisedSurvey, answers: Mapping[str, AnswerValue], seen: Collection[str]
) -> tuple[Question, ...]:
    """Questions that these answers bring up and that were not on the page the person saw (``seen``: question ids).

    Without a script the person meets them only after posting, so the page comes back once with them.
    """
    return tuple(question for question in shown_questions(document, answers) if question.id not in seen)
