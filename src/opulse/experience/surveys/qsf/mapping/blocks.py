"""Blocks with their questions, skips, page breaks, order and loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from opulse.experience.surveys.models import (
    AS_WRITTEN,
    Block,
    Loop,
    LoopRow,
    Ordering,
    Question,
    SkipRule,
)
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.mapping.conditions import convert_skip
from opulse.experience.surveys.qsf.mapping.names import block_like
from opulse.experience.surveys.qsf.mapping.order import arrange
from opulse.experience.surveys.qsf.mapping.words import Account, Desk
from opulse.experience.surveys.qsf.models import BlockElement, QsfBlock

MOST_QUESTIONS = 500
_UNNAMED = frozenset({"default question block", "block", "standard block"})
_ROUNDS = re.compile(r"q://([^/#]+)/(?:ChoiceGroup|LoopAndMerge)/(\w+)")
_TAKE = {
    "SelectedChoices": "selected",
    "UnselectedChoices": "not_selected",
    "DisplayedChoices": "displayed",
    "AllChoices": "all",
}


def map_block(source: QsfBlock, mapped: Mapping[str, Question], desk: Desk, notes: list[str]) -> list[Block]:
    """The block; one with more questions than a document's block holds becomes several, in order.

    ``mapped``: the file's question id → our question, of those that were not left.
    """
    order, fixed = _order(source, notes)
    questions = tuple(_questions(source, mapped, fixed, desk))
    name = desk.names.blocks[source.id]
    title = source.title.strip()[:20_000]
    block = Block(id=name, name="" if title.lower() in _UNNAMED else title, questions=(), order=order)
    loop = _loop(source, desk, notes)
    pieces = [questions[at : at + MOST_QUESTIONS] for at in range(0, len(questions), MOST_QUESTIONS)] or [()]
    return [
        block.model_copy(
            update={
                "id": name if place == 0 else block_like(f"{name} {place}"),
                "questions": piece,
                "loop": loop,
            }
        )
        for place, piece in enumerate(pieces)
    ]


def _questions(
    source: QsfBlock, mapped: Mapping[str, Question], fixed: frozenset[str], desk: Desk
) -> Iterator[Question]:
    """The block's questions; a page break after a question that was left ends the page of the one before it."""
    waiting: Question | None = None
    for element in source.elements:
        if not element.question:
            waiting = waiting and waiting.model_copy(update={"page_break": True})
        elif found := mapped.get(element.question):
            if waiting is not None:
                yield waiting
            skips = tuple(_skips(element, desk))
            waiting = found.model_copy(update={"skips": skips, "fixed": element.question in fixed})
    if waiting is not None:
        yield waiting


def _skips(element: BlockElement, desk: Desk) -> Iterator[SkipRule]:
    for rule in element.skips[:50]:
        when = convert_skip(rule, element.question, desk)
        target = {"ENDOFBLOCK": "end_of_block", "ENDOFSURVEY": "end_of_survey"}.get(rule.target)
        target = target or desk.names.questions.get(rule.target)
        if when is not None and target is not None:
            yield SkipRule.model_validate({"when": when, "to": target})
        elif target is None:
            desk.account.differs(
                "it skips to a place that the file does not have; it goes on to what follows"
            )


def _order(source: QsfBlock, notes: list[str]) -> tuple[Ordering, frozenset[str]]:
    asked = loose.word(source.options.get("RandomizeQuestions")).lower()
    if asked in ("", "false", "none", "off"):
        return AS_WRITTEN, frozenset()
    ids = [one.question for one in source.elements if one.question]
    advanced = loose.mapping(loose.mapping(source.options.get("Randomization")).get("Advanced"))
    if asked != "advanced":
        count = advanced.get("TotalRandSubset") if asked == "randomwithonlyx" else None
        kind = "subset" if asked == "randomwithonlyx" else "all"
        return arrange({"Type": kind, "TotalRandSubset": count}, ids, Account()).order, frozenset()
    account = Account()
    details = advanced or loose.mapping(source.options.get("Randomization"))
    found = arrange({"Type": "Advanced", "Advanced": details}, ids, account)
    if account.differences or found.never:
        notes.append(f"Block {source.title or source.id}: its questions are mixed in a simpler way.")
    return found.order, found.fixed


def _loop(source: QsfBlock, desk: Desk, notes: list[str]) -> Loop | None:
    kind = loose.word(source.options.get("Looping"))
    if kind in ("", "None", "false"):
        return None
    options = loose.mapping(source.options.get("LoopingOptions"))
    order = arrange({"Type": options.get("Randomization")}, (), Account()).order
    name = source.title or source.id
    if kind == "Static":
        rows = tuple(_rows(loose.mapping(options.get("Static"))))
        if not rows:
            notes.append(f"Block {name}: its loop has no rows, so it is asked once.")
        return Loop(rows=rows, order=order) if rows else None
    locator = loose.word(options.get("ChoiceGroupLocator")) or loose.word(options.get("Locator"))
    match = _ROUNDS.search(locator)
    question = desk.names.questions.get(match[1]) if match else None
    if match is None or question is None or match[2] not in _TAKE:
        notes.append(
            f"Block {name}: its loop ({locator or 'without a source'}) is not known here; it is asked once."
        )
        return None
    if loose.mapping(options.get("Static")):
        notes.append(f"Block {name}: the loop's field 1 is the choice's words; further fields stay empty.")
    return Loop.model_validate({"question": question, "take": _TAKE[match[2]], "order": order})


def _rows(static: Mapping[str, Any]) -> Iterator[LoopRow]:
    """The rows of a static loop; rows that are wholly empty are no rounds."""
    number = 0
    for key in loose.numbered(static):
        row = loose.mapping(static[key])
        fields = _fields(row)
        if any(fields) and number < 200:
            number += 1
            identity = key if re.fullmatch(r"[1-9][0-9]{0,8}", key) else str(number)
            yield LoopRow(id=identity, fields=fields)


def _fields(row: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = [number for key in row if (number := loose.whole(key)) is not None and 1 <= number <= 20]
    count = max(numbers, default=0)
    return tuple(loose.text(row.get(str(place))).strip()[:20_000] for place in range(1, count + 1))
