"""Which questions a person sees, given what they answered so far. The server decides; a script may only hide sooner."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opulse.experience.surveys.models import (
    AnswerValue,
    ChoiceCondition,
    LocalisedSurvey,
    Operator,
    Question,
    SurveyDocument,
)


def is_shown(question: Question, shown: Collection[str], answers: Mapping[str, AnswerValue]) -> bool:
    """Whether the question's display logic holds.

    ``shown`` are the ids of the earlier questions that are shown: an answer that was left behind by a question that
    has since been hidden does not count.
    """
    logic = question.display
    if logic is None:
        return True
    outcomes = (_holds(condition, shown, answers) for condition in logic.conditions)
    return all(outcomes) if logic.match == "all" else any(outcomes)


def shown_questions(
    document: SurveyDocument | LocalisedSurvey, answers: Mapping[str, AnswerValue]
) -> tuple[Question, ...]:
    """The questions to show, in order, for these answers (which may be none, some or all)."""
    shown: dict[str, Question] = {}
    for question in document.questions:
        if is_shown(question, shown, answers):
            shown[question.id] = question
    return tuple(shown.values())


def newly_shown(
    document: SurveyDocument | LocalisedSurvey, answers: Mapping[str, AnswerValue], seen: Collection[str]
) -> tuple[Question, ...]:
    """Questions that these answers bring up and that were not on the page the person saw (``seen``: question ids).

    Without a script the person meets them only after posting, so the page comes back once with them.
    """
    return tuple(question for question in shown_questions(document, answers) if question.id not in seen)


def _holds(condition: ChoiceCondition, shown: Collection[str], answers: Mapping[str, AnswerValue]) -> bool:
    selected = condition.question in shown and _is_selected(condition, answers)
    return selected if condition.operator is Operator.SELECTED else not selected


def _is_selected(condition: ChoiceCondition, answers: Mapping[str, AnswerValue]) -> bool:
    key = condition.question if condition.row is None else f"{condition.question}_{condition.row}"
    value = answers.get(key)
    if isinstance(value, list):
        return condition.choice in value
    return value == condition.choice
