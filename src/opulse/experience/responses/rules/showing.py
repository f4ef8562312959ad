"""How much of a survey's responses may be shown: nothing by which few people could be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opulse.experience.responses.models import AnswerFilter, Identity, ResponseState


class Hidden(StrEnum):
    """Why rows, or the words in them, are not shown."""

    FEW_ANSWERS = "few_answers"  # so few that each could be guessed
    FEW_COMMENTS = "few_comments"  # choices are shown; what people wrote in their own words is not yet


class FilterRefused(StrEnum):
    """Why a filter is not applied to a survey that promises not to show whose an answer is."""

    BY_TIME = "by_time"  # a narrow window finds one person
    BY_CHOICE = "by_choice"  # two filters whose results differ by one show that one


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown. ``rows`` False: nothing but the number; ``texts`` False: no words of people."""

    rows: bool
    texts: bool
    why: Hidden | None


def decide_shown(identity: Identity, found: int, cell: int, comment_cell: int) -> Shown:
    """``found``: responses that the filter gives. Smallest groups: evidence-and-standards.md 27."""
    if identity is Identity.NAMED:
        return Shown(rows=True, texts=True, why=None)
    if found < cell:
        return Shown(rows=False, texts=False, why=Hidden.FEW_ANSWERS)
    if found < comment_cell:
        return Shown(rows=True, texts=False, why=Hidden.FEW_COMMENTS)
    return Shown(rows=True, texts=True, why=None)


def refuse_filter(identity: Identity, wanted: AnswerFilter) -> FilterRefused | None:
    """Primary suppression is not enough (evidence-and-standards.md 28): what could find one by subtraction is refused."""
    if identity is Identity.NAMED:
        return None
    if wanted.since is not None or wanted.until is not None:
        return FilterRefused.BY_TIME
    if wanted.choice is not None:
        return FilterRefused.BY_CHOICE
    return None


def may_become(now: Identity, then: Identity, *, published: bool) -> bool:
    """A promise that people were given is never taken back; it may only become stricter."""
    order = (Identity.NAMED, Identity.CONFIDENTIAL, Identity.ANONYMOUS)
    return not published or order.index(then) >= order.index(now)


COUNTED = frozenset({ResponseState.RECORDED})
