"""What a workflow is, and the states of its runs and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RUN_STARTED = "run.started"
CHAIN_DEPTH = 3  # workflows may lead to workflows this deep, never in a circle (qualtrics-product.md 5.2)


class Operator(StrEnum):
    """How a condition compares (qualtrics-product.md 4.3). A list is compared by its members, a text by its characters."""

    EQUAL = "is_equal_to"  # text without regard to case; numbers and moments by value; lists with the same members
    NOT_EQUAL = "is_not_equal_to"  # the opposite of is_equal_to
    CONTAINS = "contains"  # a list has this very member; a text has this part
    DOES_NOT_CONTAIN = "does_not_contain"  # the opposite of contains
    CONTAINS_ANY = "contains_any_of"  # contains at least one of the operands
    CONTAINS_ALL = "contains_all_of"  # contains every operand
    BEGINS_WITH = "begins_with"  # text only
    ENDS_WITH = "ends_with"  # text only
    EMPTY = "is_empty"  # absent, blank, or a list without members
    NOT_EMPTY = "is_not_empty"  # the opposite of is_empty
    GREATER = "greater_than"  # numbers; moments and dates (after); of a list, its number of members
    GREATER_OR_EQUAL = "greater_than_or_equal"  # as greater_than
    LESS = "less_than"  # as greater_than
    LESS_OR_EQUAL = "less_than_or_equal"  # as greater_than
    IN = "is_in_list"  # the value is one of the operands
    NOT_IN = "is_not_in_list"  # the opposite of is_in_list
    CHANGED = "has_changed"  # previous and current differ
    NOT_CHANGED = "has_not_changed"  # the opposite of has_changed
    CHANGED_TO = "changed_to"  # differs from before and equals the operand now
    CHANGED_FROM = "changed_from"  # differs from before and equalled the operand then
    GAINED = "gained_member"  # the operand is a member now and was none before
    LOST = "lost_member"  # the operand was a member before and is none now


class Side(StrEnum):
    """Which value of a field a condition reads."""

    CURRENT = "current"  # after the change
    PREVIOUS = "previous"  # before it; empty where the event has no before


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"  # accepted, no task begun
    RUNNING = "running"  # a task has begun
    SUCCEEDED = "succeeded"  # every task succeeded
    PARTLY_FAILED = "partly_failed"  # some task failed, another succeeded
    FAILED = "failed"  # a task failed and none succeeded
    NOT_STARTED = "not_started"  # triggered while the workflow was off, or over a limit
    CANCELLED = "cancelled"  # stopped by a person


class TaskState(StrEnum):
    """Where one task of a run is."""

    RUNNING = "running"  # begun and not ended, perhaps waiting for its next try
    SUCCEEDED = "succeeded"  # ended as wanted
    FAILED = "failed"  # ended otherwise; the error says how
    SKIPPED = "skipped"  # not begun, because a task it depends on failed


class Condition(BaseModel):
    """One line: field, side, operator, operand."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    field: str = Field(min_length=1, max_length=200)
    side: Side = Side.CURRENT
    operator: Operator
    operand: str | list[str] = ""


class ConditionGroup(BaseModel):
    """Lines and groups of which all, or any, must hold. An empty group holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mode: Literal["all", "any"] = "all"
    items: list[Condition | ConditionGroup] = []

    def fields(self) -> set[str]:
        """Every field that a line in here reads."""
        names: set[str] = set()
        for item in self.items:
            names |= {item.field} if isinstance(item, Condition) else item.fields()
        return names


class TriggerDefinition(BaseModel):
    """What starts the workflow: a trigger type of an extension, and its form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: str
    form: dict[str, Any] = {}


class TaskDefinition(BaseModel):
    """One task: a task type of an extension, an account where it needs one, and its form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = ""
    type: str
    account: str = ""
    form: dict[str, Any] = {}


class WorkflowSettings(BaseModel):
    """How a run behaves when a task fails."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    on_failure: Literal["continue", "stop"] = "continue"
    retry: Literal["24h", "15min", "none"] = "24h"


class WorkflowDocument(BaseModel):
    """All that a person edits of a workflow."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    location: str = "stand-alone"
    trigger: TriggerDefinition
    conditions: ConditionGroup = ConditionGroup()
    tasks: list[TaskDefinition] = []
    settings: WorkflowSettings = WorkflowSettings()


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


@dataclass(frozen=True)
class Address:
    """The workflow that an address of JSON events leads to, without its document."""

    tenant: int
    workflow: str
    revision: int
    enabled: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Selection:
    """Which contacts an event is about: members of these groups of a change set."""

    change_set: str
    groups: tuple[int, ...]
    count: int


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
