"""Does a change concern a workflow, and do its conditions hold? Pure.

The guide's condition reads *current value contains X* and ``lastAlarm`` stays on the contact, so by the letter any later edit of
that person would send the survey again (qualtrics-product.md 5.3). Here a change concerns a workflow only if it *wrote* a field
that the conditions read, or made one differ. A second activation with the same sensors writes the same names again, so it asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from opulse.experience.directory.models import AlikeGroups, ChangeKind
from opulse.experience.extensions.experience_id_change.models import NotAsked
from opulse.experience.workflows.models import CHAIN_DEPTH, ConditionGroup
from opulse.experience.workflows.rules.conditions import matches_conditions


@dataclass(frozen=True)
class GroupVerdict:
    """What a workflow makes of groups that are alike to it. ``why_not`` is None when the conditions were evaluated."""

    matched: bool
    why_not: NotAsked | None
    trace: Mapping[str, Any]


def evaluate_group(
    group: AlikeGroups,
    written: Collection[str],
    chain: Collection[str],
    workflow: str,
    kinds: Collection[str],
    conditions: ConditionGroup,
) -> GroupVerdict:
    """The verdict, with the reason or the trace."""
    why_not = _why_not(group, written, chain, workflow, kinds, conditions)
    if why_not is not None:
        return GroupVerdict(False, why_not, {})
    matched, trace = matches_conditions(conditions, group.before, group.after)
    return GroupVerdict(matched, None, trace)


def _why_not(
    group: AlikeGroups,
    written: Collection[str],
    chain: Collection[str],
    workflow: str,
    kinds: Collection[str],
    conditions: ConditionGroup,
) -> NotAsked | None:
    if group.kind.value not in kinds:
        return NotAsked.KIND
    if workflow in chain or len(chain) >= CHAIN_DEPTH:
        return NotAsked.CIRCLE
    read = conditions.fields()
    concerned = any(name in written or group.before.get(name) != group.after.get(name) for name in read)
    if group.kind is ChangeKind.UPDATED and read and not concerned:
        return NotAsked.UNCONCERNED
    return None
