"""What a person edits of a workflow: its event, conditions, tasks and settings."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


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
    MATCHES = (
        "matches_regex"  # text only: a pattern that the author anchors; never takes long (rules/patterns.py)
    )
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
    """How a run behaves when a task fails (qualtrics-product.md 4.5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    on_failure: Literal["continue", "stop"] = (
        "continue"  # stop: tasks that depend on the failed one are not begun
    )
    retry: Literal["24h", "15min", "none"] = "24h"
    manual_retry: bool = True  # whether a person may run failed tasks again from the run history


class WorkflowDocument(BaseModel):
    """All that a person edits of a workflow."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    location: str = "stand-alone"
    trigger: TriggerDefinition
    conditions: ConditionGroup = ConditionGroup()
    tasks: list[TaskDefinition] = []
    settings: WorkflowSettings = WorkflowSettings()
