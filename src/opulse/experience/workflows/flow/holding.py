"""Hold starts back: holidays, downtime, an operator's hold (qualtrics-product.md 4.5). Events are taken all the while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.workflows.models import RUN_STARTED, Hold, Run, RunState
from opulse.experience.workflows.rules.holds import decide_hold
from opulse.experience.workflows.store import definitions
from opulse.experience.workflows.store import holds as store
from opulse.experience.workflows.store.runs import set_resumed
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text

NAME_LENGTH = 100
STEP = 500


async def hold_back(ports: Ports, run: Run) -> bool:
    """Whether a hold is in force; then the run is marked, and comes back when the hold ends."""
    now = ports.clock.now()
    known = await ports.db.read(store.list_holds, run.tenant, run.workflow, now)
    hold = decide_hold(known, now)
    if hold is None:
        if run.state is RunState.HELD:
            await ports.db.write(set_resumed, run.tenant, run.id, now)
        return False
    await ports.db.write(_hold_in, run, hold)
    return True


def _hold_in(conn: Connection, run: Run, hold: Hold) -> None:
    until = (
        "until a person ends the hold"
        if hold.until_at is None
        else f"until {hold.until_at:%Y-%m-%d %H:%M} UTC"
    )
    store.hold_run(conn, run.tenant, run.id, f"held {until}: {hold.name}")
    if hold.until_at is not None:
        unique = f"{run.id} after {hold.id}"
        enqueue(
            conn, run.tenant, RUN_STARTED, {"run": run.id}, unique=unique, run_at=hold.until_at, priority=3
        )


async def add_hold(
    ports: Ports,
    tenant: int,
    workflow: str,
    name: str,
    from_at: datetime | None,
    until_at: datetime | None,
    actor: str,
) -> Hold:
    """Hold the starts of a workflow (empty: of all) from a moment (None: now) until another (None: until a person ends it).

    Raises:
        LookupError: no such workflow.
        ValueError: no name, or an end that is not behind the beginning and now.
    """
    now = ports.clock.now()
    begins = from_at or now
    if not 0 < len(name.strip()) <= NAME_LENGTH:
        raise ValueError(f"say why starts are held, in 1 to {NAME_LENGTH} characters")
    if until_at is not None and until_at <= max(begins, now):
        raise ValueError("a hold ends after it began, and not in the past")
    hold = Hold(f"WH_{random_text(15)}", workflow, name.strip(), begins, until_at, actor)

    def unit(conn: Connection) -> None:
        if workflow and definitions.find_workflow(conn, tenant, workflow) is None:
            raise LookupError(workflow)
        store.insert_hold(conn, tenant, hold)
        audit_in(
            conn, tenant, actor, "workflow.held", workflow or "all workflows", None, {"name": hold.name}, now
        )

    await ports.db.write(unit)
    return hold


async def end_hold(ports: Ports, tenant: int, workflow: str, hold_id: str, actor: str) -> None:
    """End a hold of this workflow (empty: of all): what waits for it goes on now, in steps.

    Raises:
        LookupError: no such hold.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> Hold:
        known = store.find_hold(conn, tenant, hold_id)
        if known is None or known.workflow != workflow:
            raise LookupError(hold_id)
        store.delete_hold(conn, tenant, hold_id)
        about = workflow or "all workflows"
        audit_in(conn, tenant, actor, "workflow.released", about, {"name": known.name}, None, now)
        return known

    await ports.db.write(unit)
    after = ""
    while True:
        ids = await ports.db.write(_release_in, tenant, workflow, after)
        if len(ids) < STEP:
            return
        after = ids[-1]


def _release_in(conn: Connection, tenant: int, workflow: str, after: str) -> list[str]:
    """Wake held runs; one that another hold still concerns is held again when its job runs."""
    ids = store.list_held_runs(conn, tenant, workflow, after, STEP)
    for run in ids:  # one job per run is what there is to do
        enqueue(conn, tenant, RUN_STARTED, {"run": run}, unique=f"{run} released", priority=3)
    return ids


async def read_holds(ports: Ports, tenant: int, workflow: str) -> list[Hold]:
    """Holds of this workflow and of all workflows, in force or to come."""
    return await ports.db.read(store.list_holds, tenant, workflow, ports.clock.now())
