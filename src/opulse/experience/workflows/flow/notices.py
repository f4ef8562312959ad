"""Tell people by mail that a workflow did not start or a task failed (qualtrics-product.md 4.8).

At most one mail per workflow, kind and quarter of an hour: a broken address would else send one per event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.workflows.flow.mailing import Letter, is_mail_address, letter_key, send_letter
from opulse.experience.workflows.models import (
    NOTICE_DUE,
    NoticeKind,
    Notices,
    Run,
    RunState,
    TaskState,
    Workflow,
)
from opulse.experience.workflows.registry import TaskWaits, find_task_type
from opulse.experience.workflows.store import definitions
from opulse.experience.workflows.store import runs as runs_store
from opulse.experience.workflows.store import sharing as store
from opulse.jobs import Job, JobRetry, enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in

PAUSE = timedelta(minutes=15)
ADDRESSES_MOST = 30
_KIND_OF = {
    RunState.FAILED: NoticeKind.TASK_FAILURE,
    RunState.PARTLY_FAILED: NoticeKind.TASK_FAILURE,
    RunState.NOT_STARTED: NoticeKind.TRIGGER_FAILURE,
    RunState.SUCCEEDED: NoticeKind.TASK_SUCCESS,
}
_WORDS = {
    NoticeKind.TRIGGER_FAILURE: "did not start",
    NoticeKind.TASK_FAILURE: "had a task that failed",
    NoticeKind.TASK_SUCCESS: "did all its tasks",
}


def announce_ends_in(conn: Connection, ended: Sequence[tuple[int, str, RunState]]) -> None:
    """In the unit that ends these (tenant, run, state): a job for each whose workflow tells somebody of it."""
    kinds = {(tenant, run): _KIND_OF[state] for tenant, run, state in ended if state in _KIND_OF}
    for tenant, run, workflow, wanted in store.list_wanted_notices(conn, list(kinds)):
        kind = kinds[tenant, run]
        if kind in wanted.kinds and wanted.addresses:
            payload = {"workflow": workflow, "kind": kind.value, "run": run}
            enqueue(conn, tenant, NOTICE_DUE, payload, unique=f"{workflow} {kind.value}", priority=7)


async def send_notice(ports: Ports, job: Job) -> None:
    """Write and send one notice.

    Raises:
        JobRetry: one was sent a short time ago, mail is paused, or there is no relay.
    """
    workflow_id, kind = job.payload["workflow"], NoticeKind(job.payload["kind"])
    workflow = await ports.db.read(definitions.find_workflow, job.tenant, workflow_id)
    wanted = await ports.db.read(store.find_notices, job.tenant, workflow_id)
    run = await ports.db.read(runs_store.find_run, job.tenant, job.payload["run"])
    if workflow is None or run is None or kind not in wanted.kinds or not wanted.addresses:
        return
    if kind is NoticeKind.TASK_SUCCESS and workflow.document.trigger.type != "schedule":
        return
    now = ports.clock.now()
    last = (wanted.told_at or {}).get(kind.value)
    if last and now < (again := datetime.fromisoformat(last) + PAUSE):
        raise JobRetry((again - now).total_seconds(), "one was sent a short time ago", counts=False)
    letter = await _write(ports, workflow, run, kind, wanted)
    try:
        await send_letter(ports, job.tenant, letter, {})
    except TaskWaits as waits:
        raise JobRetry(60.0, str(waits), counts=False) from waits
    told = {**(wanted.told_at or {}), kind.value: now.isoformat()}
    await ports.db.write(store.set_told, job.tenant, workflow_id, told)


async def set_notices(
    ports: Ports,
    tenant: int,
    workflow: str,
    kinds: Sequence[NoticeKind],
    addresses: Sequence[str],
    actor: str,
) -> None:
    """Say who is told of what.

    Raises:
        ValueError: more than 30 addresses.
    """
    if len(addresses) > ADDRESSES_MOST:
        raise ValueError(f"at most {ADDRESSES_MOST} addresses are told")
    for one in addresses:
        if not is_mail_address(one):
            raise ValueError(f"{one} is no e-mail address")
    now = ports.clock.now()
    wanted = Notices(tuple(kinds), tuple(addresses), {})

    def unit(conn: Connection) -> None:
        before = _plain(store.find_notices(conn, tenant, workflow))
        store.replace_notices(conn, tenant, workflow, wanted)
        audit_in(conn, tenant, actor, "workflow.notices_changed", workflow, before, _plain(wanted), now)

    await ports.db.write(unit)


def _plain(one: Notices) -> dict[str, list[str]]:
    return {"kinds": [kind.value for kind in one.kinds], "addresses": list(one.addresses)}


async def read_notices(ports: Ports, tenant: int, workflow: str) -> Notices:
    """Who is told of what."""
    return await ports.db.read(store.find_notices, tenant, workflow)


async def _write(ports: Ports, workflow: Workflow, run: Run, kind: NoticeKind, wanted: Notices) -> Letter:
    rows = await ports.db.read(runs_store.list_task_runs, run.tenant, run.id)
    lines = [f"The workflow {workflow.document.name} {_WORDS[kind]}.", ""]
    if run.reason:
        lines.append(f"Reason: {run.reason}")
    for row in rows:
        if row.state is TaskState.FAILED:
            task = find_task_type(row.type)
            lines.append(f"Task {task.title if task else row.type}: {row.error}")
    lines += ["", f"{ports.public_url}/workflows/{workflow.id}/runs/{run.id}", ""]
    subject = " ".join(f"Workflow {workflow.document.name} {_WORDS[kind]}".split())
    return Letter(letter_key(), subject, "\n".join(lines), wanted.addresses)
