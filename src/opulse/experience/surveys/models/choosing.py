"""Kinds of question that are answered by choosing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opulse.experience.surveys.models.parts import ChoiceId, OptionalText, Part, Text
from opulse.experience.surveys.models.questions import (
    AS_WRITTEN,
    AnswerChoice,
    Choice,
    Ordering,
    QuestionPart,
)


class SingleChoice(QuestionPart):
    """One of several, as radio buttons (product: MC, SAVR, SAHR, SACOL, SB). Answer: ``"QID1": "3"``."""

    type: Literal["single_choice"] = "single_choice"
    choices: Annotated[tuple[AnswerChoice, ...], Field(min_length=1, max_length=500)]
    layout: Literal["vertical", "horizontal"] = "vertical"
    order: Ordering = AS_WRITTEN


class MultipleChoice(QuestionPart):
    """Any number of several, as check boxes (product: MC, MAVR, MAHR, MACOL, MSB). Answer: ``"QID1": ["1", "4"]``."""

    type: Literal["multiple_choice"] = "multiple_choice"
    choices: Annotated[tuple[AnswerChoice, ...], Field(min_length=1, max_length=500)]
    min_choices: Annotated[int, Field(ge=1)] | None = None
    max_choices: Annotated[int, Field(ge=1)] | None = None
    layout: Literal["vertical", "horizontal"] = "vertical"
    order: Ordering = AS_WRITTEN


class Dropdown(QuestionPart):
    """One of many, as a list that opens (product: MC, DL). Answer: ``"QID1": "3"``."""

    type: Literal["dropdown"] = "dropdown"
    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=2000)]
    order: Ordering = AS_WRITTEN


class NetPromoter(QuestionPart):
    """0 to 10 (product: MC, NPS). Answer: ``"QID2": 9``; 0-6 detractor, 7-8 passive, 9-10 promoter."""

    type: Literal["nps"] = "nps"
    low_label: Text
    high_label: Text


class Matrix(QuestionPart):
    """Points of the same scale per row (product: Matrix, Likert and Bipolar).

    ``answers``: ``one`` point per row (``"QID3_1": "5"``), ``several`` (``"QID3_1": ["2", "5"]``), or one from a ``list``
    that opens. ``order`` is that of the rows; ``flip_scale`` turns the scale round for about half of the people.

    The page draws it as one group of buttons per row, never as a table: grids fail on phones and in screen readers.
    """

    type: Literal["matrix"] = "matrix"
    rows: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=200)]
    scale: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=100)]
    answers: Literal["one", "several", "list"] = "one"
    order: Ordering = AS_WRITTEN
    flip_scale: bool = False


class RankOrder(QuestionPart):
    """Items in order (product: RO). Answer: the place of each, ``"QID6_2": 1``.

    The page asks for the place of each item by a list that opens: nothing has to be dragged. ``places`` ranks only the
    first so many.
    """

    type: Literal["rank_order"] = "rank_order"
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=100)]
    places: Annotated[int, Field(ge=1)] | None = None
    order: Ordering = AS_WRITTEN


class SideColumn(Part):
    """One column of a side by side question: a question of its own that is asked of every row."""

    id: ChoiceId
    text: Text
    answers: Literal["one", "several", "list", "text"] = "one"
    scale: Annotated[tuple[Choice, ...], Field(max_length=100)] = ()


class SideBySide(QuestionPart):
    """Several matrices over the same rows (product: SBS). Answer of column 2, row 1: ``"QID4#2_1": "5"``, a text
    ``"QID4#2_1_TEXT": "…"``."""

    type: Literal["side_by_side"] = "side_by_side"
    rows: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=200)]
    columns: Annotated[tuple[SideColumn, ...], Field(min_length=1, max_length=20)]
    order: Ordering = AS_WRITTEN


class DrillOption(Part):
    """One entry of a drill down and what stands below it. ``id`` is unique in the question."""

    id: ChoiceId
    text: Text
    recode: OptionalText = ""
    options: Annotated[tuple[DrillOption, ...], Field(max_length=2000)] = ()


class DrillDown(QuestionPart):
    """A choice in levels: continent, country, city (product: DD). Answer: the id per level, ``"QID8_1": "3"``,
    ``"QID8_2": "17"``. ``levels`` names them."""

    type: Literal["drill_down"] = "drill_down"
    levels: Annotated[tuple[Text, ...], Field(min_length=1, max_length=6)]
    options: Annotated[tuple[DrillOption, ...], Field(min_length=1, max_length=2000)]


DrillOption.model_rebuild()
