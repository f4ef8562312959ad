"""From posted fields to the answers of questions that are answered by a number or a text."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

from opulse.experience.surveys.models import (
    Answers,
    Choice,
    ConstantSum,
    FieldProblem,
    FieldReason,
    FormEntry,
    Question,
    Slider,
    Stars,
    TextEntry,
    TextMatrix,
    TextRule,
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
from opulse.experience.surveys.rules.keys import answer_keys
from opulse.experience.surveys.rules.known import Known, is_offered
from opulse.experience.surveys.rules.patterns import is_whole

_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,9}")
_DECIMAL_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{1,9})?|\.\d{1,9})", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>()\"]{1,64}@[^@\s,;<>()\"]{1,190}\.[^@\s,;<>()\".\d]{2,63}")
_PHONE = re.compile(r"\+?[\d ()/.-]{5,25}", re.ASCII)
_POSTAL_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{1,10}[A-Za-z0-9]", re.ASCII)
_ADDRESS = re.compile(r"(https?://)?[^\s/.]+(\.[^\s/.]+)+(/\S*)?", re.IGNORECASE)

LARGEST = 1_000_000_000
"""Of a constant sum's parts and of whole numbers."""


def skip_key(key: str) -> str:
    """The field of a slider's box *no answer*."""
    return f"{key}_SKIP"


def read_number(question: Question, key: str, form: Form, minimum: int, maximum: int, step: int) -> Outcome:
    """A whole number on one of the steps between the limits."""
    values = values_of(form, key)
    if not values:
        return {}, missing(question, key, form)
    if len(values) > 1:
        return {}, [FieldProblem(question.id, key, FieldReason.SEVERAL_VALUES)]
    number = int(values[0]) if _WHOLE_NUMBER.fullmatch(values[0]) else None
    if number is None:
        reason = FieldReason.NOT_A_NUMBER
    elif not minimum <= number <= maximum or (number - minimum) % step:
        reason = FieldReason.OUT_OF_RANGE
    else:
        return {key: number}, []
    return {}, [FieldProblem(question.id, key, reason, minimum, maximum, step)]


def read_stars(question: Stars, form: Form, known: Known) -> Outcome:
    """How many stars each item got."""
    return merge(
        [read_number(question, key, form, 1, question.stars, 1) for key in _offered_keys(question, known)]
    )


def read_sliders(question: Slider, form: Form, known: Known) -> Outcome:
    """Where each slider stands, unless its box *no answer* is ticked."""
    return merge([_read_slider(question, key, form) for key in _offered_keys(question, known)])


def _offered_keys(question: Stars | Slider, known: Known) -> tuple[str, ...]:
    keys = answer_keys(question)
    if not question.items:
        return keys
    return tuple(key for key, item in zip(keys, question.items, strict=True) if is_offered(item, known))


def _read_slider(question: Slider, key: str, form: Form) -> Outcome:
    if not values_of(form, skip_key(key)):
        return read_number(question, key, form, question.minimum, question.maximum, question.step)
    if values_of(form, key) not in ([], [str(question.minimum)]):
        return {}, [FieldProblem(question.id, key, FieldReason.SKIPPED_AND_MOVED)]
    return {}, missing(question, key, form)


def read_sum(question: ConstantSum, form: Form, known: Known) -> Outcome:
    """Numbers that add up. Once one box is filled in, the empty ones are 0; none filled in is no answer."""
    offered = [item for item in question.items if is_offered(item, known)]
    outcomes = [_read_part(question, item, form) for item in offered]
    answers, problems = merge(outcomes)
    if problems:
        return {}, problems
    if not answers and offered:
        return {}, missing(question, f"{question.id}_{offered[0].id}", form)
    whole: Answers = {f"{question.id}_{item.id}": 0 for item in offered}
    whole.update(answers)
    reached = sum(part for part in whole.values() if isinstance(part, int))
    if question.total is not None and offered and reached != question.total:
        key = f"{question.id}_{offered[0].id}"
        reason = FieldReason.WRONG_SUM
        return {}, [FieldProblem(question.id, key, reason, minimum=reached, maximum=question.total)]
    return whole, []


def _read_part(question: ConstantSum, item: Choice, form: Form) -> Outcome:
    key = f"{question.id}_{item.id}"
    if not values_of(form, key):
        return {}, []
    return read_number(question, key, form, 0, LARGEST if question.total is None else question.total, 1)


