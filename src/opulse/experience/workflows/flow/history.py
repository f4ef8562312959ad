"""A workflow's past, for its pages and its API."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.workflows.models import (
    Difference,
    Run,
    RunView,
    UnmetEvent,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import TaskType, TriggerType, find_trigger_type, list_extensions
from opulse.experience.workflows.rules.differences import list_differences
from opulse.experience.workflows.store.definitions import find_revision
from opulse.experience.workflows.store.history import last_runs, list_revisions
from opulse.experience.workflows.store.steering import list_unmet, list_view
from opulse.ports import Ports

__all__ = ["compare_revisions", "labels", "last_runs", "list_history", "list_revisions"]


async def list_history(
    ports: Ports, tenant: int, workflow: str, view: RunView, limit: int
) -> tuple[list[Run], list[UnmetEvent]]:
    """One view of the run history; for *conditions not met* also the events of which no run was made."""
    return await ports.db.read(_history_in, tenant, workflow, view, limit)


async def compare_revisions(
    ports: Ports, tenant: int, workflow: str, before: int, after: int
) -> list[Difference]:
    """In which places two revisions differ.

    Raises:
        LookupError: one of them does not exist.
    """
    old = await ports.db.read(find_revision, tenant, workflow, before)
    new = await ports.db.read(find_revision, tenant, workflow, after)
    if old is None or new is None:
        raise LookupError(f"revision {before if old is None else after} of {workflow}")
    return list_differences(_shown(old), _shown(new), labels())


def labels() -> dict[str, dict[str, str]]:
    """Type → its title (under the empty name) and the labels of its fields."""
    kinds: list[TaskType | TriggerType] = [
        task for extension in list_extensions() for task in extension.tasks
    ]
    kinds += [extension.trigger for extension in list_extensions() if extension.trigger is not None]
    return {kind.type: {"": kind.title, **{one.name: one.label for one in kind.form}} for kind in kinds}


def _shown(document: WorkflowDocument) -> WorkflowDocument:
    """Without the event's secrets."""
    kind = find_trigger_type(document.trigger.type)
    form = kind.show(document.trigger.form) if kind else {}
    return document.model_copy(update={"trigger": document.trigger.model_copy(update={"form": form})})


def _history_in(
    conn: Connection, tenant: int, workflow: str, view: RunView, limit: int
) -> tuple[list[Run], list[UnmetEvent]]:
    found = list_view(conn, tenant, workflow, view, limit)
    unmet = list_unmet(conn, tenant, workflow, limit) if view is RunView.CONDITIONS_NOT_MET else []
    return found, unmet
