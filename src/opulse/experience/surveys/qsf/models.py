"""What a QSF file holds once it is read, and what an import says of each question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class QsfUnreadable(ValueError):
    """The file is not a survey file at all; the text says what it is and what to do."""


class Outcome(StrEnum):
    """What became of a question."""

    TAKEN = "taken"  # it asks, checks and records what it did in the product
    APPROXIMATED = "approximated"  # it is asked, but something about it is different: the reason says what
    LEFT = "left"  # it is not in the survey: the reason says why


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the file. ``type``: the product's type, selector and sub-selector, as ``MC / SAVR / TX``."""

    id: str
    type: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Every question of the survey with its outcome; ``notes`` are sentences about the survey as a whole."""

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many questions had this outcome."""
        return sum(item.outcome is outcome for item in self.items)

    def as_json(self) -> dict[str, Any]:
        """The shape that ``opulse import qsf --json`` prints: counts and items, nothing else."""
        counts = {outcome.value: self.count(outcome) for outcome in Outcome}
        items = [
            {"id": one.id, "type": one.type, "outcome": one.outcome.value, "reason": one.reason}
            for one in self.items
        ]
        return {"questions": len(self.items), **counts, "items": items}


@dataclass(frozen=True, slots=True)
class Expression:
    """One line of a logic: ``subject`` (a locator or a field's name) ``operator`` ``value``.

    ``kind`` is the product's LogicType (``Question``, ``EmbeddedField``, ``PanelData``, ``DeviceType``, …). ``joined`` says
    how the line hangs on the one before it: ``and`` or ``or``.
    """

    kind: str
    subject: str
    operator: str
    value: str
    joined: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class LogicSet:
    """Lines that belong together; ``joined`` says how the set hangs on the one before it."""

    joined: str
    expressions: tuple[Expression, ...]


Logic = tuple[LogicSet, ...]
"""Sets of lines, in order; empty when there is no condition."""


@dataclass(frozen=True, slots=True)
class Option:
    """A choice, a row, a column, a field or a statement. ``recode`` and ``name`` are what exports write for it."""

    id: str
    html: str
    text_entry: bool = False
    exclusive: bool = False
    recode: str = ""
    name: str = ""
    logic: Logic = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validation:
    """What an answer must satisfy. ``force``: ``""``, ``force`` or ``request``; ``kind`` is the product's Type."""

    force: str = ""
    kind: str = ""
    content: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SkipRule:
    """After the question: when ``condition`` holds, go to ``target`` (a question, ``ENDOFBLOCK`` or ``ENDOFSURVEY``)."""

    question: str
    locator: str
    condition: str
    value: str
    target: str


@dataclass(frozen=True, slots=True)
class QsfQuestion:
    """One SQ element. ``html`` is the question's text as the file has it; ``payload`` is all the rest, unread."""

    id: str
    type: str
    selector: str
    sub_selector: str
    html: str
    export_tag: str
    choices: tuple[Option, ...]
    answers: tuple[Option, ...]
    validation: Validation
    logic: Logic
    configuration: Mapping[str, Any]
    languages: Mapping[str, Mapping[str, Any]]
    payload: Mapping[str, Any]
    columns: tuple[QsfQuestion, ...] = ()

    @property
    def kind(self) -> str:
        """``MC / SAVR / TX``."""
        return " / ".join(part for part in (self.type, self.selector, self.sub_selector) if part) or "unknown"


@dataclass(frozen=True, slots=True)
class BlockElement:
    """A question's place in a block, or a page break (``question`` is empty)."""

    question: str
    skips: tuple[SkipRule, ...] = ()


@dataclass(frozen=True, slots=True)
class QsfBlock:
    """One block; ``kind`` is ``Default``, ``Standard`` or ``Trash`` (deleted questions)."""

    id: str
    kind: str
    title: str
    elements: tuple[BlockElement, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FlowElement:
    """One step of the flow with what lies inside it."""

    kind: str
    id: str
    block: str
    logic: Logic
    payload: Mapping[str, Any]
    children: tuple[FlowElement, ...] = ()


@dataclass(frozen=True, slots=True)
class QsfSurvey:
    """A file, read. ``elements`` counts the elements by kind, also those that nobody reads."""

    name: str
    description: str
    language: str
    blocks: tuple[QsfBlock, ...]
    flow: tuple[FlowElement, ...]
    questions: Mapping[str, QsfQuestion]
    options: Mapping[str, Any]
    quotas: tuple[str, ...]
    scored: bool
    elements: Mapping[str, int]
    notes: tuple[str, ...]
