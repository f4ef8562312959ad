"""The ledger of an activation, and why a person or a device was not asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.extensions.experience_id_change.jobs import TRIGGER
from opulse.experience.workflows.models import RunState
from opulse.experience.workflows.views import list_runs, list_task_runs, list_workflows
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import affected_count, get_activation
from opulse.monitoring.deliveries.flow.reading import list_deliveries
from opulse.monitoring.deliveries.models import DeliveryState
from opulse.ports import Ports
from opulse.pulses.ledger import views
from opulse.pulses.ledger.models import ORDER, SENTENCES, Explanation, Ledger, LedgerState
from opulse.pulses.ledger.rules import Outside, decide_outside, settle
from opulse.web.errors import NotFound

EXPLAINED = 50


async def ledger(ports: Ports, tenant: int, activation: str) -> Ledger:
    """Where every affected system ended.

    Raises:
        NotFound: neither side of this installation knows the activation.
    """
    return await ports.db.read(ledger_in, tenant, activation, ports.clock.now())


def ledger_in(conn: Connection, tenant: int, activation: str, now: datetime) -> Ledger:
    """See :func:`ledger`; on the caller's connection."""
    found = get_activation(conn, tenant, activation)
    reached = views.count_reached_systems(conn, tenant, activation)
    if found is None and not reached:
        raise NotFound("activation")
    silent = _silent(conn, tenant, activation)
    counts = views.count_by_state(conn, tenant, activation, now, silent)
    total = max(affected_count(conn, tenant, activation).ever if found else 0, reached)
    outside = total - reached
    if outside:
        state = decide_outside(_outside(conn, tenant, activation, found), now)
        counts[state] = counts.get(state, 0) + outside
    settled = settle(counts, found.closed_at if found else None, now)
    return Ledger(activation, total, {state: settled[state] for state in ORDER if state in settled})


async def explain(ports: Ports, tenant: int, activation: str, words: str) -> list[Explanation]:
    """What became of the people and devices whose name, address or account begins with ``words``."""
    now = ports.clock.now()

    def query(conn: Connection) -> list[Explanation]:
        silent = _silent(conn, tenant, activation)
        rows = views.find_rows_of(conn, tenant, activation, words, now, silent, EXPLAINED)
        return [
            Explanation(
                row["system_name"],
                row["email"] or row["person"],
                f"{row['first_name'] or ''} {row['last_name'] or ''}".strip(),
                ORDER[row["rank"]],
                SENTENCES[ORDER[row["rank"]]],
                row["detail"] or "",
                row["wave"],
            )
            for row in rows
        ]

    return await ports.db.read(query)


def _silent(conn: Connection, tenant: int, activation: str) -> LedgerState:
    """What contacts are in that were written on and about whom no conditions were asked."""
    if views.has_pending_changes(conn, tenant, activation):
        return LedgerState.BEING_RESOLVED
    listening = list_workflows(conn, tenant, TRIGGER)
    if any(workflow.enabled for workflow in listening):
        return LedgerState.CONDITIONS_FALSE
    return LedgerState.WORKFLOW_OFF if listening else LedgerState.NO_WORKFLOW


def _outside(conn: Connection, tenant: int, activation: str, found: Activation | None) -> Outside:
    # the guide's body says eventId = activation id, and the JSON event keeps eventId as the run's key
    fetching = list_runs(conn, tenant, event_key=activation, limit=5)
    ended = bool(fetching) and all(run.state not in (RunState.QUEUED, RunState.RUNNING) for run in fetching)
    failed = bool(fetching) and all(
        run.state in (RunState.FAILED, RunState.NOT_STARTED, RunState.CANCELLED) for run in fetching
    )
    asks_again = any(
        "next_wave_at" in task.output for run in fetching for task in list_task_runs(conn, tenant, run.id)
    )
    deliveries = list_deliveries(conn, tenant, activation) or []
    told = not deliveries or any(one.delivery.state is not DeliveryState.DEAD for one in deliveries)
    return Outside(bool(fetching), ended, failed, asks_again, told, found.closed_at if found else None)
