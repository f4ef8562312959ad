"""Posted fields: what stands in one, cleaned of what no person types, and the problem of one that was left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from opulse.experience.surveys.models import Answers, FieldProblem, FieldReason, Question

Form = Mapping[str, Sequence[str]]
"""Field name to posted values. Field names are answer keys."""

Outcome = tuple[Answers, list[FieldProblem]]
"""What was accepted, and what was wrong with the rest."""

REQUESTED = "requested"
"""The field that names the questions whose missing answer was asked for once already."""


def values_of(form: Form, key: str) -> list[str]:
    """Posted values without blanks: a browser posts an empty one for a list that was left alone."""
    return [value.strip() for value in form.get(key, ()) if value.strip()]


def missing(question: Question, key: str, form: Form, *, required: bool = False) -> list[FieldProblem]:
    """The problem of an answer that was left out; ``required`` is that of a part whose question is not."""
    if question.required or required:
        return [FieldProblem(question.id, key, FieldReason.REQUIRED)]
    if question.request and question.id not in form.get(REQUESTED, ()):
        return [FieldProblem(question.id, key, FieldReason.REQUESTED)]
    return []


def merge(outcomes: Sequence[Outcome]) -> Outcome:
    """Several parts' outcomes as one."""
    answers: Answers = {}
    problems: list[FieldProblem] = []
    for accepted, wrong in outcomes:
        answers.update(accepted)
        problems.extend(wrong)
    return answers, problems


def on_one_line(text: str) -> str:
    """The text with its line ends as spaces."""
    return " ".join(without_controls(text).split("\n"))


def without_controls(text: str) -> str:
    """Line ends as ``\\n`` (browsers post ``\\r\\n``), no control characters: databases refuse NUL, terminals obey ESC."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(kept).strip()
