"""Which workflow asks for which notification. Nothing in either product says so: only the names of the sensors do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opulse.experience.workflows.models import Condition, ConditionGroup, Operator, TaskDefinition, Workflow
from opulse.monitoring.notifications.models import Notification
from opulse.pulses.doctor.facts import Facts
from opulse.pulses.doctor.models import Subject

ALARM = "lastAlarm"
NAMING = {
    Operator.CONTAINS,
    Operator.CONTAINS_ANY,
    Operator.CONTAINS_ALL,
    Operator.EQUAL,
    Operator.GAINED,
    Operator.CHANGED_TO,
    Operator.IN,
}
"""Operators whose operands are names of sensors that lastAlarm shall have."""
_LOOSE = {Operator.CONTAINS_ANY, Operator.IN}


@dataclass(frozen=True, slots=True)
class Asker:
    """A workflow that asks people when lastAlarm changes. ``wanted``: folded name → as written."""

    workflow: Workflow
    wanted: dict[str, str]
    lines: tuple[Condition, ...]
    any_of: bool  # one of the names is enough

    def satisfied(self, notification: Notification) -> bool:
        """Whether an activation of it would let people through, as far as names decide."""
        sent = names_of(notification)
        hits = self.wanted.keys() & sent.keys()
        return bool(hits) if self.any_of else bool(self.wanted) and len(hits) == len(self.wanted)


@dataclass(frozen=True, slots=True)
class Pair:
    """A notification and the workflow that is meant to ask for it."""

    notification: Notification
    asker: Asker


def fold(name: str) -> str:
    """Conditions compare without case and without blanks around a name."""
    return name.strip().casefold()


def names_of(notification: Notification) -> dict[str, str]:
    """Folded name → as written, of its sensors."""
    return {fold(sensor.name): sensor.name for sensor in notification.sensors}


def distribute(workflow: Workflow) -> TaskDefinition | None:
    """Its task that sends a survey."""
    tasks = workflow.document.tasks
    return next((task for task in tasks if task.type == "xm_directory.distribute_survey"), None)


def lines_of(group: ConditionGroup) -> Iterator[Condition]:
    for item in group.items:
        if isinstance(item, Condition):
            yield item
        else:
            yield from lines_of(item)


def askers(facts: Facts) -> list[Asker]:
    """See :func:`askers_of`."""
    return askers_of(facts.workflows)


def askers_of(workflows: Iterable[Workflow]) -> list[Asker]:
    """Workflows on the event Experience ID Change that send a survey and read lastAlarm."""
    found = []
    for workflow in workflows:
        document = workflow.document
        if document.trigger.type != "experience_id_change" or distribute(workflow) is None:
            continue
        lines = tuple(line for line in lines_of(document.conditions) if line.field == ALARM)
        listens = ALARM in (document.trigger.form.get("embedded_fields") or [])
        if lines or listens:
            found.append(_asker(workflow, lines))
    return found


def pairs(facts: Facts) -> list[Pair]:
    """Each workflow with the notification whose sensors are the same, else with the one most alike that has none yet."""
    left = list(askers(facts))
    made: list[Pair] = []
    for notification in facts.notifications:
        exact = [asker for asker in left if asker.wanted.keys() == names_of(notification).keys()]
        made += [Pair(notification, asker) for asker in exact]
        left = [asker for asker in left if asker not in exact]
    served = {pair.notification.id for pair in made}
    for asker in left:
        free = [one for one in facts.notifications if one.id not in served]
        best = max(free, key=lambda one: _alike(asker, one), default=None)
        if best is not None and _alike(asker, best) > 0:
            made.append(Pair(best, asker))
            served.add(best.id)
    return made


def about(one: Notification | Workflow) -> Subject:
    """The subject of a finding about it."""
    if isinstance(one, Notification):
        return Subject("notification", one.name, f"/notifications/{one.id}")
    return Subject("workflow", one.document.name, f"/workflows/{one.id}")


def _asker(workflow: Workflow, lines: tuple[Condition, ...]) -> Asker:
    naming = [line for line in lines if line.operator in NAMING]
    wanted = {fold(name): name.strip() for line in naming for name in _operands(line) if name.strip()}
    is_any = workflow.document.conditions.mode == "any" or any(line.operator in _LOOSE for line in naming)
    return Asker(workflow, wanted, lines, is_any and len(wanted) > 1)


def _operands(line: Condition) -> list[str]:
    if isinstance(line.operand, list):
        return line.operand
    return line.operand.split(",") if line.operator is Operator.EQUAL else [line.operand]


def _alike(asker: Asker, notification: Notification) -> float:
    sent, wanted = names_of(notification).keys(), asker.wanted.keys()
    return len(sent & wanted) / len(sent | wanted) if sent | wanted else 0.0
