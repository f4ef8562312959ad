"""From a posted form to answers in the product's shape, with every field's problem at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from opulse.experience.surveys.models import (
    AnswerChoice,
    Answers,
    Choice,
    Descriptive,
    Dropdown,
    FieldProblem,
    FieldReason,
    LocalisedSurvey,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    SingleChoice,
    Slider,
    Stars,
    SurveyDocument,
    TextEntry,
)
from opulse.experience.surveys.rules.display import is_shown

Form = Mapping[str, Sequence[str]]
"""Field name to posted values. Field names are answer keys."""

CHOICE_TEXT_LENGTH = 200
"""Characters that the box beside a choice takes."""

_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,9}")


def validate_answers(
    document: SurveyDocument | LocalisedSurvey, form: Form
) -> tuple[Answers, list[FieldProblem]]:
    """The accepted answers, and what is wrong with the rest, in the order of the page.

    Fields of questions that are not shown for these answers are ignored, and so are fields nobody asked for. Answers
    may be kept as a partial response even when there are problems.
    """
    answers: Answers = {}
    problems: list[FieldProblem] = []
    shown: set[str] = set()
    for question in document.questions:
        if is_shown(question, shown, answers):
            shown.add(question.id)
            accepted, wrong = _read(question, form)
            answers.update(accepted)
            problems.extend(wrong)
    return answers, problems


def form_of(answers: Answers) -> dict[str, list[str]]:
    """The form that would post these answers: what *change my answer* fills in again."""
    return {key: list(value) if isinstance(value, list) else [str(value)] for key, value in answers.items()}


def answer_keys(question: Question) -> tuple[str, ...]:
    """The keys a question may fill, in the order of the page (also the columns of an export)."""
    match question:
        case SingleChoice() | MultipleChoice():
            boxes = (_text_key(question, choice) for choice in question.choices if choice.text_entry)
            return (question.id, *boxes)
        case Matrix():
            return tuple(f"{question.id}_{row.id}" for row in question.rows)
        case Stars() | Slider():
            return (f"{question.id}_1",)
        case TextEntry():
            return (f"{question.id}_TEXT",)
        case Descriptive():
            return ()
        case _:
            return (question.id,)


def skip_key(key: str) -> str:
    """The field of a slider's box *no answer*."""
    return f"{key}_SKIP"


_Outcome = tuple[Answers, list[FieldProblem]]


def _read(question: Question, form: Form) -> _Outcome:
    match question:
        case SingleChoice() | Dropdown():
            return _read_one(question, form)
        case MultipleChoice():
            return _read_several(question, form)
        case Matrix():
            return _read_matrix(question, form)
        case NetPromoter():
            return _read_number(question, form, 0, 10, 1)
        case Stars():
            return _read_number(question, form, 1, question.stars, 1)
        case Slider():
            return _read_slider(question, form)
        case TextEntry():
            return _read_text(question, form)
        case Descriptive():
            return {}, []


def _read_one(question: SingleChoice | Dropdown, form: Form) -> _Outcome:
    outcome = _read_choice(question, question.id, question.choices, form)
    if isinstance(question, SingleChoice):
        _add_choice_texts(question, question.choices, form, outcome)
    return outcome


def _read_several(question: MultipleChoice, form: Form) -> _Outcome:
    chosen = set(_values(form, question.id))
    known = [choice.id for choice in question.choices if choice.id in chosen]
    if chosen - set(known):
        return {}, [FieldProblem(question.id, question.id, FieldReason.UNKNOWN_CHOICE)]
    if not known:
        return {}, _missing(question, question.id)
    if question.max_choices is not None and len(known) > question.max_choices:
        reason = FieldReason.TOO_MANY_CHOICES
        return {}, [FieldProblem(question.id, question.id, reason, maximum=question.max_choices)]
    outcome: _Outcome = ({question.id: known}, [])
    _add_choice_texts(question, question.choices, form, outcome)
    return outcome


