"""From a posted form to answers in the product's shape, with every field's problem at once."""

from __future__ import annotations

from collections.abc import Iterable

from opulse.experience.surveys.models import (
    Answers,
    ConstantSum,
    DrillDown,
    Dropdown,
    FieldProblem,
    FieldReason,
    FormEntry,
    LocalisedSurvey,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    RankOrder,
    SideBySide,
    SingleChoice,
    Slider,
    Stars,
    SurveyDocument,
    TextEntry,
    TextMatrix,
)
from opulse.experience.surveys.rules.chosen import (
    read_drill_down,
    read_matrix,
    read_one,
    read_ranks,
    read_several,
    read_side_by_side,
)
from opulse.experience.surveys.rules.display import is_shown
from opulse.experience.surveys.rules.entered import (
    read_cells,
    read_fields,
    read_number,
    read_sliders,
    read_stars,
    read_sum,
    read_text,
)
from opulse.experience.surveys.rules.fields import Form, Outcome
from opulse.experience.surveys.rules.keys import answer_keys, drill_options
from opulse.experience.surveys.rules.known import Known, holds


def validate_answers(
    document: SurveyDocument | LocalisedSurvey, form: Form
) -> tuple[Answers, list[FieldProblem]]:
    """The accepted answers of a survey of one page, and what is wrong with the rest, in the order of the page.

    Fields of questions that are not shown for these answers are ignored, and so are fields nobody asked for. Answers
    may be kept as a partial response even when there are problems.
    """
    answers: Answers = {}
    shown: dict[str, Question] = {}
    problems = read_questions(document.questions, form, Known(answers, shown), answers, shown)
    return answers, problems


def read_questions(
    questions: Iterable[Question], form: Form, known: Known, answers: Answers, shown: dict[str, Question]
) -> list[FieldProblem]:
    """Take the answers of one page: ``answers`` and ``shown``, at which ``known`` looks, grow question by question."""
    problems: list[FieldProblem] = []
    for question in questions:
        if is_shown(question, known):
            shown[question.id] = question
            accepted, wrong = read_answer(question, form, known)
            answers.update(accepted)
            problems.extend(wrong or _own_check(question, known))
    return problems


def read_answer(question: Question, form: Form, known: Known) -> Outcome:
    """What was posted for one question."""
    match question:
        case SingleChoice() | Dropdown():
            return read_one(question, form, known)
        case MultipleChoice():
            return read_several(question, form, known)
        case Matrix():
            return read_matrix(question, form, known)
        case NetPromoter():
            return read_number(question, question.id, form, 0, 10, 1)
        case RankOrder():
            return read_ranks(question, form, known)
        case SideBySide():
            return read_side_by_side(question, form, known)
        case DrillDown():
            return read_drill_down(question, form)
        case _:
            return _read_entered(question, form, known)


def _read_entered(question: Question, form: Form, known: Known) -> Outcome:
    match question:
        case Stars():
            return read_stars(question, form, known)
        case Slider():
            return read_sliders(question, form, known)
        case ConstantSum():
            return read_sum(question, form, known)
        case TextEntry():
            return read_text(question, form)
        case FormEntry():
            return read_fields(question, form, known)
        case TextMatrix():
            return read_cells(question, form, known)
        case _:  # Descriptive, Timing, BrowserInfo: nobody fills them in
            return {}, []


def _own_check(question: Question, known: Known) -> list[FieldProblem]:
    check = question.check
    keys = answer_keys(question)
    if check is None or not keys or holds(check.must_hold, known):
        return []
    return [FieldProblem(question.id, keys[0], FieldReason.OWN_CHECK, words=check.message)]


def form_of(answers: Answers, questions: Iterable[Question] = ()) -> dict[str, list[str]]:
    """The form that would post these answers: what *change my answer* fills in again.

    ``questions``: those on the page; the list of a drill down is named by its question and not by its levels.
    """
    form = {key: list(value) if isinstance(value, list) else [str(value)] for key, value in answers.items()}
    for question in questions:
        if isinstance(question, DrillDown):
            levels = [answers[key] for key in answer_keys(question) if key in answers]
            if levels and str(levels[-1]) in drill_options(question):
                form[question.id] = [str(levels[-1])]
    return form
