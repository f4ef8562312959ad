"""Answers of people: their states, why one is not counted, what opens and closes a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from opulse.experience.surveys.models import (
    Answers,
    FieldProblem,
    LocalisedSurvey,
    SurveyDocument,
    SurveyState,
)


class ResponseState(StrEnum):
    """Where one response stands."""

    IN_PROGRESS = "in_progress"  # something was posted, and it is not complete yet; not counted
    RECORDED = "recorded"  # complete and in time: the one that counts
    LATE = "late"  # posted after closing: kept, never counted
    QUARANTINED = "quarantined"  # posted as machines post: kept, not counted, takes no slot
    PARTIAL = "partial"  # begun and never finished; closed since nothing came for days: kept, not counted
    TEST = "test"  # somebody of the console tried the survey: kept and marked, never counted
    WITHDRAWN = "withdrawn"  # was recorded; then the person said that it is not their computer, or not them
    DELETED = "deleted"  # those who ask took it out: its answers are gone, the row says that there was one


class AccessReason(StrEnum):
    """What a personal link opens now."""

    OPEN = "open"  # the questions may be answered
    FINISHING = "finishing"  # closed, but this page was opened in time and may still be sent
    EXPIRED = "expired"  # the link's time is over
    CLOSED = "closed"  # the survey or its distribution was closed by those who ask


class QuarantineReason(StrEnum):
    """Why a press looks like a machine's. Each is shown to operators beside the number of quarantined answers."""

    TRAP_TOUCHED = "trap_touched"  # a field that no person can see was filled in
    NO_DWELL = "no_dwell"  # sent quicker after the page was opened than anybody reads
    TOO_SOON_AFTER_SENDING = "too_soon_after_sending"  # sent when the mail had hardly left
    HIDDEN_LINK = "hidden_link"  # the same client followed a link of the mail that no person sees
    ALL_LINKS = "all_links"  # the same client opened all choices of the mail just before
    SOON_AFTER_SENDING = (
        "soon_after_sending"  # sent within half a minute of the mail; tells only with another sign
    )
    SCANNER_NETWORK = (
        "scanner_network"  # from a network that the administrator listed; tells only with another sign
    )


class CorrectionKind(StrEnum):
    """What a person says instead of answering."""

    NOT_MY_DEVICE = "not_my_device"  # they do not use this computer: the owner is recorded wrongly
    NOT_ME = "not_me"  # the mail reached somebody else


class Intent(StrEnum):
    """Which button of the page was pressed."""

    ANSWER = "answer"  # send the answers
    NOT_MY_DEVICE = "not_my_device"
    NOT_ME = "not_me"
    BACK = "back"  # to the page before


class SubmitOutcome(StrEnum):
    """What became of a press on *send*."""

    RECORDED = "recorded"  # it counts
    LATE = "late"  # kept, not counted: the link's time was over
    TURNED = "turned"  # a page was taken, or left by the way back: another one follows
    NOT_KEPT = "not_kept"  # the way ended where the survey keeps no answers
    INCOMPLETE = (
        "incomplete"  # the page comes back with problems, or with questions that the answers brought up
    )
    QUARANTINED = "quarantined"  # looks like a machine's press; the page asks for one more
    NOTED = "noted"  # "not my computer" or "not me" was taken
    REFUSED_CLOSED = "refused_closed"  # the survey takes no answers; nothing was kept
    REFUSED_EXPIRED = "refused_expired"  # the time is over and there was nothing to keep
    REFUSED_TOO_MANY = (
        "refused_too_many"  # this link was used to post more often than any person changes their mind
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the respondent's page must know of one invitation.

    ``language`` and ``time_zone`` are the contact's (empty: unknown); ``activation`` is empty when no incident is behind it;
    ``directory`` is empty when the contact is gone.
    """

    tenant: int
    invitation: str
    distribution: str
    survey: str
    version: int
    activation: str
    contact: str
    directory: str
    language: str
    time_zone: str
    individual: bool
    cancelled: bool
    sent_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it is stored. ``revision`` counts its accepted posts from 1; earlier ones are in the history."""

    id: str
    invitation: str
    state: ResponseState
    answers: Answers
    language: str
    revision: int
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One look at a link: what it asks, where the survey stands, and everything that was sent through it, the latest last."""

    asked: Asked
    survey: SurveyState
    responses: tuple[Response, ...]
    correction: CorrectionKind | None


@dataclass(frozen=True, slots=True)
class FirstLook:
    """An individual link that may be answered and through which nothing came yet."""

    tenant: int
    invitation: str
    survey: str
    version: int
    language: str
    time_zone: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Everything about one link at one moment: what is asked, and what was answered so far.

    ``response`` is the answer that counts or may still come to count; ``late`` whether a late one is kept. ``word`` gives
    the document in one of its languages; ``walked`` says that each person goes their own way through it.
    """

    asked: Asked
    survey: SurveyState
    document: SurveyDocument
    word: Callable[[str], LocalisedSurvey]
    response: Response | None
    late: bool
    correction: CorrectionKind | None
    walked: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """One posted form. ``opened_at`` is when the page was served (None: not proved), ``seen`` the questions it showed,
    ``client`` the address it came from (empty: unknown; never stored)."""

    intent: Intent
    form: Mapping[str, Sequence[str]]
    language: str
    seen: frozenset[str]
    trap: str
    opened_at: datetime | None
    client: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a press, and what the next page needs. ``reason`` is why it was quarantined, ``signs`` all it showed."""

    outcome: SubmitOutcome
    facts: LinkFacts
    problems: tuple[FieldProblem, ...] = ()
    more_questions: bool = False
    reason: QuarantineReason | None = None
    signs: tuple[QuarantineReason, ...] = ()


@dataclass(frozen=True, slots=True)
class CountChange:
    """What one response changes in the counts: take ``before`` away, add ``after``. Empty: it did not or does not count."""

    response: str
    survey: str
    version: int
    before: Answers
    after: Answers


@dataclass(frozen=True, slots=True)
class WalkRow:
    """How far somebody came on their way through a survey of several pages.

    ``session`` is the invitation, or what the browser of an anonymous link keeps, or a test's id. ``sent`` are the pages
    that were sent; ``embedded`` what was known when it began and, at the end, what the flow has set. ``turns`` counts posts:
    who saves on top of another number than they read has been overtaken.
    """

    tenant: int
    session: str
    survey: str
    version: int
    answers: Answers
    sent: tuple[str, ...]
    embedded: Mapping[str, str]
    turns: int
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """What the directory knows of who answers: the contact's own fields by the product's names, and embedded data."""

    contact: Mapping[str, str] = field(default_factory=dict)
    embedded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NotedResponse:
    """A response as a workflow hears of it. ``contact`` is empty where the link was not one person's own."""

    id: str
    survey: str
    activation: str
    contact: str
    state: str
    language: str
    answers: Mapping[str, Any]
    at: datetime  # of its newest post
    recorded: int = 0  # responses of this survey and activation that count
