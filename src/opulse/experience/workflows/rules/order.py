"""In which order a workflow's tasks are done, and which of them are left out. Pure.

Order is the listed one unless piped text forces another: a task that pipes an output of another one is done after it
(qualtrics-product.md 4.5). A block of conditions is a wall: what stands before it is done before it, what stands after it depends
on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opulse.experience.workflows.models import SkipReason, TaskDefinition, TaskState
from opulse.templating.piped import TASK, parse_piped


@dataclass(frozen=True)
class PlannedTask:
    """A task with the tasks whose outputs it pipes, and the blocks of conditions that stand before it."""

    task: TaskDefinition
    needs: frozenset[str]
    gates: frozenset[str]


def piped_tasks(value: Any) -> Iterator[str]:
    """The ids of the tasks whose outputs a form pipes (``${t://<task>/<output>}``)."""
    if isinstance(value, str):
        for slot in parse_piped(value).slots:
            if slot.source == TASK:
                yield slot.path.partition("/")[0]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from piped_tasks(one)
    elif isinstance(value, list):
        for one in value:
            yield from piped_tasks(one)


def plan_tasks(tasks: Sequence[TaskDefinition], gate_types: Collection[str]) -> list[PlannedTask]:
    """The tasks in the order in which they are done.

    Raises:
        ValueError: tasks need each other in a circle; the message names them.
    """
    waiting = _planned(tasks, gate_types)
    behind = _walls(tasks, gate_types)
    done: set[str] = set()
    order: list[PlannedTask] = []
    while waiting:
        ready = next((one for one in waiting if one.needs | behind[one.task.id] <= done), None)
        if ready is None:
            names = ", ".join(one.task.id for one in waiting)
            raise ValueError(f"these tasks take values from each other in a circle: {names}")
        waiting.remove(ready)
        done.add(ready.task.id)
        order.append(ready)
    return order


def decide_skip(
    planned: PlannedTask, states: Mapping[str, TaskState], closed: Collection[str], on_failure: str
) -> SkipReason | None:
    """Why the task is left out; None: it is done. ``states``: of tasks before it; ``closed``: gates that let nobody through."""
    if any(states.get(gate) is not TaskState.SUCCEEDED for gate in planned.gates - set(closed)):
        return SkipReason.BROKEN_CONDITIONS
    if planned.gates & set(closed):
        return SkipReason.CONDITIONS
    if on_failure == "stop" and any(states.get(one) is not TaskState.SUCCEEDED for one in planned.needs):
        return SkipReason.AFTER_FAILURE
    return None


def _planned(tasks: Sequence[TaskDefinition], gate_types: Collection[str]) -> list[PlannedTask]:
    known = {task.id for task in tasks}
    gates: set[str] = set()
    planned = []
    for task in tasks:
        needs = frozenset(piped_tasks(task.form)) & known - {task.id}
        planned.append(PlannedTask(task, needs, frozenset(gates)))
        if task.type in gate_types:
            gates.add(task.id)
    return planned


def _walls(tasks: Sequence[TaskDefinition], gate_types: Collection[str]) -> dict[str, set[str]]:
    """Task → what must be over before it because a block of conditions stands between, or because it is one."""
    walls: dict[str, set[str]] = {}
    before: set[str] = set()
    gates: set[str] = set()
    for task in tasks:
        walls[task.id] = set(before) if task.type in gate_types else set(gates)
        before.add(task.id)
        if task.type in gate_types:
            gates.add(task.id)
    return walls