def _read_matrix(question: Matrix, form: Form) -> _Outcome:
    answers: Answers = {}
    problems: list[FieldProblem] = []
    for key in answer_keys(question):
        accepted, wrong = _read_choice(question, key, question.scale, form)
        answers.update(accepted)
        problems.extend(wrong)
    return answers, problems


def _read_choice(question: Question, key: str, choices: Sequence[Choice], form: Form) -> _Outcome:
    values = _values(form, key)
    if not values:
        return {}, _missing(question, key)
    if len(values) > 1:
        return {}, [FieldProblem(question.id, key, FieldReason.SEVERAL_VALUES)]
    if all(choice.id != values[0] for choice in choices):
        return {}, [FieldProblem(question.id, key, FieldReason.UNKNOWN_CHOICE)]
    return {key: values[0]}, []


def _add_choice_texts(
    question: Question, choices: Sequence[AnswerChoice], form: Form, outcome: _Outcome
) -> None:
    """The words beside each choice that was taken; words beside one that was not taken are dropped."""
    answers, problems = outcome
    taken = form_of(answers).get(question.id, [])
    for choice in choices:
        if not choice.text_entry or choice.id not in taken:
            continue
        key = _text_key(question, choice)
        text = _on_one_line(" ".join(form.get(key, ())))
        if len(text) > CHOICE_TEXT_LENGTH:
            reason = FieldReason.TOO_LONG
            problems.append(FieldProblem(question.id, key, reason, maximum=CHOICE_TEXT_LENGTH))
        elif text:
            answers[key] = text


def _read_number(question: Question, form: Form, minimum: int, maximum: int, step: int) -> _Outcome:
    (key,) = answer_keys(question)
    values = _values(form, key)
    if not values:
        return {}, _missing(question, key)
    if len(values) > 1:
        return {}, [FieldProblem(question.id, key, FieldReason.SEVERAL_VALUES)]
    limits = {"minimum": minimum, "maximum": maximum, "step": step}
    if not _WHOLE_NUMBER.fullmatch(values[0]):
        return {}, [FieldProblem(question.id, key, FieldReason.NOT_A_NUMBER, **limits)]
    number = int(values[0])
    if not minimum <= number <= maximum or (number - minimum) % step:
        return {}, [FieldProblem(question.id, key, FieldReason.OUT_OF_RANGE, **limits)]
    return {key: number}, []


def _read_slider(question: Slider, form: Form) -> _Outcome:
    (key,) = answer_keys(question)
    if not _values(form, skip_key(key)):
        return _read_number(question, form, question.minimum, question.maximum, question.step)
    if _values(form, key) not in ([], [str(question.minimum)]):
        return {}, [FieldProblem(question.id, key, FieldReason.SKIPPED_AND_MOVED)]
    return {}, _missing(question, key)


def _read_text(question: TextEntry, form: Form) -> _Outcome:
    (key,) = answer_keys(question)
    posted = "\n".join(form.get(key, ()))
    text = _on_one_line(posted) if question.lines == "one" else _without_controls(posted)
    if not text:
        return {}, _missing(question, key)
    if len(text) > question.max_length:
        return {}, [FieldProblem(question.id, key, FieldReason.TOO_LONG, maximum=question.max_length)]
    return {key: text}, []


def _missing(question: Question, key: str) -> list[FieldProblem]:
    return [FieldProblem(question.id, key, FieldReason.REQUIRED)] if question.required else []


def _values(form: Form, key: str) -> list[str]:
    """Posted values without blanks: a browser posts an empty one for a list that was left alone."""
    return [value.strip() for value in form.get(key, ()) if value.strip()]


def _text_key(question: Question, choice: Choice) -> str:
    return f"{question.id}_{choice.id}_TEXT"


def _on_one_line(text: str) -> str:
    return " ".join(_without_controls(text).split("\n"))


def _without_controls(text: str) -> str:
    """Line ends as ``\\n`` (browsers post ``\\r\\n``), no control characters: databases refuse NUL, terminals obey ESC."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(kept).strip()
