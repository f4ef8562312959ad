"""A job, its states, and how a handler says that it wants another try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job is. A finished job is deleted: its effect and this deletion say that it ran."""

    WAITING = "waiting"  # due at run_at, or again after its lease ran out
    DEAD = "dead"  # given up after its last try; kept for a person to look at and run again


@dataclass(frozen=True)
class Job:
    """One piece of background work, leased to one worker until ``lease_until``."""

    id: int
    tenant: int
    kind: str  # a fact in the past tense, for example "activation.opened"
    payload: dict[str, Any]
    attempt: int  # 1 on the first try
    lease_until: datetime
    owner: str


class JobRetry(Exception):
    """A handler asks to be run again after ``seconds``; with ``counts`` False the try is not held against the job.

    ``since``: when the work last got further; whoever loses patience counts from there. None: not known.
    """

    def __init__(
        self, seconds: float, why: str, *, counts: bool = True, since: datetime | None = None
    ) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.counts = counts
        self.since = since


class JobDead(Exception):
    """A handler says that no further try can help; the message says why."""


class JobEnd(Enum):
    """What a handler may return; most return nothing."""

    WRITTEN = "written"  # the unit that wrote the job's effect has completed the job too


Handler = Callable[[Any, Job], Awaitable[JobEnd | None]]
"""``async def on_fact(ports: Ports, job: Job) -> None``, or with a :class:`JobEnd`."""
