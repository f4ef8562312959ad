"""Conditions as a form: groups and lines of inputs, added, inserted and removed by buttons that need no script.

A field's name is its place: ``c.0.field`` is the first line's field, ``c.1.mode`` makes the second item a group, ``c.1.0.field``
is the first line in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Side
from opulse.web.components.tones import words_of

ROOT = "c"
DEEPEST = 4
SEVERAL = frozenset({Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.IN, Operator.NOT_IN})
"""Operators that take several operands, written with a semicolon between them."""
WITHOUT = frozenset({Operator.EMPTY, Operator.NOT_EMPTY, Operator.CHANGED, Operator.NOT_CHANGED})
"""Operators that take none."""
SIDES = ((Side.CURRENT.value, "Current value"), (Side.PREVIOUS.value, "Previous value"))
OPERATORS = tuple(
    (one.value, words_of(one).lower() + (" (a; b)" if one in SEVERAL else "")) for one in Operator
)


@dataclass
class EditedLine:
    """One line as it was typed. ``listed``: the operand is a list, whatever the operator."""

    field: str = ""
    side: str = Side.CURRENT.value
    operator: str = Operator.CONTAINS.value
    operand: str = ""
    listed: bool = False

    @property
    def takes_operand(self) -> bool:
        return self.operator not in WITHOUT


@dataclass
class EditedGroup:
    """A group as it was typed."""

    mode: str = "all"
    items: list[EditedLine | EditedGroup] = field(default_factory=list)


def edited(group: ConditionGroup) -> EditedGroup:
    """A stored group as the form shows it."""
    return EditedGroup(
        group.mode,
        [_edited_line(item) if isinstance(item, Condition) else edited(item) for item in group.items],
    )


def read_conditions(form: Mapping[str, str], place: str = ROOT, depth: int = 0) -> EditedGroup:
    """The group at ``place`` of a sent form, in the order of its numbers."""
    group = EditedGroup("any" if form.get(f"{place}.mode") == "any" else "all")
    for number in _numbers(form, place):
        inner = f"{place}.{number}"
        if f"{inner}.mode" in form and depth < DEEPEST:
            group.items.append(read_conditions(form, inner, depth + 1))
        elif f"{inner}.field" in form:
            group.items.append(_read_line(form, inner))
    return group


@dataclass(frozen=True, slots=True)
class ConditionChoices:
    """What the lines of a form may choose from. ``errors``: by the id of the input."""

    fields: tuple[str, ...]
    errors: Mapping[str, str]
    operators: tuple[tuple[str, str], ...] = ()
    sides: tuple[tuple[str, str], ...] = SIDES

    def field_options(self, chosen: str) -> list[tuple[str, str]]:
        """What a line may read, with the field that it reads now, whatever the event offers by now."""
        names = dict.fromkeys([*self.fields, *([chosen] if chosen else [])])
        return [("", "Choose…"), *((name, name) for name in names)]


def choices_of(fields: Sequence[str], errors: Mapping[str, str]) -> ConditionChoices:
    """Choices over these fields, with every operator."""
    return ConditionChoices(tuple(dict.fromkeys(fields)), errors, OPERATORS)


def first_lines(fields: Sequence[str]) -> list[EditedLine]:
    """What a first condition begins with where an event has a before and an after: *has changed* and *contains*.

    So an edit that has nothing to do with the value starts nothing (qualtrics-product.md 5.3). An alarm has changed when another
    activation wrote it: a second incident of the same sensors writes the same names.
    """
    alarm = "lastAlarm" in fields
    return [
        EditedLine(field="lastAlarmActivationId" if alarm else "", operator=Operator.CHANGED.value),
        EditedLine(field="lastAlarm" if alarm else ""),
    ]


def is_button(text: str) -> bool:
    """Whether ``do`` asks for a change of conditions."""
    return text.partition(":")[0] in ("insert", "remove", "line", "group")


def change_conditions(group: EditedGroup, button: str, first: Sequence[EditedLine] = ()) -> None:
    """Do what a button asks: ``insert:c.1`` (a line below it), ``remove:c.1``, ``line:c`` or ``group:c`` (at the end of it).

    ``first``: what is added instead of one line to a form that has none.
    """
    action, _, place = button.partition(":")
    path = [int(part) for part in place.split(".")[1:] if part.isdigit()]
    if action in ("line", "group"):
        target = _group_at(group, path)
        if target is not None and action == "line" and first and not group.items:
            target.items.extend(first)
        elif target is not None:
            target.items.append(EditedLine() if action == "line" else EditedGroup(items=[EditedLine()]))
    elif path and action in ("insert", "remove"):
        target = _group_at(group, path[:-1])
        if target is not None and path[-1] < len(target.items):
            if action == "insert":
                target.items.insert(path[-1] + 1, EditedLine())
            else:
                del target.items[path[-1]]


def check_conditions(group: EditedGroup, place: str = ROOT) -> dict[str, str]:
    """What is wrong, by the id of the input: ``c.0.operand`` → a sentence."""
    errors: dict[str, str] = {}
    for number, item in enumerate(group.items):
        inner = f"{place}.{number}"
        if isinstance(item, EditedGroup):
            errors |= check_conditions(item, inner)
            continue
        if not item.field.strip():
            errors[f"{inner}.field"] = "Choose the field that the condition reads."
        if item.takes_operand and not item.operand.strip():
            errors[f"{inner}.operand"] = "Type what it is compared with."
    return errors


def built(group: EditedGroup) -> ConditionGroup:
    """The checked form as it is stored. A group that lost its last line is left out."""
    items: list[Condition | ConditionGroup] = []
    for item in group.items:
        if isinstance(item, EditedLine):
            items.append(_built_line(item))
        elif item.items:
            items.append(built(item))
    mode: Literal["all", "any"] = "any" if group.mode == "any" else "all"
    return ConditionGroup(mode=mode, items=items)


def _edited_line(line: Condition) -> EditedLine:
    listed = isinstance(line.operand, list)
    text = "; ".join(line.operand) if isinstance(line.operand, list) else line.operand
    return EditedLine(line.field, line.side.value, line.operator.value, text, listed)


def _read_line(form: Mapping[str, str], place: str) -> EditedLine:
    operator = form.get(f"{place}.operator", "")
    side = form.get(f"{place}.side", "")
    return EditedLine(
        form.get(f"{place}.field", "").strip(),
        side if side in set(Side) else Side.CURRENT.value,
        operator if operator in set(Operator) else Operator.CONTAINS.value,
        form.get(f"{place}.operand", "").strip(),
        bool(form.get(f"{place}.listed")),
    )


def _built_line(line: EditedLine) -> Condition:
    operator = Operator(line.operator)
    operand: str | list[str] = line.operand.strip() if line.takes_operand else ""
    if line.takes_operand and (operator in SEVERAL or line.listed):
        operand = [part.strip() for part in line.operand.split(";") if part.strip()]
    return Condition(field=line.field.strip(), side=Side(line.side), operator=operator, operand=operand)


def _numbers(form: Mapping[str, str], place: str) -> list[int]:
    start = f"{place}."
    heads = {name[len(start) :].split(".")[0] for name in form if name.startswith(start)}
    return sorted(int(head) for head in heads if head.isdigit())


def _group_at(group: EditedGroup, path: list[int]) -> EditedGroup | None:
    for number in path:
        if number >= len(group.items):
            return None
        inner = group.items[number]
        if not isinstance(inner, EditedGroup):
            return None
        group = inner
    return group
