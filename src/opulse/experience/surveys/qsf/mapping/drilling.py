"""Drill down (DD): a choice in levels, from the paths that a file holds to a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from opulse.experience.surveys.models import DrillDown, Question
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.mapping.options import Fields
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import QsfQuestion

DEEPEST = 6
SEPARATOR = " ~ "
"""Stands between the steps of an answer's path: ``Europe ~ France ~ Paris``."""


@dataclass(slots=True)
class _Node:
    """One entry on its way into the tree."""

    text: str
    id: str = ""
    recode: str = ""
    below: dict[str, _Node] = field(default_factory=dict)


def drill_down(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """DD: the file names each leaf by its path; steps in between get ids that no leaf has."""
    levels = [desk.words(one.html, f"{place}") for place, one in enumerate(question.choices, start=1)][
        :DEEPEST
    ]
    top = _Node("")
    names = desk.names.answers[question.id]
    for option in question.answers:
        steps = [part.strip() for part in desk.words(option.html).split("~")]
        path = [part for part in steps if part][:DEEPEST]
        node = top
        for step in path:
            node = node.below.setdefault(step, _Node(step))
        if path and not node.id:
            node.id = names[option.id]
            node.recode = option.recode if option.recode != node.id else ""
    depth = _depth(top)
    levels = levels[:depth] + [str(place + 1) for place in range(len(levels), depth)]
    _number(top, max((int(one) for one in names.values()), default=0) + 1)
    return DrillDown.model_validate({**common, "levels": levels, "options": list(_entries(top))})


def _depth(node: _Node) -> int:
    return max((1 + _depth(one) for one in node.below.values()), default=0)


def _number(node: _Node, free: int) -> int:
    for one in node.below.values():
        if not one.id:
            one.id, free = str(free), free + 1
        free = _number(one, free)
    return free


def _entries(node: _Node) -> Iterator[Fields]:
    for one in node.below.values():
        recode = loose.word(one.recode)
        yield {"id": one.id, "text": one.text, "recode": recode, "options": list(_entries(one))}
