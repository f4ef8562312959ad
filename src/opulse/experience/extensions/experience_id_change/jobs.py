"""Take a change set to every workflow that listens to its directory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory import ChangeSet
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import CONTACTS_CHANGED, ChangeGroup
from opulse.experience.extensions.experience_id_change.rules import evaluate_group
from opulse.experience.workflows import Event, Selection, Workflow, start_run_in, views
from opulse.experience.workflows.flow.runs import carried, carry
from opulse.experience.workflows.flow.traces import note_trace_in
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.observe.metrics import DECISIONS
from opulse.ports import Ports

TRIGGER = "experience_id_change"


async def on_contacts_changed(ports: Ports, job: Job) -> None:
    """Evaluate conditions once per group, store the traces, start the runs: all of it with the end of this job."""
    await ports.db.write(_take_in, job, ports.clock.now())


def _take_in(conn: Connection, job: Job, now: datetime) -> None:
    change = directory.find_change_set(conn, job.tenant, job.payload["change_set"])
    if change is not None:
        groups = directory.list_groups(conn, job.tenant, change.id)
        for workflow in views.list_workflows(conn, job.tenant, TRIGGER):
            if workflow.enabled and workflow.document.trigger.form.get("directory") == change.directory:
                _evaluate_in(conn, workflow, change, groups, now)
    complete(conn, job)


def _evaluate_in(
    conn: Connection, workflow: Workflow, change: ChangeSet, groups: list[ChangeGroup], now: datetime
) -> None:
    document = workflow.document
    matched: list[ChangeGroup] = []
    for group in groups:
        verdict = evaluate_group(
            group,
            change.patch.keys(),
            change.cause.chain,
            workflow.id,
            document.trigger.form.get("kinds") or [],
            document.conditions,
        )
        why_not = verdict.why_not.value if verdict.why_not else ""
        reason = why_not or ("matched" if verdict.matched else "conditions_false")
        DECISIONS.labels("conditions", reason).inc(group.count)
        note_trace_in(
            conn,
            workflow,
            change.id,
            group.number,
            group.count,
            verdict.matched,
            why_not,
            dict(verdict.trace),
            change.cause.activation,
            now,
        )
        if verdict.matched:
            matched.append(group)
    if not matched:
        return
    selection = Selection(
        change.id, tuple(group.number for group in matched), sum(group.count for group in matched)
    )
    fields = {"contacts": selection.count, **change.patch}
    parent = carried(views.find_run(conn, workflow.tenant, change.cause.run))
    event = Event(
        change.id,
        {"envelope": {"change_set": change.id}, "fields": fields} | carry(parent),
        change.cause.activation,
        change.cause.wave,
        change.cause.chain,
        selection,
    )
    start_run_in(conn, workflow, event, now)


HANDLERS: Mapping[str, Handler] = {CONTACTS_CHANGED: on_contacts_changed}
