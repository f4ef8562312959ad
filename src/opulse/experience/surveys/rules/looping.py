"""The rounds of a block that is asked several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opulse.experience.surveys.models import Block, Choice, Loop, LoopRow, Question
from opulse.experience.surveys.rules.drawing import arrange
from opulse.experience.surveys.rules.keys import answer_keys, choice_lists
from opulse.experience.surveys.rules.known import Known, is_offered


@dataclass(frozen=True, slots=True)
class Round:
    """One round: ``prefix`` stands before the ids of its questions (``2_``), ``fields`` are what its texts pipe."""

    prefix: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Turn:
    id: str
    texts: tuple[str, ...]
    fixed: bool = False


def rounds_of(block: Block, known: Known, seed: str) -> tuple[Round, ...]:
    """The rounds in order; a block that is not looped has one, without a prefix."""
    loop = block.loop
    if loop is None:
        return (Round(),)
    turns = arrange(_turns(loop, known), loop.order, seed, f"{block.id} loop")
    return tuple(
        Round(
            f"{turn.id}_",
            {
                "id": turn.id,
                "number": str(number),
                "total": str(len(turns)),
                **{str(place): text for place, text in enumerate(turn.texts, 1)},
            },
        )
        for number, turn in enumerate(turns, 1)
    )


def _turns(loop: Loop, known: Known) -> list[_Turn]:
    rows = {row.id: row for row in loop.rows}
    if loop.question is None:
        return [_Turn(row.id, row.fields) for row in loop.rows]
    question = known.shown.get(loop.question)
    if question is None:
        return []
    chosen = _taken(question, loop, known)
    return [_Turn(choice.id, _texts(choice, rows.get(choice.id))) for choice in chosen]


def _texts(choice: Choice, row: LoopRow | None) -> tuple[str, ...]:
    """Field 1 is the choice's text; a row of the same id adds further ones."""
    return (choice.text, *row.fields) if row else (choice.text,)


def _taken(question: Question, loop: Loop, known: Known) -> list[Choice]:
    choices = next(iter(choice_lists(question).values()), ())
    offered = [choice for choice in choices if is_offered(choice, known)]
    if loop.take in ("all", "displayed"):
        return list(choices) if loop.take == "all" else offered
    answer = known.answers.get(question.id)
    if answer is None:  # rows and items count as taken when anything was answered about them
        taken = [one.id for one in choices if _answered(question, one, known)]
    else:
        taken = answer if isinstance(answer, list) else [str(answer)]
    return [choice for choice in offered if (choice.id in taken) is (loop.take == "selected")]


def _answered(question: Question, choice: Choice, known: Known) -> bool:
    key = f"{question.id}_{choice.id}"
    return any(
        one == key or one.startswith(f"{key}_") for one in answer_keys(question) if one in known.answers
    )
