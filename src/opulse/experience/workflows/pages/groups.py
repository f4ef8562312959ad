"""Blocks of conditions in the form of a task."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.workflows import FieldKind, TaskType
from opulse.experience.workflows.pages.conditions import (
    EditedGroup,
    change_conditions,
    check_conditions,
    is_button,
    read_conditions,
)


def read_groups(kind: TaskType, sent: Mapping[str, str]) -> tuple[dict[str, EditedGroup], dict[str, str]]:
    """The form's blocks of conditions with what a button asked for done, and what is wrong where none was pressed."""
    groups: dict[str, EditedGroup] = {}
    errors: dict[str, str] = {}
    button = sent.get("do", "")
    for one in kind.form:
        if one.kind is FieldKind.CONDITIONS:
            group = read_conditions(sent, one.name)
            if is_button(button) and button.partition(":")[2].split(".")[0] == one.name:
                change_conditions(group, button)
            errors |= check_conditions(group, one.name)
            groups[one.name] = group
    return groups, errors
