"""The product's conditions as ours. A line that nothing here can judge is left out, and the account says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError

from opulse.experience.surveys.models import (
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    FieldCondition,
)
from opulse.experience.surveys.qsf.mapping.located import COMPARISONS, bracket, question_condition
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import Expression, Logic, LogicSet, SkipRule

CONTACT_FIELDS = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "Email": "Email",
    "Email1": "Email",
    "Phone": "Phone",
    "Language": "Language",
    "ExternalDataReference": "ExternalDataReference",
    "ExternalDataReference1": "ExternalDataReference",
}


def convert(logic: Logic, desk: Desk, what: str = "its display logic") -> DisplayLogic | None:
    """The condition of ``logic``: *and* binds its lines, *or* separates them. None when no line of it can be judged."""
    conditions = [_condition_of(one, desk, what) for one in logic]
    return as_display(_joined([one.joined for one in logic], conditions))


def convert_skip(rule: SkipRule, owner: str, desk: Desk) -> DisplayLogic | None:
    """The condition of a skip rule of the question ``owner`` (the file's id)."""
    subject = rule.locator or f"q://{rule.question or owner}/QuestionDisplayed"
    line = Expression(
        "Question", subject, rule.condition or "Selected", rule.value, "and", rule.question or owner
    )
    return convert((LogicSet("and", (line,)),), desk, "its skip logic")


def as_display(condition: Condition | None) -> DisplayLogic | None:
    """A condition as logic; a group on the outside becomes the logic itself."""
    if condition is None:
        return None
    if isinstance(condition, ConditionGroup):
        return DisplayLogic(match=condition.match, conditions=condition.conditions)
    return DisplayLogic(conditions=(condition,))


def _condition_of(one: LogicSet, desk: Desk, what: str) -> Condition | None:
    found = []
    for line in one.expressions:
        condition = _line(line, desk)
        if condition is None:
            desk.account.differs(f"{what} looks at {_subject(line)}, which is not judged here")
        found.append(condition)
    return _joined([line.joined for line in one.expressions], found)


def _subject(line: Expression) -> str:
    if line.kind == "Question":
        return f"{line.subject or 'a question'} ({line.operator or 'no operator'})"[:200]
    return f"{line.kind or 'something unnamed'}"


def _joined(words: Sequence[str], conditions: Sequence[Condition | None]) -> Condition | None:
    """``a and b or c`` as any of (all of a and b) and c; what is None is left out."""
    runs: list[list[Condition]] = [[]]
    for word, condition in zip(words, conditions, strict=True):
        if word == "or" and runs[-1]:
            runs.append([])
        if condition is not None:
            runs[-1].append(condition)
    return bracket("any", [one for run in runs if (one := bracket("all", run)) is not None])


def _line(line: Expression, desk: Desk) -> Condition | None:
    try:
        return _KINDS.get(line.kind, _unknown)(line, desk)
    except ValidationError:  # a name, a value or an id that no condition of ours may hold
        return None


def _unknown(line: Expression, desk: Desk) -> Condition | None:
    return None


def _embedded(line: Expression, desk: Desk) -> Condition | None:
    return _field("embedded", line.subject, line)


def _contact(line: Expression, desk: Desk) -> Condition | None:
    name = CONTACT_FIELDS.get(line.subject.removeprefix("m://"))
    return _field("contact", name, line) if name else None


def _loop(line: Expression, desk: Desk) -> Condition | None:
    path = line.subject.removeprefix("lm://")
    name = {"CurrentLoopNumber": "number", "CurrentLoop": "id"}.get(path, path.removeprefix("Field/"))
    return _field("loop", name, line) if name in ("number", "id") or name.isdigit() else None


def _device(line: Expression, desk: Desk) -> Condition | None:
    kinds = {"mobile": ("phone", "tablet"), "computer": ("desktop",)}.get(
        line.subject.lower(), (line.subject,)
    )
    comparison = COMPARISONS.get(line.operator)
    if comparison not in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        return None
    conditions = [
        FieldCondition(source="device", name="type", operator=comparison, value=kind) for kind in kinds
    ]
    return bracket("any" if comparison is Comparison.EQUAL else "all", list(conditions))


def _constant(line: Expression, desk: Desk) -> Condition | None:
    said = (line.value or line.subject).lower()
    return ConstantCondition(value=said == "true") if said in ("true", "false") else None


def _field(source: str, name: str, line: Expression) -> Condition | None:
    comparison = COMPARISONS.get(line.operator)
    if comparison is None:
        return None
    asked = {"source": source, "name": name, "operator": comparison, "value": line.value}
    return FieldCondition.model_validate(asked)


_KINDS: dict[str, Callable[[Expression, Desk], Condition | None]] = {
    "Question": question_condition,
    "EmbeddedField": _embedded,
    "PanelData": _contact,
    "LoopAndMerge": _loop,
    "DeviceType": _device,
    "BooleanValue": _constant,
}
