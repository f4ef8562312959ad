"""Why a group of changed contacts did not reach a workflow's conditions."""

from __future__ import annotations

from enum import StrEnum


class NotAsked(StrEnum):
    """The conditions were not evaluated at all."""

    KIND = "kind"  # the trigger does not listen to this kind of change (created, updated, deleted)
    UNCONCERNED = "unconcerned"  # nothing that the conditions read was written or differs: an unrelated edit
    CIRCLE = (
        "circle"  # the change was made by a run of this very workflow, or the chain of causes is too long
    )
