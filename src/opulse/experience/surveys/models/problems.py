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
    UNKNOWN_ANSWER = "unknown_answer"  # a condition compares an answer that its question cannot have
    BACKWARD_SKIP = "backward_skip"  # a skip leads to itself or to an earlier question
    BAD_PATTERN = "bad_pattern"  # a regular expression is missing or cannot be run
    LIMITS_CROSSED = "limits_crossed"  # the least is more than the most
    MORE_THAN_THERE_IS = (
        "more_than_there_is"  # more choices, questions or places are asked for than there are
    )
    NO_SCALE = "no_scale"  # a column of a side by side question has nothing to choose from
    DUPLICATE_STEP = "duplicate_step"  # two steps of the flow share an id
    UNKNOWN_BLOCK = "unknown_block"  # the flow names a block that does not exist
    NOTHING_TO_LOOP_OVER = "nothing_to_loop_over"  # a loop has neither rows nor a question with choices
    UNSAFE_REDIRECT = (
        "unsafe_redirect"  # the end leads to an address that is not https, or hides where it leads
    )
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
    REQUESTED = "requested"  # it was left out and need not be answered: asked for once
    TOO_FEW_CHOICES = "too_few_choices"  # fewer choices than the question asks for
    EXCLUSIVE = "exclusive"  # a choice that stands alone was taken together with others
    SAME_PLACE = "same_place"  # two items were given the same place
    PLACE_MISSING = "place_missing"  # a place was left out although a later one was given, or all must be
    WRONG_SUM = "wrong_sum"  # the parts do not add up to the total (minimum: what they add up to)
    NOT_NUMERIC = "not_numeric"  # something other than a number, which may have decimals
    TOO_SMALL = "too_small"  # a number below the least
    TOO_LARGE = "too_large"  # a number above the most
    TOO_MANY_DECIMALS = "too_many_decimals"  # more digits behind the point than the question takes (step)
    NOT_AN_EMAIL = "not_an_email"  # no e-mail address
    NOT_A_DATE = "not_a_date"  # no date as 2026-11-29
    NOT_A_PHONE = "not_a_phone"  # no telephone number
    NOT_A_POSTAL_CODE = "not_a_postal_code"  # no postal code
    NOT_AN_ADDRESS = "not_an_address"  # no address of a web page
    NOT_LETTERS = "not_letters"  # digits or signs in a text of letters
    NOT_LIKE_PATTERN = "not_like_pattern"  # the author's regular expression does not match
    TOO_SHORT = "too_short"  # fewer characters than the question asks for
    OWN_CHECK = "own_check"  # the author's own condition does not hold
    TOO_LONG = "too_long"  # more characters than the question allows


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One answer that was not accepted.

    ``key`` is the answer key and the form field's name; ``limits`` are the numbers its sentence names
    (``minimum``, ``maximum``, ``step``), ``words`` the author's own sentence in place of ours.
    """

    question_id: str
    key: str
    reason: FieldReason
    minimum: float | None = None
    maximum: float | None = None
    step: int | None = None
    words: str = ""