def read_text(question: TextEntry, form: Form) -> Outcome:
    """The text, when it is what its rule asks for."""
    key = f"{question.id}_TEXT"
    return _read_typed(question, key, form, question.rule, question.max_length, lines=question.lines)


def read_fields(question: FormEntry, form: Form, known: Known) -> Outcome:
    """The text of each line of a form."""
    return merge(
        [
            _read_typed(
                question,
                f"{question.id}_{field.id}",
                form,
                field.rule,
                field.max_length,
                lines=field.lines,
                required=field.required,
            )
            for field in question.fields
            if is_offered(field, known)
        ]
    )


def read_cells(question: TextMatrix, form: Form, known: Known) -> Outcome:
    """The text of each row and column."""
    return merge(
        [
            _read_typed(
                question, f"{question.id}_{row.id}_{column.id}", form, question.rule, question.max_length
            )
            for row in question.rows
            if is_offered(row, known)
            for column in question.columns
        ]
    )


def _read_typed(
    question: Question,
    key: str,
    form: Form,
    rule: TextRule,
    max_length: int,
    *,
    lines: str = "one",
    required: bool = False,
) -> Outcome:
    posted = "\n".join(form.get(key, ()))
    text = on_one_line(posted) if lines == "one" else without_controls(posted)
    if not text:
        return {}, missing(question, key, form, required=required)
    if len(text) > max_length:
        return {}, [FieldProblem(question.id, key, FieldReason.TOO_LONG, maximum=max_length)]
    text, reason = judge_text(text, rule)
    if reason is None:
        return {key: text}, []
    least = rule.min_length if reason is FieldReason.TOO_SHORT else rule.minimum
    return {}, [FieldProblem(question.id, key, reason, least, rule.maximum, rule.decimals, rule.message)]


def judge_text(text: str, rule: TextRule) -> tuple[str, FieldReason | None]:
    """The text as it is kept, and what is wrong with it. Numbers are kept with a point and in plain digits."""
    if len(text) < rule.min_length:
        return text, FieldReason.TOO_SHORT
    match rule.content:
        case "number":
            return _judge_number(text, rule)
        case "date":
            return text, None if _is_date(text) else FieldReason.NOT_A_DATE
        case "pattern":
            return text, None if is_whole(rule.pattern, text) else FieldReason.NOT_LIKE_PATTERN
        case "letters":
            fits = all(letter.isalpha() or unicodedata.category(letter)[0] in "MPZ" for letter in text)
            return text, None if fits else FieldReason.NOT_LETTERS
        case "any":
            return text, None
        case _:
            shape, reason = _SHAPES[rule.content]
            return text, None if shape.fullmatch(text) else reason


_SHAPES = {
    "email": (_EMAIL, FieldReason.NOT_AN_EMAIL),
    "phone": (_PHONE, FieldReason.NOT_A_PHONE),
    "postal_code": (_POSTAL_CODE, FieldReason.NOT_A_POSTAL_CODE),
    "address": (_ADDRESS, FieldReason.NOT_AN_ADDRESS),
}


def _judge_number(text: str, rule: TextRule) -> tuple[str, FieldReason | None]:
    plain = _plain_digits(text)
    if not _DECIMAL_NUMBER.fullmatch(plain):
        return text, FieldReason.NOT_NUMERIC
    number = Decimal(plain)
    digits = len(plain.partition(".")[2])
    if rule.decimals is not None and digits > rule.decimals:
        return text, FieldReason.TOO_MANY_DECIMALS
    if rule.minimum is not None and number < Decimal(str(rule.minimum)):
        return text, FieldReason.TOO_SMALL
    if rule.maximum is not None and number > Decimal(str(rule.maximum)):
        return text, FieldReason.TOO_LARGE
    return plain, None


def _plain_digits(text: str) -> str:
    """``٣٫٥`` and ``3,5`` are 3.5: people write numbers as their language does."""
    plain = "".join(str(unicodedata.decimal(letter, letter)) for letter in text.replace(" ", ""))
    plain = plain.replace("٫", ".").replace("−", "-")
    return plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain


def _is_date(text: str) -> bool:
    try:
        return len(text) == len("2026-11-29") and bool(date.fromisoformat(text))
    except ValueError:
        return False
