"""Do an event's values satisfy a workflow's conditions? The answer carries its trace: each line, what it saw, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Side
from opulse.experience.workflows.rules.patterns import compile_pattern
from opulse.wire.timestamps import parse_time

Values = Mapping[str, Any]
TOO_LONG = "too_long"
"""Note of a line whose pattern would have taken too long: it does not hold, and the trace says why."""
Trace = dict[str, Any]


def matches_conditions(group: ConditionGroup, before: Values, after: Values) -> tuple[bool, Trace]:
    """Whether the group holds, and its trace: ``{"mode", "result", "items": [lines and groups]}``.

    Every line is evaluated, also after the result is known: a person who asks why wants to see all of them.
    """
    items = []
    for item in group.items:
        if isinstance(item, Condition):
            items.append(_trace_line(item, before, after))
        else:
            items.append(matches_conditions(item, before, after)[1])
    results = [item["result"] for item in items]
    result = all(results) if group.mode == "all" else any(results) or not results
    return result, {"mode": group.mode, "result": result, "items": items}


def _trace_line(line: Condition, before: Values, after: Values) -> Trace:
    old, new = before.get(line.field), after.get(line.field)
    result = _TESTS[line.operator](line, old, new)
    too_long = line.operator is Operator.MATCHES and not result and _takes_too_long(line, old, new)
    return ({"note": TOO_LONG} if too_long else {}) | {
        "field": line.field,
        "side": line.side.value,
        "operator": line.operator.value,
        "operand": line.operand,
        "previous": old,
        "current": new,
        "result": result,
    }


def _seen(line: Condition, old: Any, new: Any) -> Any:
    return old if line.side is Side.PREVIOUS else new


def _operands(line: Condition) -> list[str]:
    return [line.operand] if isinstance(line.operand, str) else list(line.operand)


def _fold(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().casefold()


def _is_empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _equal(value: Any, operand: Any) -> bool:
    if isinstance(value, list):
        wanted = operand if isinstance(operand, list) else str(operand).split(",")
        return {_fold(member) for member in value} == {_fold(member) for member in wanted if _fold(member)}
    if _is_empty(value):
        return _is_empty(operand)
    if isinstance(operand, list):
        return len(operand) == 1 and _equal(value, operand[0])
    return _fold(value) == _fold(operand) or _same_amount(value, operand)


def _same_amount(value: Any, operand: Any) -> bool:
    """5 and ``5.0``, or one moment in two zones. Digits in a text are a text: account ``007`` is not account ``7``."""
    left, right = _scale(value), _scale(operand)
    is_digits = isinstance(value, str) and left is not None and left[0] == _NUMBER
    return left is not None and left == right and not is_digits


def _contains(value: Any, operand: str) -> bool:
    """Member equality on a list: ``Application Hang`` is no member of ``["Critical Application Hang"]``. Part of a text else."""
    if isinstance(value, list):
        return _fold(operand) in {_fold(member) for member in value}
    return not _is_empty(value) and _fold(operand) in _fold(value)


_NUMBER, _MOMENT = "number", "moment"


def _scale(value: Any) -> tuple[str, float] | None:
    """What greater and less compare: a number, a moment in seconds, or how many members a list has; None for anything else."""
    if isinstance(value, list):
        return _NUMBER, float(len(value))
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        moment = _moment(text)
        return None if moment is None else (_MOMENT, moment.timestamp())
    return (_NUMBER, number) if isfinite(number) else None


def _moment(text: str) -> datetime | None:
    """A time, or the first moment of a date in UTC."""
    try:
        return parse_time(text)
    except ValueError:
        pass
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def _compare(test: Callable[[float, float], bool]) -> Callable[[Condition, Any, Any], bool]:
    """What is missing or unreadable, or a number against a date, is false and never an error (qualtrics-product.md 4.3)."""

    def run(line: Condition, old: Any, new: Any) -> bool:
        left, right = _scale(_seen(line, old, new)), _scale(_operands(line)[0] if _operands(line) else "")
        return left is not None and right is not None and left[0] == right[0] and test(left[1], right[1])

    return run


def _differs(old: Any, new: Any) -> bool:
    if _is_empty(old) and _is_empty(new):
        return False
    return bool(old != new)


def _not(test: Callable[[Condition, Any, Any], bool]) -> Callable[[Condition, Any, Any], bool]:
    return lambda line, old, new: not test(line, old, new)


def _is_equal(line: Condition, old: Any, new: Any) -> bool:
    return _equal(_seen(line, old, new), line.operand)


def _has_part(line: Condition, old: Any, new: Any) -> bool:
    return any(_contains(_seen(line, old, new), operand) for operand in _operands(line))


def _has_all(line: Condition, old: Any, new: Any) -> bool:
    return all(_contains(_seen(line, old, new), operand) for operand in _operands(line))


def _text_test(test: Callable[[str, str], bool]) -> Callable[[Condition, Any, Any], bool]:
    def run(line: Condition, old: Any, new: Any) -> bool:
        value = _seen(line, old, new)
        return isinstance(value, str) and any(test(_fold(value), _fold(one)) for one in _operands(line))

    return run


def _found(line: Condition, old: Any, new: Any) -> bool | None:
    value = _seen(line, old, new)
    if not isinstance(value, str):
        return False
    answers = [compile_pattern(one).found_in(value) for one in _operands(line)]
    return None if None in answers and True not in answers else any(answers)


def _matches(line: Condition, old: Any, new: Any) -> bool:
    try:
        return bool(_found(line, old, new))
    except ValueError:  # a pattern with a pipe in it, known only now
        return False


def _takes_too_long(line: Condition, old: Any, new: Any) -> bool:
    try:
        return _found(line, old, new) is None
    except ValueError:
        return False


def _in_list(line: Condition, old: Any, new: Any) -> bool:
    return any(_equal(_seen(line, old, new), operand) for operand in _operands(line))


def _empty(line: Condition, old: Any, new: Any) -> bool:
    return _is_empty(_seen(line, old, new))


def _changed(line: Condition, old: Any, new: Any) -> bool:
    return _differs(old, new)


def _member_came(first: int) -> Callable[[Condition, Any, Any], bool]:
    def run(line: Condition, old: Any, new: Any) -> bool:
        had, has = (old, new) if first == 0 else (new, old)
        return any(_contains(has, one) and not _contains(had, one) for one in _operands(line))

    return run


_TESTS: Mapping[Operator, Callable[[Condition, Any, Any], bool]] = {
    Operator.EQUAL: _is_equal,
    Operator.NOT_EQUAL: _not(_is_equal),
    Operator.CONTAINS: _has_all,
    Operator.DOES_NOT_CONTAIN: _not(_has_part),
    Operator.CONTAINS_ANY: _has_part,
    Operator.CONTAINS_ALL: _has_all,
    Operator.BEGINS_WITH: _text_test(str.startswith),
    Operator.ENDS_WITH: _text_test(str.endswith),
    Operator.MATCHES: _matches,
    Operator.EMPTY: _empty,
    Operator.NOT_EMPTY: _not(_empty),
    Operator.GREATER: _compare(lambda left, right: left > right),
    Operator.GREATER_OR_EQUAL: _compare(lambda left, right: left >= right),
    Operator.LESS: _compare(lambda left, right: left < right),
    Operator.LESS_OR_EQUAL: _compare(lambda left, right: left <= right),
    Operator.IN: _in_list,
    Operator.NOT_IN: _not(_in_list),
    Operator.CHANGED: _changed,
    Operator.NOT_CHANGED: _not(_changed),
    Operator.CHANGED_TO: lambda line, old, new: _differs(old, new) and _equal(new, line.operand),
    Operator.CHANGED_FROM: lambda line, old, new: _differs(old, new) and _equal(old, line.operand),
    Operator.GAINED: _member_came(0),
    Operator.LOST: _member_came(1),
}

_WITHOUT_OPERAND = {Operator.EMPTY, Operator.NOT_EMPTY, Operator.CHANGED, Operator.NOT_CHANGED}
_MAY_BE_BLANK = {Operator.EQUAL, Operator.NOT_EQUAL, Operator.CHANGED_TO, Operator.CHANGED_FROM}
_AMOUNTS = {Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL}
_DEPTH = 8


def check_conditions(group: ConditionGroup, depth: int = 1) -> list[str]:
    """What is wrong with the conditions as typed: a blank *contains* would hold for everybody, and ask everybody."""
    if depth > _DEPTH:
        return [f"groups are nested more than {_DEPTH} deep"]
    problems: list[str] = []
    for item in group.items:
        problems += _check_line(item) if isinstance(item, Condition) else check_conditions(item, depth + 1)
    return problems


def _check_line(line: Condition) -> list[str]:
    if line.operator in _WITHOUT_OPERAND | _MAY_BE_BLANK:
        return []
    name = f"{line.field} {line.operator.value.replace('_', ' ')}"
    operands = _operands(line)
    if not operands or any(not operand.strip() for operand in operands):
        return [f"{name}: say what"]
    if line.operator in _AMOUNTS and _scale(operands[0]) is None:
        return [f"{name}: {operands[0]!r} is neither a number nor a date"]
    return _check_patterns(name, operands) if line.operator is Operator.MATCHES else []


def _check_patterns(name: str, operands: list[str]) -> list[str]:
    problems = []
    for one in operands:
        try:
            compile_pattern(one)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    return problems
