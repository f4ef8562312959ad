"""Kinds of question that are answered by a number or a text, and those that are not answered at all."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opulse.experience.surveys.models.parts import OptionalText, Text
from opulse.experience.surveys.models.questions import (
    ANY_TEXT,
    AS_WRITTEN,
    Choice,
    Ordering,
    QuestionPart,
    TextRule,
)


class Stars(QuestionPart):
    """1 to ``stars``, as stars or as smileys (product: Slider, STAR). Answer: ``"QID5_1": 4``.

    ``items`` are several things to rate (``"QID5_2": 3``); without any there is one, whose key ends in ``_1``.
    """

    type: Literal["stars"] = "stars"
    stars: Annotated[int, Field(ge=3, le=10)] = 5
    signs: Literal["stars", "smileys"] = "stars"
    items: Annotated[tuple[Choice, ...], Field(max_length=100)] = ()
    order: Ordering = AS_WRITTEN


class Slider(QuestionPart):
    """A whole number in a range (product: Slider, HSLIDER, HBAR). Answer: ``"QID5_1": 70``; ``items`` as with stars.

    ``labels`` stand along the scale, from its low to its high end.
    A slider that nobody moved would look like an answer, so the page has a box *no answer* beside it, ticked at first
    (field ``QID5_1_SKIP``).
    """

    type: Literal["slider"] = "slider"
    minimum: int = 0
    maximum: int = 100
    step: Annotated[int, Field(ge=1)] = 1
    low_label: OptionalText = ""
    high_label: OptionalText = ""
    labels: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    items: Annotated[tuple[Choice, ...], Field(max_length=100)] = ()
    order: Ordering = AS_WRITTEN


class ConstantSum(QuestionPart):
    """Whole numbers that add up to ``total`` (product: CS). Answer: ``"QID7_1": 40``. ``unit`` stands behind each box."""

    type: Literal["constant_sum"] = "constant_sum"
    items: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=100)]
    total: Annotated[int, Field(ge=0)] | None = 100
    unit: OptionalText = ""
    order: Ordering = AS_WRITTEN


class TextEntry(QuestionPart):
    """Free text on one line or several (product: TE, SL, ML, ESTB, PW). Answer: ``"QID4_TEXT": "…"``.

    ``secret`` hides what is typed on the screen.
    """

    type: Literal["text"] = "text"
    lines: Literal["one", "several", "essay"] = "one"
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 1000
    rule: TextRule = ANY_TEXT
    secret: bool = False


class FormField(Choice):
    """One line of a form."""

    required: bool = False
    lines: Literal["one", "several"] = "one"
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 500
    rule: TextRule = ANY_TEXT


class FormEntry(QuestionPart):
    """Several short texts under one question (product: TE, FORM). Answer: ``"QID4_2": "…"``."""

    type: Literal["form"] = "form"
    fields: Annotated[tuple[FormField, ...], Field(min_length=1, max_length=100)]


class TextMatrix(QuestionPart):
    """A text for every row and column (product: Matrix, TE and CS). Answer of row 2, column 1: ``"QID3_2_1": "…"``."""

    type: Literal["text_matrix"] = "text_matrix"
    rows: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=100)]
    columns: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=30)]
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 200
    rule: TextRule = ANY_TEXT
    order: Ordering = AS_WRITTEN


class Descriptive(QuestionPart):
    """Words between questions (product: DB, TB); there is nothing to answer."""

    type: Literal["descriptive"] = "descriptive"
    required: Literal[False] = False


class Timing(QuestionPart):
    """How long the page was open, in seconds (product: Timing, PageTimer). Answer: ``"QID9_PAGE_SUBMIT": 12``.

    The server measures it between serving the page and taking what was sent, so it needs no script. Clicks are not
    counted. Nobody sees it; ``text`` is its name in exports.
    """

    type: Literal["timing"] = "timing"
    required: Literal[False] = False


class BrowserInfo(QuestionPart):
    """What the browser says of itself (product: Meta, Browser): ``"QID10_BROWSER": "Firefox"``, ``QID10_VERSION``,
    ``QID10_OS`` and ``QID10_DEVICE``. Nobody sees it; ``text`` is its name in exports."""

    type: Literal["meta"] = "meta"
    required: Literal[False] = False
