"""Every operator on every kind of value; groups; what the trace tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, Side
from opulse.experience.workflows.rules.conditions import check_conditions, matches_conditions

Op = Operator
LIST = ["Application Hang", "Disk Full"]
TEXT = "Application Hang, Disk Full"


def holds(
    operator: Operator, operand: Any = "", *, old: Any = None, new: Any = None, side: Side = Side.CURRENT
) -> bool:
    line = Condition(field="f", side=side, operator=operator, operand=operand)
    before = {} if old is None else {"f": old}
    after = {} if new is None else {"f": new}
    return matches_conditions(ConditionGroup(items=[line]), before, after)[0]


@pytest.mark.parametrize(
    ("operator", "operand", "value", "expected"),
    [
        # is equal to
        (Op.EQUAL, "disk full", " Disk Full ", True),
        (Op.EQUAL, "disk", "Disk Full", False),
        (Op.EQUAL, "5", 5, True),
        (Op.EQUAL, "5.0", 5, True),
        (Op.EQUAL, "7", "007", False),
        (Op.EQUAL, "true", True, True),
        (Op.EQUAL, "1", True, False),
        (Op.EQUAL, "", None, True),
        (Op.EQUAL, "x", None, False),
        (Op.EQUAL, "2026-11-23T12:00:00Z", "2026-11-23T13:00:00+01:00", True),
        (Op.EQUAL, ["Disk Full", "application hang"], LIST, True),
        (Op.EQUAL, "Disk Full,Application Hang", LIST, True),
        (Op.EQUAL, ["Disk Full"], LIST, False),
        (Op.EQUAL, ["one"], "one", True),
        (Op.EQUAL, ["one", "two"], "one", False),
        (Op.NOT_EQUAL, "disk full", "Disk Full", False),
        (Op.NOT_EQUAL, "x", None, True),
        # contains: a member of a list, a part of a text
        (Op.CONTAINS, "Application Hang", LIST, True),
        (Op.CONTAINS, "application hang ", LIST, True),
        (Op.CONTAINS, "Application Hang", ["Critical Application Hang"], False),
        (Op.CONTAINS, "Application Hang", "Critical Application Hang", True),
        (Op.CONTAINS, "Hang", LIST, False),
        (Op.CONTAINS, "Hang", TEXT, True),
        (Op.CONTAINS, "Hang", None, False),
        (Op.CONTAINS, "Hang", [], False),
        (Op.CONTAINS, "Hang", "", False),
        (Op.CONTAINS, "2", 123, True),
        (Op.CONTAINS, ["Application Hang", "Disk Full"], LIST, True),
        (Op.CONTAINS, ["Application Hang", "Other"], LIST, False),
        (Op.DOES_NOT_CONTAIN, "Other", LIST, True),
        (Op.DOES_NOT_CONTAIN, "Disk Full", LIST, False),
        (Op.DOES_NOT_CONTAIN, "Disk Full", None, True),
        (Op.CONTAINS_ANY, ["Other", "Disk Full"], LIST, True),
        (Op.CONTAINS_ANY, ["Other", "Another"], LIST, False),
        (Op.CONTAINS_ANY, ["Other"], None, False),
        (Op.CONTAINS_ALL, ["Disk Full", "Application Hang"], LIST, True),
        (Op.CONTAINS_ALL, ["Disk Full", "Other"], LIST, False),
        # text only
        (Op.BEGINS_WITH, "app", "Application Hang", True),
        (Op.BEGINS_WITH, "hang", "Application Hang", False),
        (Op.BEGINS_WITH, "app", LIST, False),
        (Op.BEGINS_WITH, "app", None, False),
        (Op.ENDS_WITH, "HANG", "Application Hang", True),
        (Op.MATCHES, "^App.*Hang$", "Application Hang", True),
        (Op.MATCHES, "Hang", "Application Hang", True),
        (Op.MATCHES, "^Hang", "Application Hang", False),
        (Op.MATCHES, ["^x", "Hang$"], "Application Hang", True),
        (Op.MATCHES, "Hang", LIST, False),
        (Op.MATCHES, "Hang", None, False),
        (Op.MATCHES, "(", "Application Hang", False),
        (Op.ENDS_WITH, "app", "Application Hang", False),
        # empty
        (Op.EMPTY, "", None, True),
        (Op.EMPTY, "", "  ", True),
        (Op.EMPTY, "", [], True),
        (Op.EMPTY, "", 0, False),
        (Op.EMPTY, "", False, False),
        (Op.EMPTY, "", LIST, False),
        (Op.NOT_EMPTY, "", LIST, True),
        (Op.NOT_EMPTY, "", None, False),
        # amounts
        (Op.GREATER, "5", 6, True),
        (Op.GREATER, "5", "6", True),
        (Op.GREATER, "5", 5, False),
        (Op.GREATER, "1", LIST, True),
        (Op.GREATER, "2", LIST, False),
        (Op.GREATER, "2026-11-23", "2026-11-23T08:00:00Z", True),
        (Op.GREATER, "2026-11-23T12:00:00+00:00", "2026-11-23T12:30:00+01:00", False),
        (Op.GREATER_OR_EQUAL, "5", 5, True),
        (Op.GREATER_OR_EQUAL, "5.5", 5, False),
        (Op.LESS, "5", 4.9, True),
        (Op.LESS, "2026-11-23", "2026-11-22", True),
        (Op.LESS_OR_EQUAL, "2", LIST, True),
        (Op.LESS_OR_EQUAL, "1", LIST, False),
        # one of several
        (Op.IN, ["one", "two"], "Two", True),
        (Op.IN, ["one", "two"], "three", False),
        (Op.IN, ["5", "6"], 6, True),
        (Op.IN, ["one"], None, False),
        (Op.NOT_IN, ["one", "two"], "three", True),
        (Op.NOT_IN, ["one", "two"], "one", False),
    ],
)  # fmt: skip
def test_the_current_value(operator: Operator, operand: Any, value: Any, expected: bool) -> None:
    assert holds(operator, operand, new=value) is expected
    assert holds(operator, operand, old=value, side=Side.PREVIOUS) is expected


@pytest.mark.parametrize("operator", [Op.GREATER, Op.GREATER_OR_EQUAL, Op.LESS, Op.LESS_OR_EQUAL])
@pytest.mark.parametrize(
    ("value", "operand"),
    [(None, "5"), ("", "5"), ("five", "5"), (5, ""), (5, "five"), (5, []), ("nan", "5"), ("inf", "5"),
     (True, "0"), (5, "2026-11-23"), ("2026-11-23", "5"), ({"a": 1}, "0")],
)  # fmt: skip
def test_what_is_no_amount_compares_as_false_and_never_as_an_error(
    operator: Operator, value: Any, operand: Any
) -> None:
    assert holds(operator, operand, new=value) is False


@pytest.mark.parametrize(
    ("operator", "operand", "old", "new", "expected"),
    [
        (Op.CHANGED, "", "a", "b", True),
        (Op.CHANGED, "", "a", "a", False),
        (Op.CHANGED, "", None, "a", True),
        (Op.CHANGED, "", "a", None, True),
        (Op.CHANGED, "", None, "", False),
        (Op.CHANGED, "", ["a"], ["a", "b"], True),
        (Op.NOT_CHANGED, "", "a", "a", True),
        (Op.NOT_CHANGED, "", "a", "b", False),
        (Op.CHANGED_TO, "b", "a", "B", True),
        (Op.CHANGED_TO, "b", "b", "b", False),
        (Op.CHANGED_TO, "", "a", None, True),
        (Op.CHANGED_FROM, "a", "a", "b", True),
        (Op.CHANGED_FROM, "b", "a", "b", False),
        (Op.CHANGED_FROM, "", None, "b", True),
        (Op.GAINED, "Disk Full", ["Application Hang"], LIST, True),
        (Op.GAINED, "Disk Full", LIST, LIST, False),
        (Op.GAINED, "Disk Full", None, LIST, True),
        (Op.GAINED, "Hang", None, LIST, False),
        (Op.LOST, "Disk Full", LIST, ["Application Hang"], True),
        (Op.LOST, "Disk Full", LIST, None, True),
        (Op.LOST, "Disk Full", None, LIST, False),
    ],
)
def test_the_change(operator: Operator, operand: str, old: Any, new: Any, expected: bool) -> None:
    assert holds(operator, operand, old=old, new=new) is expected


def test_every_operator_is_tested_here() -> None:
    """A new operator without a line above fails here, and so does one that nobody evaluates."""
    marks = [mark for test in (test_the_current_value, test_the_change) for mark in test.pytestmark]
    tested = {case[0] for mark in marks for case in mark.args[1]}
    assert tested == set(Operator)


def line(field: str, operand: str) -> Condition:
    return Condition(field=field, operator=Op.EQUAL, operand=operand)


YES, NO = line("a", "1"), line("a", "2")


@pytest.mark.parametrize(
    ("mode", "items", "expected"),
    [
        ("all", [YES, YES], True),
        ("all", [YES, NO], False),
        ("any", [NO, YES], True),
        ("any", [NO, NO], False),
        ("all", [], True),
        ("any", [], True),
        ("all", [YES, ConditionGroup(mode="any", items=[NO, YES])], True),
        ("all", [YES, ConditionGroup(mode="all", items=[NO, YES])], False),
        ("any", [NO, ConditionGroup(items=[YES, ConditionGroup(mode="any", items=[NO, YES])])], True),
    ],
)
def test_groups(mode: Any, items: list[Any], expected: bool) -> None:
    assert matches_conditions(ConditionGroup(mode=mode, items=items), {}, {"a": "1"})[0] is expected


def test_the_trace_shows_every_line_with_what_it_saw() -> None:
    inner = ConditionGroup(mode="any", items=[Condition(field="g", side=Side.PREVIOUS, operator=Op.EMPTY)])
    group = ConditionGroup(items=[NO, inner])
    matched, trace = matches_conditions(group, {"a": "0"}, {"a": "1"})
    assert matched is False
    assert trace == {
        "mode": "all",
        "result": False,
        "items": [
            {
                "field": "a",
                "side": "current",
                "operator": "is_equal_to",
                "operand": "2",
                "previous": "0",
                "current": "1",
                "result": False,
            },
            {
                "mode": "any",
                "result": True,
                "items": [
                    {
                        "field": "g",
                        "side": "previous",
                        "operator": "is_empty",
                        "operand": "",
                        "previous": None,
                        "current": None,
                        "result": True,
                    }
                ],
            },
        ],
    }


def test_the_fields_of_all_lines_however_deep() -> None:
    group = ConditionGroup(items=[line("a", ""), ConditionGroup(items=[line("b", ""), line("a", "")])])
    assert group.fields() == {"a", "b"}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1, max_size=12).filter(
    lambda name: bool(name.strip())
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


@given(members=st.lists(NAMES, max_size=5), wanted=NAMES)
def test_contains_on_a_list_is_membership_and_nothing_else(members: list[str], wanted: str) -> None:
    def fold(name: str) -> str:
        return name.strip().casefold()

    assert holds(Op.CONTAINS, wanted, new=members or None) is (
        fold(wanted) in {fold(name) for name in members}
    )


@given(members=st.lists(NAMES, min_size=1, max_size=5))
def test_a_list_equals_its_members_in_any_order(members: list[str]) -> None:
    assert holds(Op.EQUAL, list(reversed(members)), new=members)


@given(
    operator=st.sampled_from(Operator),
    operand=st.text() | st.lists(st.text(), max_size=3),
    old=ANYTHING,
    new=ANYTHING,
    side=st.sampled_from(Side),
)
def test_no_value_is_an_error(operator: Operator, operand: Any, old: Any, new: Any, side: Side) -> None:
    one = Condition(field="f", side=side, operator=operator, operand=operand)
    matched, trace = matches_conditions(ConditionGroup(items=[one]), {"f": old}, {"f": new})
    assert trace["result"] is matched


OPPOSITES = [
    (Op.EQUAL, Op.NOT_EQUAL),
    (Op.EMPTY, Op.NOT_EMPTY),
    (Op.IN, Op.NOT_IN),
    (Op.CHANGED, Op.NOT_CHANGED),
    (Op.CONTAINS_ANY, Op.DOES_NOT_CONTAIN),
]


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
@given(operand=st.text() | st.lists(st.text(), max_size=3), old=ANYTHING, new=ANYTHING)
def test_opposites_never_agree(one: Operator, other: Operator, operand: Any, old: Any, new: Any) -> None:
    lines = [Condition(field="f", operator=operator, operand=operand) for operator in (one, other)]
    results = [matches_conditions(ConditionGroup(items=[each]), {"f": old}, {"f": new})[0] for each in lines]
    assert results[0] is not results[1]


@pytest.mark.parametrize(
    ("operator", "operand", "problem"),
    [
        (Op.CONTAINS, " ", "lastAlarm contains: say what"),
        (Op.CONTAINS, [], "lastAlarm contains: say what"),
        (Op.CONTAINS_ALL, ["a", ""], "lastAlarm contains all of: say what"),
        (Op.GREATER, "many", "lastAlarm greater than: 'many' is neither a number nor a date"),
        (Op.LESS, "2026-11-23", None),
        (Op.EMPTY, "", None),
        (Op.EQUAL, "", None),
        (Op.CONTAINS, "Application Hang", None),
    ],
)
def test_a_blank_operand_that_would_ask_everybody_is_not_saved(
    operator: Operator, operand: Any, problem: str | None
) -> None:
    group = ConditionGroup(items=[Condition(field="lastAlarm", operator=operator, operand=operand)])
    expected = [] if problem is None else [problem]
    assert check_conditions(group) == expected
    assert check_conditions(ConditionGroup(mode="any", items=[YES, group])) == expected


def test_groups_are_not_nested_without_end() -> None:
    group = ConditionGroup(items=[YES])
    for _ in range(7):
        group = ConditionGroup(items=[group])
    assert check_conditions(group) == []
    assert check_conditions(ConditionGroup(items=[group])) == ["groups are nested more than 8 deep"]


def test_a_pattern_that_would_take_too_long_does_not_hold_and_says_so() -> None:
    line = Condition(field="f", operator=Op.MATCHES, operand="(.{1,20}){1,20}x")
    held, trace = matches_conditions(ConditionGroup(items=[line]), {}, {"f": "a" * 4_000})
    assert not held
    assert trace["items"][0]["note"] == "too_long"
