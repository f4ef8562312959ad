"""The columns before the questions: when, how, whose. What this product never keeps (network address, place) stays empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from opulse.experience.responses.models import AnswerRow, Identity, ResponseState

_STATUS = {ResponseState.QUARANTINED: (8, "Spam"), ResponseState.TEST: (2, "Survey Test")}
"""Response status codes (qualtrics-product.md 10.2): 0 normal, 2 test, 8 spam."""

Value = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class HeadColumn:
    """One of them. ``value`` is as the product numbers it, ``label`` in words."""

    name: str
    text: str
    import_id: str
    value: Callable[[AnswerRow], Value]
    label: Callable[[AnswerRow], Value] | None = None


def _status(row: AnswerRow) -> Value:
    return _STATUS.get(row.state, (0, ""))[0]


def _status_label(row: AnswerRow) -> Value:
    return _STATUS.get(row.state, (0, "IP Address"))[1]


def _is_finished(row: AnswerRow) -> bool:
    return row.state not in (ResponseState.IN_PROGRESS, ResponseState.PARTIAL)


def _duration(row: AnswerRow) -> Value:
    return max(0, round((row.updated_at - row.started_at).total_seconds()))


def _empty(_: AnswerRow) -> Value:
    return None


_WHEN = (
    HeadColumn("StartDate", "Start Date", "startDate", lambda row: row.started_at),
    HeadColumn("EndDate", "End Date", "endDate", lambda row: row.updated_at),
)
_RECORDED = HeadColumn(
    "RecordedDate", "Recorded Date", "recordedDate", lambda row: row.recorded_at or row.updated_at
)
_STATUS_COLUMN = HeadColumn("Status", "Response Type", "status", _status, _status_label)
_FINISHED = (
    HeadColumn("Progress", "Progress", "progress", lambda row: 100 if _is_finished(row) else 0),
    HeadColumn("Duration (in seconds)", "Duration (in seconds)", "duration", _duration),
    HeadColumn(
        "Finished",
        "Finished",
        "finished",
        lambda row: int(_is_finished(row)),
        lambda row: str(_is_finished(row)),
    ),
)
_ID = HeadColumn("ResponseId", "Response ID", "_recordId", lambda row: row.id)
_PERSON = (
    HeadColumn("RecipientLastName", "Recipient Last Name", "recipientLastName", lambda row: row.last_name),
    HeadColumn(
        "RecipientFirstName", "Recipient First Name", "recipientFirstName", lambda row: row.first_name
    ),
    HeadColumn("RecipientEmail", "Recipient Email", "recipientEmail", lambda row: row.email),
    HeadColumn(
        "ExternalReference", "External Data Reference", "externalDataReference", lambda row: row.reference
    ),
)
_CHANNEL = HeadColumn(
    "DistributionChannel",
    "Distribution Channel",
    "distributionChannel",
    lambda row: "email" if row.individual else "anonymous",
)
_LANGUAGE = HeadColumn("UserLanguage", "User Language", "userLanguage", lambda row: row.language.upper())

HEAD = (
    *_WHEN,
    _STATUS_COLUMN,
    HeadColumn("IPAddress", "IP Address", "ipAddress", _empty),
    *_FINISHED,
    _RECORDED,
    _ID,
    *_PERSON,
    HeadColumn("LocationLatitude", "Location Latitude", "locationLatitude", _empty),
    HeadColumn("LocationLongitude", "Location Longitude", "locationLongitude", _empty),
    _CHANNEL,
    _LANGUAGE,
)
"""All of them, in the product's order."""

_TELLING = frozenset({"StartDate", "EndDate", "RecordedDate", "Duration (in seconds)", "UserLanguage"})
"""With these one could find the person: who answered at 9:04, who reads Arabic."""

TAIL = (
    HeadColumn("ActivationId", "ActivationId", "ActivationId", lambda row: row.activation),
    HeadColumn("ResponseState", "ResponseState", "ResponseState", lambda row: row.state.value),
    HeadColumn("MachineSigns", "MachineSigns", "MachineSigns", lambda row: " ".join(row.signs)),
)
"""Ours, behind the questions, as embedded data is."""


def head_of(identity: Identity) -> tuple[HeadColumn, ...]:
    """The columns, emptied of what would name or find a person unless the survey asks by name."""
    if identity is Identity.NAMED:
        return HEAD
    hidden = _TELLING | {one.name for one in _PERSON}
    return tuple(
        HeadColumn(one.name, one.text, one.import_id, _empty) if one.name in hidden else one for one in HEAD
    )
