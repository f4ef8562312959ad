"""One question as one person meets it: in its round of a loop, its choices offered and in order, its texts filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opulse.experience.surveys.models import Choice, Matrix, Question
from opulse.experience.surveys.rules.drawing import arrange
from opulse.experience.surveys.rules.known import Known, is_offered
from opulse.experience.surveys.rules.piping import filler
from opulse.experience.surveys.rules.texts import replace_in_question

_FLIP = {"kind": "flipped"}


def place_question(question: Question, known: Known, seed: str) -> Question:
    """The question to draw and to judge answers by. Its id is that of its round; answer keys follow."""
    changed: dict[str, Any] = {}
    if known.round:
        changed["id"] = f"{known.round}{question.id}"
    order = getattr(question, "order", None)
    for name in ("choices", "rows", "items", "fields"):
        listed = getattr(question, name, ())
        if listed:
            offered = _offered(listed, known)
            changed[name] = offered if order is None else arrange(offered, order, seed, question.id)
            order = None  # that of the first list; a scale has one of its own
    if isinstance(question, Matrix) and question.flip_scale:
        flipped = question.order.model_copy(update={**_FLIP, "show": None})
        changed["scale"] = arrange(question.scale, flipped, seed, f"{question.id} scale")
    placed = question.model_copy(update=changed) if changed else question
    return replace_in_question(placed, filler(known, seed))


def _offered(choices: Iterable[Choice], known: Known) -> tuple[Choice, ...]:
    return tuple(choice for choice in choices if is_offered(choice, known))
