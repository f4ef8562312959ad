"""The columns that a survey's questions take in an export: name, text and import id, as the product spells them.

Source: the recorded exports of the product behind qualtrics-api.md 1.13 (three header rows; ``QID36`` with ``choiceId`` for each
of several choices; ``QID3_1`` for a row; ``QID4#1_1`` side by side; NPS with a group before the number).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from opulse.experience.surveys.models import (
    Block,
    Choice,
    Descriptive,
    DrillDown,
    Dropdown,
    LocalisedSurvey,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    SideBySide,
    SingleChoice,
    SurveyDocument,
    TextEntry,
)
from opulse.experience.surveys.rules import answer_keys
from opulse.experience.surveys.rules.keys import drill_options


class Kind(StrEnum):
    """How a cell is filled from the answer under the column's key."""

    ONE = "one"  # the choice that was taken: its recode, or its text
    AMONG = "among"  # one of several choices: its recode or text when it was taken, else empty
    NUMBER = "number"  # as it is
    TEXT = "text"  # the person's own words
    GROUP = "group"  # 1 detractor, 2 passive, 3 promoter


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``key`` is the answer's key; ``choice`` the one of several that it stands for.

    ``recodes`` and ``labels`` turn a choice's id into what the export holds.
    """

    name: str
    text: str
    import_id: str
    key: str
    kind: Kind
    choice: str = ""
    recodes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str]:
        """What makes columns of two versions one."""
        return self.import_id, self.choice


def columns_of(survey: SurveyDocument | LocalisedSurvey) -> list[Column]:
    """Columns of every question in the order of the survey; those of a looped block once per round."""
    by_id = {question.id: question for question in survey.questions}
    return [column for block in survey.blocks for column in _of_block(block, by_id)]


def union_of(versions: Iterable[Sequence[Column]]) -> list[Column]:
    """Columns of several versions of one survey: those of the first, then what only the others have.

    A choice that only an older version offered keeps its label in the common column.
    """
    found: dict[tuple[str, str], Column] = {}
    for columns in versions:
        for column in columns:
            known = found.get(column.identity)
            found[column.identity] = (
                column
                if known is None
                else replace(
                    known,
                    recodes={**column.recodes, **known.recodes},
                    labels={**column.labels, **known.labels},
                )
            )
    return list(found.values())


def _of_block(block: Block, by_id: Mapping[str, Question]) -> Iterator[Column]:
    rounds = [""]
    if block.loop is not None:
        asked_of = by_id.get(block.loop.question or "")
        items: Sequence[Choice] = getattr(asked_of, "choices", None) or getattr(asked_of, "rows", None) or ()
        rounds = [f"{one.id}_" for one in block.loop.rows or items]
    for prefix in rounds:
        for question in block.questions:
            for column in _of_question(question):
                yield replace(
                    column,
                    name=prefix + column.name,
                    import_id=prefix + column.import_id,
                    key=prefix + column.key,
                )


def _of_question(question: Question) -> Iterator[Column]:
    tag = question.export_tag or question.id

    def named(key: str) -> str:
        return tag + key.removeprefix(question.id)

    match question:
        case Descriptive():
            return
        case NetPromoter():
            group = f"{question.id}_NPS_GROUP"
            yield Column(named(group), f"{question.text} - Group", group, question.id, Kind.GROUP)
            yield Column(tag, question.text, question.id, question.id, Kind.NUMBER)
        case SingleChoice() | Dropdown():
            yield _one(question, question.id, tag, question.text, question.choices)
            yield from _own_words(question, named)
        case MultipleChoice():
            yield from _several(question.id, question.id, tag, question.text, question.choices)
            yield from _own_words(question, named)
        case Matrix():
            yield from _of_matrix(question, tag)
        case SideBySide():
            yield from _of_side_by_side(question, tag)
        case DrillDown():
            yield from _of_drill_down(question, tag)
        case TextEntry():
            yield Column(tag, question.text, f"{question.id}_TEXT", f"{question.id}_TEXT", Kind.TEXT)
        case _:
            yield from _plain(question, named)


def _one(question: Question, key: str, name: str, text: str, choices: Sequence[Choice]) -> Column:
    recodes, labels = _lists(choices)
    return Column(name, text, key, key, Kind.ONE, recodes=recodes, labels=labels)


def _several(import_id: str, key: str, name: str, text: str, choices: Sequence[Choice]) -> Iterator[Column]:
    recodes, labels = _lists(choices)
    for choice in choices:
        part = recodes[choice.id]
        yield Column(
            f"{name}_{part}",
            f"{text} - {choice.text}",
            import_id,
            key,
            Kind.AMONG,
            choice.id,
            recodes,
            labels,
        )


def _own_words(
    question: SingleChoice | Dropdown | MultipleChoice, named: Callable[[str], str]
) -> Iterator[Column]:
    """The boxes of choices such as *other, please say*."""
    texts = {f"{question.id}_{choice.id}_TEXT": choice.text for choice in question.choices}
    for key in answer_keys(question)[1:]:
        yield Column(named(key), f"{question.text} - {texts[key]} - Text", key, key, Kind.TEXT)


def _of_matrix(question: Matrix, tag: str) -> Iterator[Column]:
    for row in question.rows:
        key, name = f"{question.id}_{row.id}", f"{tag}_{row.export_tag or row.id}"
        text = f"{question.text} - {row.text}"
        if question.answers == "several":
            for column in _several(key, key, name, text, question.scale):
                yield replace(column, import_id=f"{key}_{column.choice}", choice=column.choice)
        else:
            yield _one(question, key, name, text, question.scale)


def _of_side_by_side(question: SideBySide, tag: str) -> Iterator[Column]:
    for part in question.columns:
        for row in question.rows:
            key, name = f"{question.id}#{part.id}_{row.id}", f"{tag}#{part.id}_{row.id}"
            text = f"{question.text} - {part.text} - {row.text}"
            if part.answers == "text":
                yield Column(f"{name}_TEXT", text, f"{key}_TEXT", f"{key}_TEXT", Kind.TEXT)
            elif part.answers == "several":
                for column in _several(key, key, name, text, part.scale):
                    yield replace(column, import_id=f"{key}_{column.choice}")
            else:
                yield _one(question, key, name, text, part.scale)


def _of_drill_down(question: DrillDown, tag: str) -> Iterator[Column]:
    ways = drill_options(question)
    recodes = {id_: way[-1].recode or id_ for id_, way in ways.items()}
    labels = {id_: way[-1].text for id_, way in ways.items()}
    for level, name in enumerate(question.levels, 1):
        key = f"{question.id}_{level}"
        yield Column(
            f"{tag}_{level}", f"{question.text} - {name}", key, key, Kind.ONE, recodes=recodes, labels=labels
        )


def _plain(question: Question, named: Callable[[str], str]) -> Iterator[Column]:
    """Numbers and texts under one key each: stars, sliders, ranks, sums, forms, timing."""
    parts: dict[str, str] = {}
    for list_name in ("items", "choices", "fields"):
        parts |= {f"{question.id}_{one.id}": one.text for one in getattr(question, list_name, ())}
    for row in getattr(question, "rows", ()):
        for column in getattr(question, "columns", ()):
            parts[f"{question.id}_{row.id}_{column.id}"] = f"{row.text} - {column.text}"
    kind = Kind.TEXT if question.type in ("form", "text_matrix", "meta") else Kind.NUMBER
    for key in answer_keys(question):
        part = parts.get(key, "") or key.removeprefix(f"{question.id}_").replace("_", " ").title()
        alone = key == f"{question.id}_1" and not getattr(question, "items", True)
        yield Column(named(key), question.text if alone else f"{question.text} - {part}", key, key, kind)


def _lists(choices: Sequence[Choice]) -> tuple[dict[str, str], dict[str, str]]:
    """Recodes and labels of choices by id."""
    return (
        {choice.id: choice.recode or choice.id for choice in choices},
        {choice.id: choice.label or choice.text for choice in choices},
    )
