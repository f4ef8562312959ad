"""Editing the flow step by step. A place is the way to a step: ``2.0`` is the first one inside the third."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from opulse.experience.surveys.models import BlockStep, Branch, DisplayLogic, Step, SurveyDocument
from opulse.experience.surveys.rules.order import steps_of

_STEP: TypeAdapter[Step] = TypeAdapter(Step)


class StepUnknown(LookupError):
    """The flow has no such step; somebody else may have deleted it."""


def with_flow(document: SurveyDocument) -> SurveyDocument:
    """The document with its flow written out: without one, the blocks in their order."""
    if document.flow:
        return document
    return _with(document, tuple(BlockStep(block=block.id) for block in document.blocks))


def step_names(document: SurveyDocument) -> dict[str, str]:
    """Block id → what the console calls it."""
    return {
        block.id: block.name or block.title or f"Block {number}"
        for number, block in enumerate(document.blocks, 1)
    }


def add_step(document: SurveyDocument, place: str, step: dict[str, Any]) -> SurveyDocument:
    """A step at the end of the flow, or at the end of those inside the step at ``place``.

    Raises:
        StepUnknown: there is no such step, or it holds no others.
        ValidationError: the step does not fit.
    """
    made = _STEP.validate_python(step if step.get("type") == "block" else {**step, "id": next_step(document)})
    if not place:
        return _with(document, (*document.flow, made))
    return _at(document, place, lambda found: [found.model_copy(update={"flow": (*_inner(found), made)})])


def move_step(document: SurveyDocument, place: str, by: int) -> SurveyDocument:
    """A step one place up (-1) or down (1) among those beside it."""
    *above, last = _way(place)

    def moved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        target = last + by
        if not 0 <= last < len(steps) or not 0 <= target < len(steps):
            return steps
        order = list(steps)
        order.insert(target, order.pop(last))
        return tuple(order)

    if not above:
        return _with(document, moved(document.flow))
    inside = ".".join(str(number) for number in above)
    return _at(document, inside, lambda found: [found.model_copy(update={"flow": moved(_inner(found))})])


def delete_step(document: SurveyDocument, place: str) -> SurveyDocument:
    """A step away; those inside it take its place. A block stays in the survey, it is only not met."""
    return _at(document, place, lambda found: list(getattr(found, "flow", ())))


def change_step(
    document: SurveyDocument,
    place: str,
    settings: dict[str, Any],
    when: Callable[[Branch], DisplayLogic] | None = None,
) -> SurveyDocument:
    """A step with other settings, or a branch with other conditions.

    Raises:
        StepUnknown: there is no such step.
        ValidationError: a setting does not fit.
    """

    def changed(found: Step) -> list[Step]:
        if when is not None:
            if not isinstance(found, Branch):
                raise StepUnknown(place)
            return [found.model_copy(update={"when": when(found)})]
        return [_STEP.validate_python(found.model_dump() | settings)]

    return _at(document, place, changed)


def next_step(document: SurveyDocument) -> str:
    """An id that no step has."""
    taken = {getattr(step, "id", "") for step in steps_of(document.flow)}
    return next(f"FL_{number}" for number in range(1, len(taken) + 2) if f"FL_{number}" not in taken)


def _at(document: SurveyDocument, place: str, change: Callable[[Step], list[Step]]) -> SurveyDocument:
    return _with(document, _replaced(document.flow, _way(place), change))


def _replaced(
    steps: tuple[Step, ...], way: list[int], change: Callable[[Step], list[Step]]
) -> tuple[Step, ...]:
    number, *rest = way
    if not 0 <= number < len(steps):
        raise StepUnknown(str(number))
    found = steps[number]
    if not rest:
        return (*steps[:number], *change(found), *steps[number + 1 :])
    inner = _replaced(_inner(found), rest, change)
    return (*steps[:number], found.model_copy(update={"flow": inner}), *steps[number + 1 :])


def _inner(step: Step) -> tuple[Step, ...]:
    flow: tuple[Step, ...] | None = getattr(step, "flow", None)
    if flow is None:
        raise StepUnknown(step.type)
    return flow


def _way(place: str) -> list[int]:
    parts = place.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
        raise StepUnknown(place)
    return [int(part) for part in parts]


def _with(document: SurveyDocument, flow: tuple[Step, ...]) -> SurveyDocument:
    return document.model_copy(update={"flow": flow})
