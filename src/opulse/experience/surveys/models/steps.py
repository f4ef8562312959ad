"""The flow of a survey: blocks in the order in which they are met, and what happens between them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opulse.experience.surveys.models.logic import DisplayLogic
from opulse.experience.surveys.models.parts import (
    BlockId,
    ChoiceId,
    FieldName,
    FlowId,
    OptionalText,
    Part,
    QuestionId,
)
from opulse.experience.surveys.models.questions import AS_WRITTEN, Ordering


class LoopRow(Part):
    """One round of a loop; ``fields`` are piped as ``${lm://Field/1}``."""

    id: ChoiceId
    fields: Annotated[tuple[OptionalText, ...], Field(min_length=1, max_length=20)]


class Loop(Part):
    """A block that is asked once per row, or once per choice of an earlier question (loop & merge).

    ``take`` says which choices of ``question``; then field 1 is the choice's text. Answers of round 2 have keys like
    ``2_QID5``: the row's or the choice's id stands in front.
    """

    rows: Annotated[tuple[LoopRow, ...], Field(max_length=200)] = ()
    question: QuestionId | None = None
    take: Literal["selected", "not_selected", "displayed", "all"] = "selected"
    order: Ordering = AS_WRITTEN


class FieldSetting(Part):
    """One field of embedded data. ``value`` may hold piped text; None: what the contact or the invitation brought."""

    name: FieldName
    value: OptionalText | None = None


class BlockStep(Part):
    """Ask the questions of a block."""

    type: Literal["block"] = "block"
    block: BlockId


class Branch(Part):
    """Go through ``flow`` when ``when`` holds."""

    type: Literal["branch"] = "branch"
    id: FlowId
    name: OptionalText = ""
    when: DisplayLogic
    flow: Annotated[tuple[Step, ...], Field(max_length=200)] = ()


class Randomizer(Part):
    """Go through ``show`` of the steps below, in random order. ``even`` asks that all be shown equally often; we draw
    by chance, which comes close to it."""

    type: Literal["randomizer"] = "randomizer"
    id: FlowId
    show: Annotated[int, Field(ge=1)] | None = None
    even: bool = False
    flow: Annotated[tuple[Step, ...], Field(max_length=200)] = ()


class Group(Part):
    """Steps that are moved together, for example as one of a randomizer's."""

    type: Literal["group"] = "group"
    id: FlowId
    name: OptionalText = ""
    flow: Annotated[tuple[Step, ...], Field(max_length=200)] = ()


class SetFields(Part):
    """Write embedded data of the response."""

    type: Literal["embedded_data"] = "embedded_data"
    id: FlowId
    fields: Annotated[tuple[FieldSetting, ...], Field(max_length=200)] = ()


class EndOfSurvey(Part):
    """The survey ends here. ``message`` is shown (empty: the document's), or the person is led to ``redirect`` (https).

    ``flag`` is kept with the response; ``record`` False throws the answers away.
    """

    type: Literal["end"] = "end"
    id: FlowId
    message: OptionalText = ""
    redirect: Annotated[str, Field(max_length=2000)] = ""
    flag: Literal["complete", "screened", "quota"] = "complete"
    record: bool = True


Step = Annotated[
    BlockStep | Branch | Randomizer | Group | SetFields | EndOfSurvey, Field(discriminator="type")
]

for _part in (Branch, Randomizer, Group):
    _part.model_rebuild()
