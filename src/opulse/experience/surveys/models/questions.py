"""What all kinds of question share: choices, their order, skips, own checks, and the rule of a typed text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from opulse.experience.surveys.models.logic import DisplayLogic
from opulse.experience.surveys.models.parts import (
    ChoiceId,
    ExportTag,
    OptionalText,
    Part,
    QuestionId,
    Text,
)


class Choice(Part):
    """One choice of a question, one row or one column of a matrix.

    ``recode`` is the exported value when it is not the id, ``label`` the name in an export when it is not the text,
    ``export_tag`` the row's part of a column name. ``display`` says when it is offered. ``fixed`` keeps its place when
    the others are put in random order. ``opposite`` stands at the far end of a row's scale (bipolar: *cold* … *warm*).
    """

    id: ChoiceId
    text: Text
    recode: ExportTag = ""
    label: OptionalText = ""
    export_tag: ExportTag = ""
    display: DisplayLogic | None = None
    fixed: bool = False
    opposite: OptionalText = ""


class AnswerChoice(Choice):
    """A choice that may ask for a few words of its own (answer key ``QID5_3_TEXT``), or exclude all others.

    ``group`` names the heading it stands under; choices of one group follow each other.
    """

    text_entry: bool = False
    exclusive: bool = False
    group: OptionalText = ""


class Ordering(Part):
    """In which order choices, questions or steps come; drawn once per person, so that a reload shows the same.

    ``random`` mixes those that are not fixed, ``flipped`` shows the list backwards to about half of the people.
    ``show`` takes so many of them and leaves the rest out.
    """

    kind: Literal["as_written", "random", "flipped"] = "as_written"
    show: Annotated[int, Field(ge=1)] | None = None


AS_WRITTEN = Ordering()


class SkipRule(Part):
    """When ``when`` holds after the question's page, go on at ``to``: a later question, or the end of block or survey."""

    when: DisplayLogic
    to: QuestionId | Literal["end_of_block", "end_of_survey"]


class OwnCheck(Part):
    """A check that the author wrote: the answer is refused with ``message`` unless ``must_hold`` does."""

    must_hold: DisplayLogic
    message: Text


class TextRule(Part):
    """What a typed text must be, when something was typed.

    ``number`` takes ``minimum``, ``maximum`` and ``decimals`` (most digits behind the point; None: any), ``pattern`` a
    regular expression (the whole text must match; no look-around, no back references). ``message`` replaces our sentence.
    """

    content: Literal[
        "any", "number", "email", "date", "phone", "postal_code", "address", "letters", "pattern"
    ] = "any"
    minimum: float | None = None
    maximum: float | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    min_length: Annotated[int, Field(ge=0, le=20_000)] = 0
    pattern: Annotated[str, StringConstraints(max_length=500, strip_whitespace=False)] = ""
    message: OptionalText = ""


ANY_TEXT = TextRule()


class QuestionPart(Part):
    """What all kinds of question have. ``note`` is a short instruction shown under the text.

    ``required`` must be answered; ``request`` asks once more when it was left out, then lets it be. ``page_break`` ends the
    page behind the question. ``export_tag`` names its columns in exports (empty: its id), ``label`` says in short what it
    is about.
    """

    id: QuestionId
    text: Text
    note: OptionalText = ""
    required: bool = False
    request: bool = False
    display: DisplayLogic | None = None
    skips: Annotated[tuple[SkipRule, ...], Field(max_length=50)] = ()
    check: OwnCheck | None = None
    page_break: bool = False
    fixed: bool = False
    export_tag: ExportTag = ""
    label: OptionalText = ""
