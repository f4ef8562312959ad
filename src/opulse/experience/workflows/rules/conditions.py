"""Do an event's values satisfy a workflow's conditions? The answer carries its trace: each line, what it saw, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Side

Values = Mapping[str, Any]
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
    return {
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
        return len(operand) == 1 and _fold(value) == _fold(operand[0])
    return _fold(value) == _fold(operand)


def _contains(value: Any, operand: str) -> bool:
    """Member equality on a list: ``Application Hang`` is no member of ``["Critical Application Hang"]``. Part of a text else."""
    if isinstance(value, list):
        return _fold(operand) in {_fold(member) for member in value}
    return not _is_empty(value) and _fold(operand) in _fold(value)


def _number(value: Any) -> float | None:
    if isinstance(value, list):
        return float(len(value))
    try:
        return float(str(value).strip())
    except ValueError:
        return None


def _compare(test: Callable[[float, float], bool]) -> Callable[[Condition, Any, Any], bool]:
    """A missing or unreadable number compares as false, never as an error (qualtrics-product.md 4.3)."""

    def run(line: Condition, old: Any, new: Any) -> bool:
        left, right = _number(_seen(line, old, new)), _number(_operands(line)[0] if _operands(line) else "")
        return left is not None and right is not None and test(left, right)

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
