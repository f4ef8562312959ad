"""What stands around a workflow: holds, captured events, who may do what with it, who is told of failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final


@dataclass(frozen=True)
class Hold:
    """Why runs of a workflow (empty: of all) do not start, from when, and until when (None: until a person ends it)."""

    id: str  # WH_…
    workflow: str
    name: str
    from_at: datetime
    until_at: datetime | None
    author: str


@dataclass(frozen=True)
class Capture:
    """A JSON event that was kept to look at; ``body`` is None while none came."""

    until_at: datetime
    body: Mapping[str, Any] | None
    received_at: datetime | None


class ShareLevel(IntEnum):
    """What somebody may do with a workflow (qualtrics-product.md 4.9). Each level holds those below it."""

    READ = 1  # see it, its revisions and its runs; copy it
    RUN = 2  # run it, retry and cancel runs, turn it on and off
    EDIT = 3  # change it; see what events and tasks carried
    OWNER = 4  # share it, say who is told of failures, delete it


SHARE_NAMES: Final[Mapping[str, ShareLevel]] = {
    "read": ShareLevel.READ,
    "run": ShareLevel.RUN,
    "edit": ShareLevel.EDIT,
}
"""What can be shared; a workflow has one owner, who is made by a transfer."""


@dataclass(frozen=True)
class Sharing:
    """Who may do what. ``private``: nobody else sees it; else everybody of the tenant by their role."""

    owner: str  # a person's id; empty: nobody, so every editor may do what an owner may
    private: bool
    shares: Mapping[str, ShareLevel]  # person → level


class NoticeKind(StrEnum):
    """What people are told of by mail (qualtrics-product.md 4.8)."""

    TRIGGER_FAILURE = "trigger_failure"  # an event came and the workflow did not start
    TASK_FAILURE = "task_failure"  # a task of a run failed
    TASK_SUCCESS = "task_success"  # a scheduled workflow did all its tasks


NOTICE_DUE: Final = "workflow.notice_due"
"""Job {workflow, kind, run}: somebody is to be told of this run."""


@dataclass(frozen=True)
class Notices:
    """Whom to tell of what. ``told_at``: kind → when the last mail left (ISO)."""

    kinds: tuple[NoticeKind, ...] = ()
    addresses: tuple[str, ...] = ()
    told_at: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Difference:
    """One place in which two revisions differ, in words; an empty side: there was, or is, nothing."""

    place: str
    before: str
    after: str


class RunView(StrEnum):
    """Which part of the run history is looked at (qualtrics-product.md 4.7)."""

    STARTED = "started"  # started, with tasks run
    NOT_STARTED = "not_started"  # triggered, and failed to start
    CONDITIONS_NOT_MET = "conditions_not_met"  # the conditions let nobody through


@dataclass(frozen=True)
class UnmetEvent:
    """An event whose conditions held for nobody: nothing ran."""

    key: str
    contacts: int  # 1 where the event is about no contacts
    at: datetime


class SkipReason(StrEnum):
    """Why a task was not begun; the words are those of its row in the history."""

    # it pipes an output of a task that failed or was skipped, and on_failure is stop
    AFTER_FAILURE = (
        "not begun: a task that it takes values from failed, and this workflow stops its dependents then"
    )
    # a block of conditions before it let nobody through
    CONDITIONS = "not begun: the conditions before it did not hold"
    # a block of conditions before it failed, so nobody knows whom it would let through
    BROKEN_CONDITIONS = "not begun: the conditions before it could not be evaluated"
