"""One page of a walk that was sent: what it answers, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from opulse.experience.surveys.models import Answers, BrowserInfo, FieldProblem, Question, Timing
from opulse.experience.surveys.rules.answers import read_questions
from opulse.experience.surveys.rules.fields import Form
from opulse.experience.surveys.rules.keys import answer_keys
from opulse.experience.surveys.rules.walking import Walk


@dataclass(frozen=True, slots=True)
class PageRead:
    """``answers`` are all of the walk with those of the page in place of former ones; ``shown`` are the page's questions."""

    answers: Answers
    shown: tuple[Question, ...]
    problems: tuple[FieldProblem, ...]


def read_page(walked: Walk, form: Form) -> PageRead:
    """Judge what was posted for the page on which the walk stands; of a walk at its end nothing is taken."""
    page = walked.page
    if page is None:
        return PageRead(dict(walked.known.answers), (), ())
    own = {key for question in page.questions for key in answer_keys(question)}
    answers: Answers = {key: value for key, value in walked.known.answers.items() if key not in own}
    shown: dict[str, Question] = dict(walked.known.shown)
    known = replace(page.known, answers=answers, shown=shown)
    problems = read_questions(page.questions, form, known, answers, shown)
    met = tuple(question for question in page.questions if question.id in shown)
    return PageRead(answers, met, tuple(problems))


def note_unasked(questions: Iterable[Question], seconds: int | None, browser: Mapping[str, str]) -> Answers:
    """What the server itself notes on a page: how long it was open, and what the browser says of itself."""
    noted: Answers = {}
    for question in questions:
        match question:
            case Timing() if seconds is not None:
                noted[f"{question.id}_PAGE_SUBMIT"] = seconds
            case BrowserInfo():
                noted.update({f"{question.id}_{part}": value for part, value in browser.items() if value})
            case _:
                pass
    return noted
