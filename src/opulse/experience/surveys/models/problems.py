"""What can be wrong with a survey document or with an answer to it: reasons that are also the words on the page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DocumentReason(StrEnum):
    """Why a document may not be published."""

    NO_QUESTION = "no_question"  # nothing in it can be answered
    DUPLICATE_QUESTION = "duplicate_question"  # two questions share an id
    DUPLICATE_BLOCK = "duplicate_block"  # two blocks share an id
    DUPLICATE_CHOICE = "duplicate_choice"  # two choices, rows or points of one question share an id
    UNKNOWN_QUESTION = "unknown_question"  # display logic looks at a question that does not exist
    LATER_QUESTION = "later_question"  # display logic looks at itself or at a question that comes later
    UNKNOWN_CHOICE = "unknown_choice"  # display logic looks at a choice or a row that does not exist
    NOT_A_CHOICE_QUESTION = "not_a_choice_question"  # display logic looks at a question without choices
    EMPTY_RANGE = "empty_range"  # a slider's minimum is not below its maximum, or its step passes it
    UNKNOWN_TEXT_KEY = "unknown_text_key"  # a translation names a text that the document does not have
    BASE_LANGUAGE_TRANSLATED = "base_language_translated"  # the base language stands among the translations


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One thing wrong with a document. ``where`` is the id or the text key; ``detail`` the offending value."""

    where: str
    reason: DocumentReason
    detail: str = ""


class FieldReason(StrEnum):
    """Why an answer was not accepted."""

    REQUIRED = "required"  # the question must be answered
    UNKNOWN_CHOICE = "unknown_choice"  # the posted choice is not one of the question's
    SEVERAL_VALUES = "several_values"  # more than one value for a question that takes one
    TOO_MANY_CHOICES = "too_many_choices"  # more choices than the question allows
    NOT_A_NUMBER = "not_a_number"  # something other than a whole number
    OUT_OF_RANGE = "out_of_range"  # a number outside the range or off its steps
    SKIPPED_AND_MOVED = "skipped_and_moved"  # a slider was moved while its box "no answer" was ticked
    TOO_LONG = "too_long"  # more characters than the question allows


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One answer that was not accepted.

    ``key`` is the answer key and the form field's name; ``limits`` are the numbers its sentence names
    (``minimum``, ``maximum``, ``step``).
    """

    question_id: str
    key: str
    reason: FieldReason
    minimum: int | None = None
    maximum: int | None = None
    step: int | None = None
