"""From posted fields to the answers of questions that are answered by choosing."""

from __future__ import annotations

from collections.abc import Sequence

from opulse.experience.surveys.models import (
    AnswerChoice,
    Answers,
    Choice,
    DrillDown,
    Dropdown,
    FieldProblem,
    FieldReason,
    Matrix,
    MultipleChoice,
    Question,
    RankOrder,
    SideBySide,
    SideColumn,
    SingleChoice,
)
from opulse.experience.surveys.rules.fields import (
    Form,
    Outcome,
    merge,
    missing,
    on_one_line,
    values_of,
    without_controls,
)
from opulse.experience.surveys.rules.keys import drill_options
from opulse.experience.surveys.rules.known import Known, is_offered

CHOICE_TEXT_LENGTH = 200
"""Characters that the box beside a choice takes."""

CELL_LENGTH = 500
"""Characters of a text in a side by side question."""


def read_one(question: SingleChoice | Dropdown, form: Form, known: Known) -> Outcome:
    """The choice, and the words beside it."""
    offered = [choice for choice in question.choices if is_offered(choice, known)]
    outcome = _read_point(question, question.id, offered, form)
    if isinstance(question, SingleChoice):
        _add_choice_texts(question, question.choices, form, outcome)
    return outcome


def read_several(question: MultipleChoice, form: Form, known: Known) -> Outcome:
    """The choices in the order of the page, and the words beside them."""
    offered = [choice for choice in question.choices if is_offered(choice, known)]
    outcome = _read_points(question, question.id, offered, form)
    chosen = outcome[0].get(question.id)
    if isinstance(chosen, list) and (reason := _wrong_number(question, chosen)):
        problem = FieldProblem(
            question.id,
            question.id,
            reason,
            minimum=question.min_choices,
            maximum=question.max_choices,
        )
        return {}, [problem]
    _add_choice_texts(question, question.choices, form, outcome)
    return outcome


def _wrong_number(question: MultipleChoice, chosen: list[str]) -> FieldReason | None:
    alone = [choice.id for choice in question.choices if choice.exclusive and choice.id in chosen]
    if alone:
        return FieldReason.EXCLUSIVE if len(chosen) > 1 else None
    if question.max_choices is not None and len(chosen) > question.max_choices:
        return FieldReason.TOO_MANY_CHOICES
    if question.min_choices is not None and len(chosen) < question.min_choices:
        return FieldReason.TOO_FEW_CHOICES
    return None


def read_matrix(question: Matrix, form: Form, known: Known) -> Outcome:
    """One point, or several, per row that is offered."""
    read = _read_points if question.answers == "several" else _read_point
    return merge(
        [
            read(question, f"{question.id}_{row.id}", question.scale, form)
            for row in question.rows
            if is_offered(row, known)
        ]
    )


def read_ranks(question: RankOrder, form: Form, known: Known) -> Outcome:
    """The place of each item. Nobody has to rank all unless the question must be answered; no place is given twice."""
    answers: Answers = {}
    problems: list[FieldProblem] = []
    offered = [choice for choice in question.choices if is_offered(choice, known)]
    places = min(question.places or len(offered), len(offered))
    for choice in offered:
        key = f"{question.id}_{choice.id}"
        posted = values_of(form, key)
        if not posted:
            continue
        place = int(posted[0]) if len(posted) == 1 and posted[0].isascii() and posted[0].isdigit() else 0
        if not 1 <= place <= places:
            problems.append(FieldProblem(question.id, key, FieldReason.UNKNOWN_CHOICE))
        elif place in answers.values():
            problems.append(FieldProblem(question.id, key, FieldReason.SAME_PLACE, maximum=place))
        else:
            answers[key] = place
    if not problems and not answers and offered:
        return {}, missing(question, f"{question.id}_{offered[0].id}", form)
    if not problems and answers:
        problems = _gaps(question, offered, answers, places)
    return answers, problems


