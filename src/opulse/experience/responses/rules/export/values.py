"""What a cell holds: the value as the product numbers it, or as people read it."""

from __future__ import annotations

from opulse.experience.responses.rules.export.columns import Column, Kind
from opulse.experience.surveys.models import Answers

_GROUPS = {1: "Detractor", 2: "Passive", 3: "Promoter"}


def value_of(column: Column, answers: Answers) -> str | int | None:
    """The recode, number or text; None: not answered."""
    given = answers.get(column.key)
    if given is None:
        return None
    match column.kind:
        case Kind.ONE:
            return _number_if_it_is(column.recodes.get(str(given), str(given)))
        case Kind.AMONG:
            taken = isinstance(given, list) and column.choice in given
            return _number_if_it_is(column.recodes[column.choice]) if taken else None
        case Kind.GROUP:
            return _group(given)
        case _:
            return given if isinstance(given, int) else str(given)


def label_of(column: Column, answers: Answers) -> str | int | None:
    """The same in words: the choice's text in place of its number."""
    given = answers.get(column.key)
    if given is None:
        return None
    match column.kind:
        case Kind.ONE:
            return column.labels.get(str(given), str(given))
        case Kind.AMONG:
            return (
                column.labels[column.choice] if isinstance(given, list) and column.choice in given else None
            )
        case Kind.GROUP:
            return _GROUPS[_group(given)]
        case _:
            return value_of(column, answers)


def _group(given: object) -> int:
    """0-6 detractor, 7-8 passive, 9-10 promoter."""
    number = int(str(given))
    return 1 if number <= 6 else 2 if number <= 8 else 3


def _number_if_it_is(text: str) -> str | int:
    return int(text) if text.isascii() and text.lstrip("-").isdecimal() and len(text) < 12 else text
