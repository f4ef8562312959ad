"""What the result page shows, and why a number is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hidden(StrEnum):
    """Why a question's numbers are not shown."""

    NO_ANSWERS = "no_answers"  # nobody has answered it yet
    FEW_ANSWERS = "few_answers"  # fewer answers than the smallest group that may be shown
    FEW_COMMENTS = "few_comments"  # so few people answered that a comment would point at its author


@dataclass(frozen=True)
class Totals:
    """People on their way from being asked to having answered. ``started`` includes those who finished."""

    people: int  # with an invitation row, asked or spared
    asked: int
    accepted: int
    started: int
    answered: int
    late: int
    quarantined: int
    waiting: int  # queued, sending, deferred
    held: int
    spared: int
    failed: int  # refused, bounced, too late
    stopped: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    first_answer_at: datetime | None
    asked_there: int = 0  # of those asked: by a survey at Qualtrics
    answered_there: int = 0


@dataclass(frozen=True)
class Interval:
    """Bounds of a share, from 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True)
class ChoiceResult:
    """One bar. ``share`` is of the question's answers; ``interval`` of the people who were asked."""

    id: str
    text: str
    count: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class QuestionResult:
    """One question. ``hidden`` says why ``choices`` is empty."""

    id: str
    text: str
    answers: int
    choices: tuple[ChoiceResult, ...]
    hidden: Hidden | None


@dataclass(frozen=True)
class Comments:
    """Free words, without who said them, newest last; ``hidden`` says why there are none."""

    question: str
    text: str
    count: int
    words: tuple[str, ...]
    hidden: Hidden | None


@dataclass(frozen=True)
class SurveyResult:
    """One survey's questions and comments."""

    survey: str
    title: str
    questions: tuple[QuestionResult, ...]
    comments: tuple[Comments, ...]
    at_qualtrics: bool = False


@dataclass(frozen=True)
class Result:
    """Everything that the result page shows of an activation."""

    activation: str
    totals: Totals
    surveys: tuple[SurveyResult, ...]


Counts = Mapping[tuple[str, str], int]
"""(answer key, choice) → how many."""
