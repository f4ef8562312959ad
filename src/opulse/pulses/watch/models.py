"""What a look at the tables finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Queue:
    """The jobs of one queue. ``oldest``: id of the first one that is due and that nobody has; 0 when there is none."""

    name: str
    due: int
    later: int  # not due yet, or being done
    dead: int
    oldest: int
    oldest_run_at: datetime | None


@dataclass(frozen=True)
class FirstTimes:
    """When the webhook of an activation was first taken, and when the first of its contacts was updated."""

    webhook: datetime | None
    contact: datetime | None


@dataclass(frozen=True)
class Waiting:
    """Everything that waits now. ``mails``: state of a distribution → when its oldest due invitation became due.

    ``journal``: newest position of the sensor journal by tenant.
    """

    queues: tuple[Queue, ...]
    mails: Mapping[str, datetime]
    journal: Mapping[int, int]
