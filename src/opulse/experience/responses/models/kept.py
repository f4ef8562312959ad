"""How responses are kept and shown to those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from opulse.experience.responses.models.answering import ResponseState
from opulse.experience.surveys.models import Answers


class Identity(StrEnum):
    """Whether answers of a survey carry names. Decided before it is published; later it can only become stricter."""

    NAMED = "named"  # the pages say so to the person: who asks reads the answer with the name
    CONFIDENTIAL = (
        "confidential"  # the link belongs to a person, and no page, export or route shows whose it is
    )
    ANONYMOUS = (
        "anonymous"  # confidential, and the answer is cut off from the person when the link has closed
    )


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """How the responses of one survey are kept. ``partial_days`` without a post close an unfinished one."""

    survey: str
    identity: Identity = Identity.CONFIDENTIAL
    partial_days: int = 7


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which responses of a survey. Empty fields do not narrow; ``choice`` is (answer key, choice id, number or text).

    ``any_of`` False: every condition holds; True: at least one of activation, time and choice does (the states always hold).
    """

    states: frozenset[ResponseState] = frozenset({ResponseState.RECORDED})
    activation: str = ""
    since: datetime | None = None
    until: datetime | None = None
    choice: tuple[str, str] | None = None
    any_of: bool = False


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One response as tables and exports show it; the person's fields are empty unless the survey asks by name.

    ``embedded``: what the flow of a survey of several pages, or the distribution, has set beside the answers.
    """

    id: str
    state: ResponseState
    signs: tuple[str, ...]
    version: int
    activation: str
    answers: Answers
    language: str
    started_at: datetime
    updated_at: datetime
    recorded_at: datetime | None
    individual: bool
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    reference: str = ""
    embedded: Mapping[str, str] = field(default_factory=dict)
