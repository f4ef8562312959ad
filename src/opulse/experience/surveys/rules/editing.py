"""Editing a document part by part: each step gives a new document, keeps ids that answers name, and loses nothing for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    Branch,
    Group,
    Question,
    Randomizer,
    Step,
    SurveyDocument,
)
from opulse.experience.surveys.rules.starting import STARTING
from opulse.experience.surveys.rules.texts import replace_in_question

_NUMBERED = re.compile(r"QID(\d{1,9})")
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)
T = TypeVar("T")


class PartUnknown(LookupError):
    """The document has no such block or question; somebody else may have deleted it."""


def add_block(document: SurveyDocument, block: str) -> SurveyDocument:
    """An empty block at the end, also of the flow."""
    blocks = (*document.blocks, Block(id=block, questions=()))
    flow = (*document.flow, BlockStep(block=block)) if document.flow else ()
    return _with(document, blocks=blocks, flow=flow)


def change_block(document: SurveyDocument, block: str, **changed: Any) -> SurveyDocument:
    """A block with other settings.

    Raises:
        PartUnknown: there is no such block.
        ValidationError: a setting does not fit.
    """
    former = find_block(document, block)
    made = Block.model_validate(former.model_dump() | changed)
    return _with(document, blocks=tuple(made if one.id == block else one for one in document.blocks))


def move_block(document: SurveyDocument, block: str, by: int) -> SurveyDocument:
    """A block one place up (-1) or down (1); its place in a flow is the flow's own matter."""
    place = document.blocks.index(find_block(document, block))
    return _with(document, blocks=_moved(document.blocks, place, by))


def delete_block(document: SurveyDocument, block: str) -> SurveyDocument:
    """A block away; its questions can be put back, the last block stays."""
    gone = find_block(document, block)
    if len(document.blocks) == 1:
        return document
    return _with(
        document,
        blocks=tuple(one for one in document.blocks if one.id != block),
        flow=_without(document.flow, block),
        trash=(*document.trash, *gone.questions),
    )


def add_question(document: SurveyDocument, block: str, kind: str) -> tuple[SurveyDocument, str]:
    """A question of the kind at the end of a block, with something in it to be replaced; and its id.

    Raises:
        PartUnknown: there is no such block, or no such kind.
    """
    if kind not in STARTING:
        raise PartUnknown(kind)
    target = find_block(document, block)
    question = _QUESTION.validate_python({"type": kind, "id": next_question(document), **STARTING[kind]})
    return _in_block(document, target, (*target.questions, question)), question.id


def replace_question(document: SurveyDocument, question: Question) -> SurveyDocument:
    """Another question under the same id; translations of texts that it no longer has go with them."""
    block, place = find_question(document, question.id)
    questions = (*block.questions[:place], question, *block.questions[place + 1 :])
    changed = _in_block(document, block, questions)
    kept = {
        language: {key: text for key, text in texts.items() if _stays(key, question)}
        for language, texts in document.translations.items()
    }
    return _with(changed, translations=kept)


def move_question(document: SurveyDocument, question: str, by: int) -> SurveyDocument:
    """A question one place up (-1) or down (1); at the end of its block into the next one."""
    block, place = find_question(document, question)
    if 0 <= place + by < len(block.questions):
        return _in_block(document, block, _moved(block.questions, place, by))
    beside = document.blocks.index(block) + by
    if not 0 <= beside < len(document.blocks):
        return document
    moved, other = block.questions[place], document.blocks[beside]
    there = (moved, *other.questions) if by > 0 else (*other.questions, moved)
    left = _in_block(document, block, tuple(one for one in block.questions if one.id != question))
    return _in_block(left, other, there)


def duplicate_question(document: SurveyDocument, question: str) -> tuple[SurveyDocument, str]:
    """The same question once more below it, under an id of its own; and that id."""
    block, place = find_question(document, question)
    copy = block.questions[place].model_copy(
        update={"id": next_question(document), "skips": (), "check": None}
    )
    questions = (*block.questions[: place + 1], copy, *block.questions[place + 1 :])
    return _in_block(document, block, questions), copy.id


def delete_question(document: SurveyDocument, question: str) -> SurveyDocument:
    """A question away, to be put back when that was a mistake."""
    block, place = find_question(document, question)
    gone = block.questions[place]
    kept = tuple(one for one in block.questions if one.id != question)
    return _with(_in_block(document, block, kept), trash=(*document.trash, gone))


def restore_question(document: SurveyDocument, question: str) -> SurveyDocument:
    """A deleted question back, at the end of the last block. Raises PartUnknown when it is not among the deleted."""
    back = next((one for one in document.trash if one.id == question), None)
    if back is None:
        raise PartUnknown(question)
    last = document.blocks[-1]
    put = _in_block(document, last, (*last.questions, back))
    return _with(put, trash=tuple(one for one in document.trash if one.id != question))


def next_question(document: SurveyDocument) -> str:
    """An id that no question has or had."""
    every = (*document.questions, *document.trash)
    numbers = [int(found[1]) for one in every if (found := _NUMBERED.fullmatch(one.id))]
    return f"QID{max(numbers, default=0) + 1}"


def find_block(document: SurveyDocument, block: str) -> Block:
    """The block; raises PartUnknown."""
    found = next((one for one in document.blocks if one.id == block), None)
    if found is None:
        raise PartUnknown(block)
    return found


def find_question(document: SurveyDocument, question: str) -> tuple[Block, int]:
    """The block that holds the question, and its place there; raises PartUnknown."""
    for block in document.blocks:
        for place, one in enumerate(block.questions):
            if one.id == question:
                return block, place
    raise PartUnknown(question)


def text_keys_of(question: Question) -> set[str]:
    """The keys of one question's texts."""
    keys: set[str] = set()

    def note(key: str, text: str) -> str:
        keys.add(key)
        return text

    replace_in_question(question, note)
    return keys


def map_steps(flow: Iterable[Step], change: Callable[[Step], Step | None]) -> tuple[Step, ...]:
    """The flow with every step changed, those inside others too; None takes a step away."""
    kept: list[Step] = []
    for step in flow:
        changed = change(step)
        if changed is None:
            continue
        if isinstance(changed, Branch | Randomizer | Group):
            changed = changed.model_copy(update={"flow": map_steps(changed.flow, change)})
        kept.append(changed)
    return tuple(kept)


def _stays(key: str, question: Question) -> bool:
    return not key.startswith(f"{question.id}.") or key in text_keys_of(question)


def _without(flow: Sequence[Step], block: str) -> tuple[Step, ...]:
    return map_steps(flow, lambda step: None if isinstance(step, BlockStep) and step.block == block else step)


def _in_block(document: SurveyDocument, block: Block, questions: tuple[Question, ...]) -> SurveyDocument:
    changed = block.model_copy(update={"questions": questions})
    return _with(document, blocks=tuple(changed if one.id == block.id else one for one in document.blocks))


def _moved(items: tuple[T, ...], place: int, by: int) -> tuple[T, ...]:
    target = place + by
    if not 0 <= target < len(items):
        return items
    moved = list(items)
    moved.insert(target, moved.pop(place))
    return tuple(moved)


def _with(document: SurveyDocument, **changed: Any) -> SurveyDocument:
    return document.model_copy(update=changed)
