"""The first question as a mail shows it: its choices are links that only preselect."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from opulse.experience.surveys.models import (
    AS_WRITTEN,
    LocalisedSurvey,
    NetPromoter,
    Question,
    SingleChoice,
    Stars,
)
from opulse.experience.surveys.rules.keys import is_answerable
from opulse.experience.surveys.rules.order import blocks_in_order
from opulse.experience.surveys.rules.piping import has_pipes

MOST_CHOICES_IN_A_MAIL = 11
"""More than a scale of eleven is a list nobody scrolls in a mail; such a question is asked on the page."""


HIDDEN = "more"
"""Query word of the link that a mail carries and no person sees: who follows it follows every link."""


@dataclass(frozen=True, slots=True)
class MailChoice:
    """One link of the mail. ``query`` (``q=QID1&c=2``) goes behind the person's own answer address."""

    id: str
    text: str
    query: str


@dataclass(frozen=True, slots=True)
class MailQuestion:
    """What the mail draws of the first question. ``low_label`` and ``high_label`` explain the ends of a scale."""

    id: str
    text: str
    choices: tuple[MailChoice, ...]
    low_label: str = ""
    high_label: str = ""


def first_question_in_mail(survey: LocalisedSurvey) -> MailQuestion | None:
    """The first question with its choices, or None when its kind cannot be answered by one tap.

    Nothing is stored by following such a link: mail scanners follow them all, so the page opens with the choice
    marked and the person sends it.
    """
    asked = (one for block in blocks_in_order(survey) for one in block.questions)
    question = next((one for one in asked if is_answerable(one)), None)
    if question is None or _is_personal(question):
        return None
    match question:
        case SingleChoice() if len(question.choices) <= MOST_CHOICES_IN_A_MAIL:
            choices = tuple(_choice(question, choice.id, choice.text) for choice in question.choices)
            return MailQuestion(question.id, question.text, choices)
        case NetPromoter():
            points = tuple(_choice(question, str(point), str(point)) for point in range(11))
            return MailQuestion(question.id, question.text, points, question.low_label, question.high_label)
        case Stars() if not question.items and question.signs == "stars":
            points = tuple(
                _choice(question, str(point), "★" * point) for point in range(1, question.stars + 1)
            )
            return MailQuestion(question.id, question.text, points)
        case _:
            return None


def _is_personal(question: Question) -> bool:
    """Whether the question differs from person to person: the mail shows everybody the same."""
    words = [question.text, *(choice.text for choice in getattr(question, "choices", ()))]
    if isinstance(question, NetPromoter):
        words += [question.low_label, question.high_label]
    mixed = getattr(question, "order", AS_WRITTEN) != AS_WRITTEN
    return mixed or question.display is not None or any(has_pipes(text) for text in words)


def preselected_form(survey: LocalisedSurvey, question_id: str, choice: str) -> dict[str, list[str]]:
    """The form with the choice of a mail's link marked; empty when the link names something the mail never offered."""
    offered = first_question_in_mail(survey)
    if offered is None or offered.id != question_id or all(choice != one.id for one in offered.choices):
        return {}
    question = next(one for one in survey.questions if one.id == question_id)
    return {f"{question_id}_1" if isinstance(question, Stars) else question_id: [choice]}


def _choice(question: Question, choice_id: str, text: str) -> MailChoice:
    return MailChoice(choice_id, text, urlencode({"q": question.id, "c": choice_id}))
