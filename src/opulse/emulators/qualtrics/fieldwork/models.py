"""What is asked, of whom, and what they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Question:
    """One question. ``choices``: (recode, text), empty where words are written."""

    id: str
    tag: str
    text: str
    kind: str
    """The product's word: ``MC`` or ``TE``."""
    selector: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Its name in a response."""
        return f"{self.id}_TEXT" if self.kind == "TE" else self.id


@dataclass
class Survey:
    """One survey. ``embedded``: names of the recipient's embedded data that every response keeps."""

    id: str
    name: str
    made_at: datetime
    questions: tuple[Question, ...]
    embedded: tuple[str, ...] = ()
    is_active: bool = True


class AskedState(StrEnum):
    """How far one recipient is; the product's words of a distribution's history."""

    SENT = "Success"  # the mail left
    SKIPPED = "Skipped"  # opted out, or the same mail went to the same address within 12 hours
    FAILED = "Failure"  # no address
    FINISHED = "SurveyFinished"  # answered


@dataclass
class Asked:
    """One recipient of a distribution that has left."""

    contact: str
    lookup: str
    email: str
    state: AskedState
    sent_at: datetime
    values: Mapping[str, str]
    """Embedded data as it was when the mail left."""
    response: str = ""
    answered_at: datetime | None = None


@dataclass
class Distribution:
    """One distribution by mail, or only links."""

    id: str
    survey: str
    list_id: str
    lookup: str
    """The one recipient's id on the list; empty: everybody on it."""
    header: Mapping[str, str]
    message: str
    link_type: str
    description: str
    expires_at: str
    embedded: Mapping[str, str]
    send_at: datetime
    made_at: datetime
    status: str
    """Pending, Done, or Generated where only links were made."""
    asked: list[Asked] = field(default_factory=list)


@dataclass(frozen=True)
class Response:
    """One recorded response; ``values`` and ``labels`` as the product tells them."""

    id: str
    survey: str
    recorded_at: datetime
    values: Mapping[str, Any]
    labels: Mapping[str, str]


@dataclass
class Export:
    """An export of responses: begun, looked at, ready at the second look."""

    id: str
    survey: str
    file_id: str
    format: str
    is_zipped: bool
    rows: list[Response]
    token: str
    """Where a later export goes on; empty: not asked for."""
    looks: int = 0


@dataclass(frozen=True)
class Answering:
    """How the people behind the addresses answer: which share of them, and so many seconds after the mail."""

    share: float = 0.0
    soonest: float = 0.0
    latest: float = 0.0
