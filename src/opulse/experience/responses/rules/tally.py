"""From answers to counts: how many more, or fewer, gave each answer to each question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opulse.experience.responses.models import CountChange
from opulse.experience.surveys.models import Answers

A_TEXT = ""
"""What a text counts as: that there is one. The words themselves are read where they are allowed to be."""


def tally(changes: Iterable[CountChange]) -> dict[tuple[str, str], int]:
    """(answer key, choice) → difference; those that come out even are left out.

    A choice counts under its id, each of several under its own, a number under its digits, a text (keys that end in
    ``_TEXT``) under ``""``.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        counts.update(_given(change.after))
        counts.subtract(_given(change.before))
    return {given: difference for given, difference in counts.items() if difference}


def _given(answers: Answers) -> list[tuple[str, str]]:
    given: list[tuple[str, str]] = []
    for key, value in answers.items():
        if key.endswith("_TEXT"):
            given.append((key, A_TEXT))
        elif isinstance(value, list):
            given.extend((key, choice) for choice in value)
        else:
            given.append((key, str(value)))
    return given
