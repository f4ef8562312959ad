"""Start scheduled workflows: the next times are kept in the table, so nothing is lost while no process runs.

A time that passed meanwhile is made up for once, however many were missed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory import Cause, gather_in, open_gathering_in
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import ChangeGroup, ChangeSet
from opulse.experience.extensions.schedule import store
from opulse.experience.extensions.schedule.models import SCHEDULE_COME, Due
from opulse.experience.extensions.schedule.rules import next_time, read_timetable
from opulse.experience.workflows import Event, Workflow, start_run_in, views
from opulse.experience.workflows.flow.contact_events import MOST, ContactEvent, start_for_groups_in
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.jobs import Job, enqueue
from opulse.jobs.table import complete
from opulse.ports import Ports
from opulse.tenancy import audit_in

AT_ONCE = 200


def move_on_in(conn: Connection, now: datetime) -> int:
    """For each workflow whose time has come: its job, and its next time. Returns how many rows were looked at."""
    due = store.list_due(conn, now, AT_ONCE)
    for one in due:  # each has a timetable of its own
        _move_one_in(conn, one, now)
    return len(due)


def _move_one_in(conn: Connection, due: Due, now: datetime) -> None:
    workflow = views.find_workflow(conn, due.tenant, due.workflow)
    if workflow is None or not workflow.enabled:
        store.delete_schedule(conn, due.tenant, due.workflow)
        return
    following = next_time(read_timetable(workflow.document.trigger.form), now)
    if store.set_next(conn, due, following) and due.next_at is not None:
        payload = {"workflow": due.workflow, "at": due.next_at.isoformat(), "by": ""}
        unique = f"{due.workflow} {payload['at']}"
        enqueue(conn, due.tenant, SCHEDULE_COME, payload, unique=unique, priority=5)


async def start_by_hand(ports: Ports, tenant: int, workflow: str, actor: str) -> None:
    """Start a scheduled workflow now, beside its times."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        payload = {"workflow": workflow, "at": now.isoformat(), "by": actor}
        enqueue(conn, tenant, SCHEDULE_COME, payload, unique=f"{workflow} {payload['at']}", priority=4)
        audit_in(conn, tenant, actor, "workflow.started_by_hand", workflow, None, {"at": payload["at"]}, now)

    await ports.db.write(unit)


async def read_next(ports: Ports, tenant: int, workflow: str) -> datetime | None:
    """When the workflow starts next; None where that is not worked out, or it is off."""
    return await ports.db.read(store.find_next, tenant, workflow)


async def start_scheduled(ports: Ports, job: Job) -> None:
    """Start the run of one time: about the members of the chosen list as they are now, or about nobody."""
    found = await ports.db.read(views.find_workflow, job.tenant, job.payload["workflow"])
    if found is None or not found.enabled:
        return
    list_id = str(found.document.trigger.form.get("list") or "")
    if not list_id:
        await ports.db.write(_start_plain_in, job, found, ports.clock.now())
        return
    folder = await ports.db.read(directory.find_list, job.tenant, list_id)
    if folder is None:
        return
    change = await ports.db.write(_open_in, job.tenant, folder.directory, ports.clock.now())
    groups: list[ChangeGroup] = []
    read = sorted(found.document.conditions.fields() - {"scheduledAt"})
    after = ""
    while True:
        ids = await ports.db.read(directory.list_members_after, job.tenant, list_id, after, MOST)
        if ids:
            now = ports.clock.now()
            groups += await ports.db.write(_gather_in, job.tenant, change, ids, read, now, len(groups))
        if len(ids) < MOST:
            break
        after = ids[-1]
    event = ContactEvent(_key(job), folder.directory, (), {"scheduledAt": job.payload["at"]})
    await ports.db.write(_start_list_in, job, found, event, change, groups, ports.clock.now())


def _key(job: Job) -> str:
    return f"schedule/{job.payload['at']}"


def _open_in(conn: Connection, tenant: int, folder: str, now: datetime) -> ChangeSet:
    return open_gathering_in(conn, tenant, folder, cause=Cause(), now=now)


def _gather_in(
    conn: Connection,
    tenant: int,
    change: ChangeSet,
    ids: list[str],
    read: list[str],
    now: datetime,
    first: int,
) -> list[ChangeGroup]:
    return gather_in(conn, tenant, change, ids, read, now, first=first)


def _start_plain_in(conn: Connection, job: Job, workflow: Workflow, now: datetime) -> None:
    fields = {"scheduledAt": job.payload["at"]}
    event = Event(_key(job), {"envelope": fields, "fields": fields})
    if trace_event_in(conn, workflow, event, now):
        start_run_in(conn, workflow, event, now)
    complete(conn, job)


def _start_list_in(
    conn: Connection,
    job: Job,
    workflow: Workflow,
    event: ContactEvent,
    change: ChangeSet,
    groups: list[ChangeGroup],
    now: datetime,
) -> None:
    start_for_groups_in(conn, workflow, event, change, groups, now)
    complete(conn, job)
