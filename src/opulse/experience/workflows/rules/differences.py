"""In which places do two revisions differ, in words? Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opulse.experience.workflows.models import Condition, ConditionGroup, Difference, WorkflowDocument

Labels = Mapping[str, Mapping[str, str]]
"""Type of an event or task → its title under the empty name, and the label of each field."""


def list_differences(before: WorkflowDocument, after: WorkflowDocument, labels: Labels) -> list[Difference]:
    """The places that differ, in the order of the editor. Secrets are compared, and never shown."""
    old, new = dict(_places(before, labels)), dict(_places(after, labels))
    places = dict.fromkeys([*new, *old])
    return [
        Difference(place, _shown(place, old.get(place, "")), _shown(place, new.get(place, "")))
        for place in places
        if old.get(place, "") != new.get(place, "")
    ]


def _places(document: WorkflowDocument, labels: Labels) -> Iterator[tuple[str, str]]:
    yield "Name", document.name
    yield "Location", document.location
    trigger = document.trigger
    names = labels.get(trigger.type, {})
    yield "Event", names.get("", trigger.type)
    for field, value in trigger.form.items():
        yield f"Event: {names.get(field, field)}", _text(value)
    yield "Conditions", in_words(document.conditions)
    yield "Order of tasks", ", ".join(_title(task.type, labels) for task in document.tasks)
    for task in document.tasks:
        title = f"Task {_title(task.type, labels)} ({task.id})"
        yield title, "there"
        yield f"{title}: Account", task.account
        own = labels.get(task.type, {})
        for field, value in task.form.items():
            yield f"{title}: {own.get(field, field)}", _text(value)
    for field, value in document.settings.model_dump(mode="json").items():
        yield f"Setting {field.replace('_', ' ')}", str(value)


def in_words(group: ConditionGroup) -> str:
    """A group on one line: ``All of: lastAlarm contains "Disk Full"; Any of: (…)``."""
    if not group.items:
        return ""
    lines = [_line(item) if isinstance(item, Condition) else f"({in_words(item)})" for item in group.items]
    return f"{'All' if group.mode == 'all' else 'Any'} of: {'; '.join(lines)}"


def _line(line: Condition) -> str:
    side = "" if line.side.value == "current" else f" ({line.side.value} value)"
    operand = line.operand if isinstance(line.operand, str) else ", ".join(line.operand)
    return f"{line.field}{side} {line.operator.value.replace('_', ' ')}" + (
        f' "{operand}"' if operand else ""
    )


def _title(task_type: str, labels: Labels) -> str:
    return labels.get(task_type, {}).get("", task_type)


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and {"mode", "items"} & set(value):
        return in_words(ConditionGroup.model_validate(value))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, list) and all(isinstance(one, Mapping) and "name" in one for one in value):
        return ", ".join(f"{one['name']}: {one.get('path', '')}" for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(place: str, text: str) -> str:
    return "another secret" if text and "sealed" in place else text
