"""What is forgotten, and where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ERASE = "privacy.erase"
"""Job {erasure}: take everything that names these people out of the wing."""

RETENTION_DUE = "privacy.retention_due"
"""Due regularly: forget what is older than the tenant's terms."""

PEOPLE_MAX = 500
"""Keys of one request (the product takes 500 addresses per file)."""


class ErasureState(StrEnum):
    """Where an erasure stands."""

    RUNNING = "running"  # rows are being taken out; it goes on after a crash
    DONE = "done"  # nothing names them any more; the request itself does not either


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request to forget people. ``keys`` are emptied when it is done; ``report``: what was erased → how many."""

    id: str
    keys: tuple[str, ...]
    state: ErasureState
    people: int
    report: Mapping[str, int]
    actor: str
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What an erasure would touch."""

    contacts: int
    invitations: int
    answers: int
    reached: int
    unknown: tuple[str, ...]  # keys under which nothing was found


@dataclass(frozen=True, slots=True)
class Terms:
    """How many days things are kept; 0: without end. Defaults: evidence-and-standards.md 5, rule 31."""

    answer_link: int = 30  # from an answer to who gave it
    comments: int = 180  # free texts of answers
    mail_log: int = 90  # address, names and the relay's words of invitations
    changes: int = 90  # what changed on whom
    refused_rows: int = 30  # of files


class PrivacyRefused(ValueError):
    """The request cannot be taken; the message says why."""
