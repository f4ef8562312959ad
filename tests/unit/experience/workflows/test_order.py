"""The order of tasks, and which are left out."""

from __future__ import annotations

import pytest

from opulse.experience.workflows.models import SkipReason, TaskDefinition, TaskState
from opulse.experience.workflows.rules.order import decide_skip, plan_tasks

GATES = frozenset({"conditions"})
DONE, FAILED = TaskState.SUCCEEDED, TaskState.FAILED


def _task(name: str, *reads: str, gate: bool = False) -> TaskDefinition:
    form = {"text": [f"a ${{t://{other}/value}}" for other in reads]}
    return TaskDefinition(id=name, type="conditions" if gate else "web_service", form={"inner": form})


def _order(*tasks: TaskDefinition) -> list[str]:
    return [one.task.id for one in plan_tasks(tasks, GATES)]


def test_the_listed_order_stands_unless_a_pipe_forces_another() -> None:
    assert _order(_task("a"), _task("b"), _task("c")) == ["a", "b", "c"]
    assert _order(_task("a", "c"), _task("b"), _task("c")) == ["b", "c", "a"]
    assert _order(_task("a", "nobody")) == ["a"], "a code that nothing provides is an empty value, no error"


def test_a_circle_is_named() -> None:
    with pytest.raises(ValueError, match="in a circle: a, b"):
        plan_tasks([_task("a", "b"), _task("b", "a"), _task("c")], GATES)


def test_a_block_of_conditions_is_a_wall() -> None:
    tasks = [_task("a"), _task("gate", gate=True), _task("b"), _task("second", gate=True), _task("c")]
    assert [sorted(one.gates) for one in plan_tasks(tasks, GATES)] == [
        [],
        [],
        ["gate"],
        ["gate"],
        ["gate", "second"],
    ]
    with pytest.raises(ValueError, match="circle"):
        plan_tasks([_task("a", "b"), _task("gate", gate=True), _task("b")], GATES)


@pytest.mark.parametrize(
    ("states", "closed", "on_failure", "skip"),
    [
        ({"a": DONE, "gate": DONE}, [], "stop", None),
        ({"a": FAILED, "gate": DONE}, [], "continue", None),
        ({"a": FAILED, "gate": DONE}, [], "stop", SkipReason.AFTER_FAILURE),
        ({"a": TaskState.SKIPPED, "gate": DONE}, [], "stop", SkipReason.AFTER_FAILURE),
        ({"a": DONE, "gate": DONE}, ["gate"], "continue", SkipReason.CONDITIONS),
        ({"a": DONE, "gate": FAILED}, [], "continue", SkipReason.BROKEN_CONDITIONS),
    ],
)
def test_what_is_left_out_and_why(
    states: dict[str, TaskState], closed: list[str], on_failure: str, skip: SkipReason | None
) -> None:
    tasks = [_task("a"), _task("gate", gate=True), _task("b", "a")]
    planned = next(one for one in plan_tasks(tasks, GATES) if one.task.id == "b")
    assert decide_skip(planned, states, closed, on_failure) is skip
