"""Does a change concern a workflow? The answer to the stale value, the loop and the repeated alarm."""

from __future__ import annotations

from typing import Any

import pytest

from opulse.experience.directory.models import ChangeGroup, ChangeKind
from opulse.experience.extensions.experience_id_change.models import NotAsked
from opulse.experience.extensions.experience_id_change.rules import evaluate_group
from opulse.experience.workflows.models import Condition, ConditionGroup, Operator

HANG = ConditionGroup(
    items=[Condition(field="lastAlarm", operator=Operator.CONTAINS, operand="Application Hang")]
)
ALARM = {"lastAlarm": ["Application Hang"]}
BOTH = ("updated", "created")


def group(
    before: dict[str, Any], after: dict[str, Any], kind: ChangeKind = ChangeKind.UPDATED
) -> ChangeGroup:
    return ChangeGroup(0, kind, before, after, 1)


@pytest.mark.parametrize(
    ("change", "written", "chain", "kinds", "expected"),
    [
        (group({}, ALARM), ["lastAlarm"], (), BOTH, True),
        (group(ALARM, ALARM), ["lastAlarm"], (), BOTH, True),
        (group(ALARM, ALARM), [], (), BOTH, NotAsked.UNCONCERNED),
        (group(ALARM, ALARM), ["site"], (), BOTH, NotAsked.UNCONCERNED),
        (group({"lastAlarm": ["Other"]}, ALARM), [], (), BOTH, True),
        (group({}, {"lastAlarm": ["Other"]}), ["lastAlarm"], (), BOTH, False),
        (group({}, ALARM, ChangeKind.CREATED), [], (), BOTH, True),
        (group({}, {}, ChangeKind.CREATED), [], (), BOTH, False),
        (group({}, ALARM, ChangeKind.CREATED), [], (), ("updated",), NotAsked.KIND),
        (group({}, ALARM), ["lastAlarm"], (), ("created", "deleted"), NotAsked.KIND),
        (group(ALARM, {}, ChangeKind.DELETED), [], (), ("deleted",), False),
        (group({}, ALARM), ["lastAlarm"], ("WF_1",), BOTH, NotAsked.CIRCLE),
        (group({}, ALARM), ["lastAlarm"], ("WF_2",), BOTH, True),
        (group({}, ALARM), ["lastAlarm"], ("WF_2", "WF_3"), BOTH, True),
        (group({}, ALARM), ["lastAlarm"], ("WF_2", "WF_3", "WF_4"), BOTH, NotAsked.CIRCLE),
    ],
)
def test_the_verdict_and_its_reason(
    change: ChangeGroup, written: list[str], chain: tuple[str, ...], kinds: tuple[str, ...], expected: Any
) -> None:
    verdict = evaluate_group(change, written, chain, "WF_1", kinds, HANG)
    if isinstance(expected, NotAsked):
        assert (verdict.matched, verdict.why_not, verdict.trace) == (False, expected, {})
    else:
        assert (verdict.matched, verdict.why_not) == (expected, None)
        assert verdict.trace["result"] is expected


def test_a_workflow_without_conditions_is_concerned_by_everything() -> None:
    verdict = evaluate_group(group(ALARM, ALARM), [], (), "WF_1", BOTH, ConditionGroup())
    assert verdict.matched
