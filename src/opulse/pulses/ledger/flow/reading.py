"""The ledger of an activation, and why a person or a device was not asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.extensions.experience_id_change.jobs import TRIGGER
from opulse.experience.workflows.models import Run, RunState
from opulse.experience.workflows.views import list_runs, list_task_runs, list_workflows
from opulse.monitoring.activations.flow.deciding import OPENED
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import affected_count, get_activation, walk_affected
from opulse.monitoring.deliveries.flow.reading import list_deliveries
from opulse.monitoring.deliveries.models import DeliveryState
from opulse.monitoring.silences.flow.muting import find_mute
from opulse.monitoring.silences.models import MuteOutcome
from opulse.ports import Ports
from opulse.pulses.ledger import views
from opulse.pulses.ledger.models import ORDER, SENTENCES, Explanation, Ledger, LedgerState
from opulse.pulses.ledger.rules import Outside, decide_outside, settle, settled_state
from opulse.web.errors import NotFound
from opulse.wire.webhook import EVENT_ACTIVATED

EXPLAINED = 50
RUNS_READ = 20


def ledger_in(conn: Connection, tenant: int, activation: str, now: datetime) -> Ledger:
    """Where every affected system ended, as of ``now``.

    Raises:
        NotFound: neither side of this installation knows the activation.
    """
    found = get_activation(conn, tenant, activation)
    silent = silent_state(conn, tenant, activation)
    counts = views.count_by_state(conn, tenant, activation, now, silent)
    reached = sum(counts.values())
    if found is None and not reached:
        raise NotFound("activation")
    counted = affected_count(conn, tenant, activation).ever if found else None
    total = max(counted or 0, reached)
    outside = total - reached
    if outside:
        state = outside_state(conn, tenant, activation, found, now)
        counts[state] = counts.get(state, 0) + outside
    settled = settle(counts, found.closed_at if found else None, now)
    states = {state: settled[state] for state in ORDER if state in settled}
    return Ledger(activation, total, states, now, counted)


async def explain(ports: Ports, tenant: int, activation: str, words: str) -> list[Explanation]:
    """What became of the people and devices whose name, address or account begins with ``words``."""
    return await ports.db.read(explain_in, tenant, activation, words, ports.clock.now())


def explain_in(
    conn: Connection, tenant: int, activation: str, words: str, now: datetime
) -> list[Explanation]:
    """See :func:`explain`; on the caller's connection. The states are those of the ledger at the same moment."""
    found = get_activation(conn, tenant, activation)
    closed_at = found.closed_at if found else None
    silent = silent_state(conn, tenant, activation)
    explained = []
    for row in views.find_rows_of(conn, tenant, activation, words, now, silent, EXPLAINED):
        state = settled_state(ORDER[row["rank"]], closed_at, now)
        name = f"{row['first_name'] or ''} {row['last_name'] or ''}".strip()
        person = row["email"] or row["person"]
        explained.append(
            Explanation(
                row["system_name"],
                person,
                name,
                state,
                SENTENCES[state],
                row["detail"] or "",
                row["wave"],
                row["asked_by"] or "",
            )
        )
    room = EXPLAINED - len(explained)
    return explained + _explain_outside(conn, tenant, activation, words, found, now, room)


def _explain_outside(
    conn: Connection,
    tenant: int,
    activation: str,
    words: str,
    found: Activation | None,
    now: datetime,
    room: int,
) -> list[Explanation]:
    """Devices that the experience side has not heard of: they have a state too, and no person yet. At most ``room``."""
    if found is None or not room:
        return []
    left = _find_unreached(conn, tenant, activation, words.strip().lower(), room)
    if not left:
        return []
    state = settled_state(outside_state(conn, tenant, activation, found, now), found.closed_at, now)
    return [Explanation(name, "", "", state, SENTENCES[state], "", 0) for name in left]


def _find_unreached(conn: Connection, tenant: int, activation: str, start: str, room: int) -> list[str]:
    """Names of the first ``room`` affected systems without a reach row that begin with ``start``."""
    left: dict[str, str] = {}
    for page in walk_affected(conn, tenant, activation, start):
        if named := dict(page):
            known = views.find_reached(conn, tenant, activation, named)
            left.update((guid, name) for guid, name in named.items() if guid not in known)
        if len(left) >= room:
            break
    return sorted(left.values())[:room]


def silent_state(conn: Connection, tenant: int, activation: str) -> LedgerState:
    """What contacts are in that were written on and about whom no conditions were asked."""
    if views.has_pending_changes(conn, tenant, activation):
        return LedgerState.BEING_RESOLVED
    changed = views.list_changed_directories(conn, tenant, activation)
    listening = [
        workflow
        for workflow in list_workflows(conn, tenant, TRIGGER)
        if not changed or workflow.document.trigger.form.get("directory") in changed
    ]
    if any(workflow.enabled for workflow in listening):
        return LedgerState.CONDITIONS_FALSE
    return LedgerState.WORKFLOW_OFF if listening else LedgerState.NO_WORKFLOW


def outside_state(
    conn: Connection, tenant: int, activation: str, found: Activation | None, now: datetime
) -> LedgerState:
    """The one state of all affected systems that have no reach row."""
    fetching = _fetching_runs(conn, tenant, activation)
    going = (RunState.QUEUED, RunState.RUNNING)
    broken = (RunState.FAILED, RunState.NOT_STARTED, RunState.CANCELLED)
    facts = Outside(
        has_run=bool(fetching),
        run_ended=all(run.state not in going for run in fetching),
        run_failed=all(run.state in broken for run in fetching),
        asks_again=any(
            "next_wave_at" in task.output for run in fetching for task in list_task_runs(conn, tenant, run.id)
        ),
        was_off=views.was_switched_off(conn, tenant, activation),
        conditions_false=views.has_false_conditions(conn, tenant, activation),
        silenced=_is_silenced(conn, tenant, activation),
        told=_is_told(conn, tenant, activation),
        closed_at=found.closed_at if found else None,
    )
    return decide_outside(facts, now)


def _fetching_runs(conn: Connection, tenant: int, activation: str) -> list[Run]:
    """The runs that fetch the affected systems: they have no contacts of their own."""
    # the guide's body says eventId = activation id, and the JSON event keeps eventId as the run's key
    by_key = list_runs(conn, tenant, event_key=activation, limit=RUNS_READ)
    found = by_key or list_runs(conn, tenant, activation=activation, limit=RUNS_READ)
    return [run for run in found if run.selection is None]


def _is_silenced(conn: Connection, tenant: int, activation: str) -> bool:
    mute = find_mute(conn, tenant, activation)
    return mute is not None and mute.outcome is not MuteOutcome.TOLD


def _is_told(conn: Connection, tenant: int, activation: str) -> bool:
    """Whether the activation's recipients are still to be told, or one of them was or may be."""
    if views.has_job(conn, tenant, OPENED, activation):
        return True
    return any(
        one.delivery.event_type == EVENT_ACTIVATED and one.delivery.state is not DeliveryState.DEAD
        for one in list_deliveries(conn, tenant, activation) or []
    )
