"""Small questions about one activation's way through the stages."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, exists, func, select

from opulse.db import json_list
from opulse.experience.directory.models import CONTACTS_CHANGED
from opulse.experience.directory.views import change_sets
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.workflows.views import runs, traces
from opulse.jobs.models import JobState
from opulse.jobs.table import jobs


def has_pending_changes(conn: Connection, tenant: int, activation: str) -> bool:
    """Whether a change set of this activation still waits to be shown to the workflows."""
    mine = select(change_sets.c.id).where(
        change_sets.c.tenant == tenant, change_sets.c.activation == activation
    )
    waiting = exists().where(
        jobs.c.tenant == tenant, jobs.c.kind == CONTACTS_CHANGED, jobs.c.unique_key.in_(mine)
    )
    return bool(conn.execute(select(waiting)).scalar())


def has_job(conn: Connection, tenant: int, kind: str, key: str) -> bool:
    """Whether a job of this kind and key waits or runs."""
    found = exists().where(
        jobs.c.tenant == tenant,
        jobs.c.kind == kind,
        jobs.c.unique_key == key,
        jobs.c.state == JobState.WAITING.value,
    )
    return bool(conn.execute(select(found)).scalar())


def list_changed_directories(conn: Connection, tenant: int, activation: str) -> set[str]:
    """The directories on whose contacts this activation was written."""
    query = (
        select(change_sets.c.directory)
        .where(change_sets.c.tenant == tenant, change_sets.c.activation == activation)
        .distinct()
    )
    return set(conn.execute(query).scalars())


def was_switched_off(conn: Connection, tenant: int, activation: str) -> bool:
    """Whether the activation's event came to a workflow that was switched off then."""
    found = exists().where(
        runs.c.tenant == tenant, runs.c.event_key.startswith(f"{activation}/off/", autoescape=True)
    )
    return bool(conn.execute(select(found)).scalar())


def has_false_conditions(conn: Connection, tenant: int, activation: str) -> bool:
    """Whether the activation's event came, and the conditions of the workflow that receives it did not hold."""
    found = exists().where(
        traces.c.tenant == tenant, traces.c.change_set == activation, traces.c.matched.is_(False)
    )
    return bool(conn.execute(select(found)).scalar())


def list_reaching_tasks(conn: Connection, tenant: int, activation: str) -> list[str]:
    """The task runs that fetched systems of the activation: few, one for each workflow that was told of it."""
    query = select(reach.c.task_run).where(reach.c.tenant == tenant, reach.c.activation == activation)
    return sorted(conn.execute(query.distinct()).scalars())


def find_reached(conn: Connection, tenant: int, activation: str, systems: Iterable[str]) -> set[str]:
    """Which of these systems (GUIDs) have a reach row."""
    listed = json_list(conn, systems)
    query = select(reach.c.system).where(
        reach.c.tenant == tenant,
        reach.c.activation == activation,
        reach.c.system.in_(select(listed.c.value)),
    )
    return set(conn.execute(query.distinct()).scalars())


def count_reached_systems(conn: Connection, tenant: int, activation: str) -> int:
    query = select(func.count(reach.c.system.distinct())).where(
        reach.c.tenant == tenant, reach.c.activation == activation
    )
    return int(conn.execute(query).scalar_one())