def _gaps(
    question: RankOrder, offered: Sequence[Choice], answers: Answers, places: int
) -> list[FieldProblem]:
    """The first place that nobody got although a later one was given, or although all must be."""
    given = {place for place in answers.values() if isinstance(place, int)}
    last = places if question.required else max(given)
    open_places = [place for place in range(1, last + 1) if place not in given]
    if not open_places:
        return []
    left = next((one for one in offered if f"{question.id}_{one.id}" not in answers), offered[0])
    return [
        FieldProblem(
            question.id, f"{question.id}_{left.id}", FieldReason.PLACE_MISSING, maximum=open_places[0]
        )
    ]


def read_side_by_side(question: SideBySide, form: Form, known: Known) -> Outcome:
    """Each column's answer for each row."""
    return merge(
        [
            _read_cell(question, column, row, form)
            for row in question.rows
            if is_offered(row, known)
            for column in question.columns
        ]
    )


def _read_cell(question: SideBySide, column: SideColumn, row: Choice, form: Form) -> Outcome:
    key = f"{question.id}#{column.id}_{row.id}"
    match column.answers:
        case "several":
            return _read_points(question, key, column.scale, form)
        case "text":
            key = f"{key}_TEXT"
            text = without_controls("\n".join(form.get(key, ())))
            if len(text) > CELL_LENGTH:
                return {}, [FieldProblem(question.id, key, FieldReason.TOO_LONG, maximum=CELL_LENGTH)]
            return ({key: text}, []) if text else ({}, missing(question, key, form))
        case _:
            return _read_point(question, key, column.scale, form)


def read_drill_down(question: DrillDown, form: Form) -> Outcome:
    """The way to the posted entry, a level each. An entry with others below it is no answer: it was not offered."""
    posted = values_of(form, question.id)
    first = f"{question.id}_1"
    if not posted:
        return {}, missing(question, first, form)
    if len(posted) > 1:
        return {}, [FieldProblem(question.id, first, FieldReason.SEVERAL_VALUES)]
    way = drill_options(question).get(posted[0])
    if way is None or way[-1].options:
        return {}, [FieldProblem(question.id, first, FieldReason.UNKNOWN_CHOICE)]
    return {f"{question.id}_{level}": option.id for level, option in enumerate(way, 1)}, []


def _read_point(question: Question, key: str, choices: Sequence[Choice], form: Form) -> Outcome:
    values = values_of(form, key)
    if not values:
        return {}, missing(question, key, form)
    if len(values) > 1:
        return {}, [FieldProblem(question.id, key, FieldReason.SEVERAL_VALUES)]
    if all(choice.id != values[0] for choice in choices):
        return {}, [FieldProblem(question.id, key, FieldReason.UNKNOWN_CHOICE)]
    return {key: values[0]}, []


def _read_points(question: Question, key: str, choices: Sequence[Choice], form: Form) -> Outcome:
    chosen = set(values_of(form, key))
    known = [choice.id for choice in choices if choice.id in chosen]
    if chosen - set(known):
        return {}, [FieldProblem(question.id, key, FieldReason.UNKNOWN_CHOICE)]
    if not known:
        return {}, missing(question, key, form)
    return {key: known}, []


def _add_choice_texts(
    question: Question, choices: Sequence[AnswerChoice], form: Form, outcome: Outcome
) -> None:
    """The words beside each choice that was taken; words beside one that was not taken are dropped."""
    answers, problems = outcome
    taken = answers.get(question.id, "")
    for choice in choices:
        if not choice.text_entry or (
            choice.id not in taken if isinstance(taken, list) else choice.id != taken
        ):
            continue
        key = f"{question.id}_{choice.id}_TEXT"
        text = on_one_line(" ".join(form.get(key, ())))
        if len(text) > CHOICE_TEXT_LENGTH:
            reason = FieldReason.TOO_LONG
            problems.append(FieldProblem(question.id, key, reason, maximum=CHOICE_TEXT_LENGTH))
        elif text:
            answers[key] = text
