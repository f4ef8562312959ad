"""Take a change set to every workflow that listens to its directory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory import ChangeSet
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import CONTACTS_CHANGED
from opulse.experience.extensions.experience_id_change.rules import evaluate_group
from opulse.experience.workflows import Event, Selection, Workflow, start_run_in, views
from opulse.experience.workflows.flow.runs import carried, carry
from opulse.experience.workflows.flow.traces import note_traces_in
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
        for workflow in views.list_workflows(conn, job.tenant, TRIGGER):
            if workflow.enabled and workflow.document.trigger.form.get("directory") == change.directory:
                _evaluate_in(conn, workflow, change, now)
    complete(conn, job)


def _evaluate_in(conn: Connection, workflow: Workflow, change: ChangeSet, now: datetime) -> None:
    """Once per distinct set of values of the fields that this workflow reads, whatever the number of people and of groups."""
    document = workflow.document
    matched: list[tuple[int, int]] = []
    for alike in directory.list_alike(conn, workflow.tenant, change.id, document.conditions.fields()):
        verdict = evaluate_group(
            alike,
            change.patch.keys(),
            change.cause.chain,
            workflow.id,
            document.trigger.form.get("kinds") or [],
            document.conditions,
        )
        why_not = verdict.why_not.value if verdict.why_not else ""
        reason = why_not or ("matched" if verdict.matched else "conditions_false")
        DECISIONS.labels("conditions", reason).inc(sum(count for _, count in alike.groups))
        note_traces_in(
            conn,
            workflow,
            change.id,
            alike.groups,
            verdict.matched,
            why_not,
            dict(verdict.trace),
            change.cause.activation,
            now,
        )
        if verdict.matched:
            matched += alike.groups
    if not matched:
        return
    numbers = tuple(sorted(number for number, _ in matched))
    selection = Selection(change.id, numbers, sum(count for _, count in matched))
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
