"""A workflow as it stands, its runs and their tasks, and the states of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from opulse.experience.workflows.models.documents import WorkflowDocument

RUN_STARTED = "run.started"
CHAIN_DEPTH = 3  # workflows may lead to workflows this deep, never in a circle (qualtrics-product.md 5.2)


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"  # accepted, no task begun
    RUNNING = "running"  # a task has begun
    SUCCEEDED = "succeeded"  # every task succeeded
    PARTLY_FAILED = "partly_failed"  # some task failed, another succeeded
    FAILED = "failed"  # a task failed and none succeeded
    NOT_STARTED = "not_started"  # triggered while the workflow was off, or over a limit
    CANCELLED = "cancelled"  # stopped by a person
    CONDITIONS_NOT_MET = (
        "conditions_not_met"  # conditions between the tasks did not hold before any task was done
    )
    HELD = "held"  # accepted; its start waits for the end of a hold (holiday, downtime, an operator's)


class TaskState(StrEnum):
    """Where one task of a run is."""

    RUNNING = "running"  # begun and not ended, perhaps waiting for its next try
    SUCCEEDED = "succeeded"  # ended as wanted
    FAILED = "failed"  # ended otherwise; the error says how
    SKIPPED = "skipped"  # not begun: a task it depends on failed, or conditions before it did not hold
    CANCELLED = "cancelled"  # not ended: a person stopped the run


class MailEnd(StrEnum):
    """What became of one copy of a mail that a workflow sent."""

    ACCEPTED = "accepted"  # the relay took it
    REFUSED = "refused"  # the relay will never take it
    UNKNOWN = "unknown"  # the connection ended before the answer; it may have arrived, and is not sent again
    DEFERRED = "deferred"  # not now: no relay, or it asks for another try
    NOT_ON_ALLOW_LIST = (
        "not_on_allow_list"  # the tenant's mail is not open to everybody, and this address is not listed
    )


@dataclass(frozen=True)
class Workflow:
    """A workflow as it stands: the newest revision of its document."""

    tenant: int
    id: str  # WF_…
    revision: int
    enabled: bool
    url_token: str  # of the JSON event's address; every workflow has one
    document: WorkflowDocument
    created_at: datetime
    updated_at: datetime
    capture_until: datetime | None = (
        None  # the next JSON event before then is kept to look at, and starts nothing
    )


@dataclass(frozen=True)
class Address:
    """The workflow that an address of JSON events leads to, without its document."""

    tenant: int
    workflow: str
    revision: int
    enabled: bool
    created_at: datetime
    updated_at: datetime
    capture_until: datetime | None = None


@dataclass(frozen=True)
class Selection:
    """Which contacts an event is about: members of these groups of a change set."""

    change_set: str
    groups: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class Gate:
    """What a block of conditions between tasks lets through: the contacts whom the following tasks are about."""

    is_open: bool
    selection: Selection | None = None  # None: the run is about no contacts


@dataclass(frozen=True)
class Run:
    """One processing of one event by one workflow."""

    tenant: int
    id: str
    workflow: str
    revision: int
    state: RunState
    event_key: str
    activation: str
    wave: int
    chain: tuple[str, ...]
    event: Mapping[str, Any]
    selection: Selection | None
    reason: str
    started_at: datetime
    ended_at: datetime | None
    resumed_at: datetime | None = None  # when its last hold or wait was over

    @property
    def is_over(self) -> bool:
        """Whether nothing follows any more."""
        return self.state not in (RunState.QUEUED, RunState.RUNNING, RunState.HELD)


@dataclass(frozen=True)
class TaskRun:
    """One task of one run."""

    id: str  # TR_…
    run: str
    task: str
    type: str
    attempt: int
    state: TaskState
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    error: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class TaskEnd:
    """How a task of a run ended."""

    id: str  # of its TaskRun
    state: TaskState
    output: Mapping[str, Any]
    error: str
    at: datetime


@dataclass(frozen=True)
class RunStep:
    """What a run writes between two of its tasks, in one unit."""

    tenant: int
    run: str
    ended: TaskEnd | None = None
    begun: TaskRun | None = None
    state: RunState | None = None  # none: stays as it is
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Revision:
    """A workflow's document as it stood after one save."""

    number: int
    document: WorkflowDocument
    author: str
    at: datetime


@dataclass(frozen=True)
class LastRun:
    """A workflow's newest run, and how many it had."""

    state: RunState
    started_at: datetime
    total: int
