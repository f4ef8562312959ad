"""Contacts that a program brings at once, with what happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A contact as ``import_contacts`` takes it, and a transaction of theirs. ``data`` None: there is none."""

    contact: Mapping[str, Any]
    at: datetime
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """What became of a row that was taken. ``row`` counts from 0."""

    row: int
    contact: str
    is_new: bool
    transaction: str = ""
    transaction_refused: str = ""


@dataclass(frozen=True, slots=True)
class EntryShown:
    """The same with what its contact has now."""

    entry: ImportEntry
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class BatchMade:
    """A batch of transactions. ``at``: when it was made, or its first transaction was taken."""

    id: str  # BT_…
    at: datetime


class BatchUnknown(LookupError):
    """There is no such batch in this directory, or no such transaction in it."""
