"""What we say to Qualtrics and what it says to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class QualtricsAccount:
    """Where Qualtrics is, and as whom: an API token, or a client of OAuth where ``client_id`` is given."""

    place: str
    """A data centre (``fra1``), a host (``brand.fra1.qualtrics.com``) or an https address."""
    api_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    asks: bool = False
    """It shall also send surveys and read their answers: a token of OAuth needs more scopes then."""


@dataclass(frozen=True)
class FoundContact:
    """A contact as the search tells it. Texts are empty where Qualtrics says null."""

    id: str
    email: str
    ext_ref: str
    embedded: Mapping[str, str]


@dataclass(frozen=True)
class NewContact:
    """A contact for an import: made, or the one like it changed."""

    email: str
    ext_ref: str
    first_name: str
    last_name: str
    embedded: Mapping[str, str]


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is. The counts are final once ``is_complete``."""

    is_complete: bool
    added: int
    updated: int
    failed: int


@dataclass(frozen=True)
class SurveyMail:
    """A mail with a survey's link; subject and message hold Qualtrics' own pipes."""

    survey: str
    subject: str
    message: str
    from_email: str
    from_name: str
    reply_to: str


@dataclass(frozen=True)
class FoundDistribution:
    """A distribution as a list tells it. ``status``: *Pending* before its date."""

    id: str
    status: str
    created: str


@dataclass(frozen=True)
class FoundChoice:
    """A choice of a question, or a point of a matrix's scale. ``recode``: what a response holds where it was chosen."""

    id: str
    recode: str
    text: str


@dataclass(frozen=True)
class FoundQuestion:
    """A question of a survey there. Texts are HTML; ``rows``: (id, text) of a matrix."""

    id: str
    text: str
    kind: str
    selector: str
    sub_selector: str
    choices: tuple[FoundChoice, ...]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FoundSurvey:
    """A survey there, with its questions in their order."""

    name: str
    questions: tuple[FoundQuestion, ...]


@dataclass(frozen=True)
class FinishedAnswer:
    """Somebody of a distribution who has finished: whose contact, by which response, when."""

    contact: str
    response: str
    at: datetime


@dataclass(frozen=True)
class ExportedAnswer:
    """A response of a file. ``values``: question keys, in the product's spelling, to what was answered."""

    response: str
    recorded_at: datetime
    values: Mapping[str, Any]


class QualtricsError(Exception):
    """Qualtrics did not do what was asked."""


class QualtricsRefused(QualtricsError):
    """It would be refused again. ``is_total``: the account, the address or the directory is wrong, not this one contact."""

    def __init__(self, status: int, message: str, *, is_total: bool) -> None:
        super().__init__(message)
        self.status = status
        self.is_total = is_total


class QualtricsBusy(QualtricsError):
    """Ask again after ``seconds``. ``was_sent``: it may have been done, for only the answer is missing."""

    def __init__(self, seconds: float, message: str, *, was_sent: bool) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.was_sent = was_sent
