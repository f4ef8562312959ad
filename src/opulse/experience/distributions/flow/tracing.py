"""The trace that a distribution belongs to: its run's, however much later a mail leaves or a person answers."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.distributions.store import records as store
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow.runs import carried
from opulse.observe.traces import is_tracing
from opulse.ports import Ports


async def traceparent_of(ports: Ports, tenant: int, distribution: str) -> str:
    """Empty when no trace was carried to it, and while nothing is recorded: then nothing is asked either."""
    return await ports.db.read(_find_in, tenant, distribution) if is_tracing() else ""


def _find_in(conn: Connection, tenant: int, distribution: str) -> str:
    found = store.find_distribution(conn, tenant, distribution)
    if found is None:
        return ""
    if not found.activation:  # asked by a run that no incident is behind
        return carried(workflows.find_run(conn, tenant, found.cause))
    own = {"workflow": found.workflow, "activation": found.activation}
    return next(map(carried, workflows.list_runs(conn, tenant, **own, limit=1)), "")
