"""Cancel a run; do again what failed; bring an earlier revision back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.workflows.flow.definitions import change_workflow
from opulse.experience.workflows.flow.documents import document_of
from opulse.experience.workflows.models import RUN_STARTED, Run, RunState, Workflow
from opulse.experience.workflows.store import runs as store
from opulse.experience.workflows.store import steering
from opulse.experience.workflows.store.definitions import find_revision
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in


class RunRefusal(ValueError):
    """The run cannot be steered this way; the message says why."""


async def cancel_run(ports: Ports, tenant: int, run_id: str, actor: str) -> None:
    """Stop a run: the task that is being done now is not waited for, and nothing after it is begun.

    Mails that its tasks have put in line already are stopped on the distribution's page.

    Raises:
        LookupError: no such run.
        RunRefusal: it has ended.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        run = _find(conn, tenant, run_id)
        if run.is_over or not steering.cancel_run(conn, tenant, run_id, f"cancelled by {actor}", now):
            raise RunRefusal("it has ended already")
        audit_in(
            conn,
            tenant,
            actor,
            "run.cancelled",
            run_id,
            {"state": run.state.value},
            {"workflow": run.workflow},
            now,
        )

    await ports.db.write(unit)


async def retry_run(ports: Ports, tenant: int, run_id: str, actor: str) -> None:
    """Do the failed tasks of a run again, and those that were not begun because of them. What succeeded is not done twice.

    Raises:
        LookupError: no such run.
        RunRefusal: nothing failed, or the workflow forbids it.
    """
    found = await ports.db.read(store.find_run, tenant, run_id)
    if found is None:
        raise LookupError(run_id)
    document = await document_of(ports, found)
    if document is not None and not document.settings.manual_retry:
        raise RunRefusal("the workflow's settings forbid it")
    await ports.db.write(_retry_in, tenant, run_id, actor, ports.clock.now())


def _retry_in(conn: Connection, tenant: int, run_id: str, actor: str, now: datetime) -> None:
    run = _find(conn, tenant, run_id)
    if run.state not in (RunState.FAILED, RunState.PARTLY_FAILED, RunState.CANCELLED):
        raise RunRefusal("none of its tasks failed")
    steering.reopen_run(conn, tenant, run_id, now)
    enqueue(
        conn, tenant, RUN_STARTED, {"run": run_id}, unique=f"{run_id} again {now.isoformat()}", priority=3
    )
    audit_in(
        conn,
        tenant,
        actor,
        "run.retried",
        run_id,
        {"state": run.state.value},
        {"workflow": run.workflow},
        now,
    )


async def restore_revision(ports: Ports, tenant: int, workflow: str, number: int, actor: str) -> Workflow:
    """An earlier revision becomes the newest, as a revision of its own. Secrets of the event stay those of today.

    Raises:
        LookupError: no such workflow or revision.
        WorkflowProblem: what it names is gone by now.
    """
    document = await ports.db.read(find_revision, tenant, workflow, number)
    if document is None:
        raise LookupError(f"revision {number} of {workflow}")
    return await change_workflow(ports, tenant, workflow, document, actor)


def _find(conn: Connection, tenant: int, run_id: str) -> Run:
    run = store.find_run(conn, tenant, run_id)
    if run is None:
        raise LookupError(run_id)
    return run
