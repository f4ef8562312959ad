"""Carried choices: the product fills a question's choices from an earlier one; here they are written out, each under the
condition that it was chosen (or shown) there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.models import Expression, LogicSet, Option, QsfQuestion

_SOURCE = re.compile(r"q://([^/#]+)/ChoiceGroup/(\w+)")
_WHEN = {
    "SelectedChoices": ("SelectableChoice", "Selected"),
    "UnselectedChoices": ("SelectableChoice", "NotSelected"),
    "DisplayedChoices": ("ChoiceDisplayed", "Displayed"),
    "NotDisplayedChoices": ("ChoiceDisplayed", "NotDisplayed"),
}
_EVERY = "AllChoices"


def write_out(questions: Mapping[str, QsfQuestion]) -> dict[str, QsfQuestion]:
    """The questions, in their order, with carried choices written out; a source that is later or unknown gives none."""
    found: dict[str, QsfQuestion] = {}
    for name, question in questions.items():
        found[name] = replace(question, choices=(*question.choices, *_carried(question, found)))
    return found


def is_carried(question: QsfQuestion) -> bool:
    """Whether some of its choices come from another question."""
    return bool(loose.word(_dynamic(question).get("Locator")))


def _carried(question: QsfQuestion, earlier: Mapping[str, QsfQuestion]) -> list[Option]:
    match = _SOURCE.search(loose.word(_dynamic(question).get("Locator")))
    source = earlier.get(match[1]) if match else None
    if match is None or source is None or (match[2] not in _WHEN and match[2] != _EVERY):
        return []
    own = {option.id for option in question.choices}
    return [
        replace(option, id=f"x{option.id}", logic=_when(source.id, option.id, match[2]), recode=option.recode)
        for option in source.choices
        if f"x{option.id}" not in own
    ]


def _when(source: str, choice: str, take: str) -> tuple[LogicSet, ...]:
    if take == _EVERY:
        return ()
    head, operator = _WHEN[take]
    line = Expression("Question", f"q://{source}/{head}/{choice}", operator, "", "and", source)
    return (LogicSet("and", (line,)),)


def _dynamic(question: QsfQuestion) -> Mapping[str, object]:
    return loose.mapping(question.payload.get("DynamicChoices"))
