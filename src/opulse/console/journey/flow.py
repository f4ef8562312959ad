"""Read the whole state of one activation over the doors of both wings, in one read."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from opulse.console.journey.models import Journey, Running, Step
from opulse.console.journey.told import find_activation
from opulse.experience.distributions.flow.reading import Shown, list_distributions
from opulse.experience.distributions.models import WAITING_STATES, InvitationState
from opulse.experience.impact.flow.results import read_result_in
from opulse.experience.impact.models import Totals
from opulse.experience.workflows.models import Run, RunState
from opulse.experience.workflows.views import list_names, list_runs
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.deliveries.flow.reading import DeliveryWithAttempts, list_deliveries
from opulse.ports import Ports
from opulse.pulses.ledger.flow import ledger_in
from opulse.web.errors import NotFound

RUNS_SHOWN = 20


async def read_journey(ports: Ports, tenant: int, activation: str, language: str = "en") -> Journey:
    """The state now.

    Raises:
        NotFound: no such activation in this tenant.
    """
    shown = await list_distributions(ports, tenant, activation=activation)
    running = tuple(_running(one) for one in shown)
    return await ports.db.read(_read_in, ports, tenant, activation, language, running)


def _running(shown: Shown) -> Running:
    waiting = sum(shown.counts.by_state.get(one, 0) for one in (*WAITING_STATES, InvitationState.SENDING))
    why = shown.waits.value if shown.waits and waiting else ""
    return Running(shown.distribution, shown.counts.to_confirm, waiting, why)


def _read_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    activation: str,
    language: str,
    running: tuple[Running, ...],
) -> Journey:
    found = find_activation(conn, tenant, activation)
    if found is None:
        raise NotFound("activation")
    result = read_result_in(conn, ports, tenant, activation, language)
    steps = list(_steps(conn, tenant, found, result.totals))
    ledger = ledger_in(conn, tenant, activation, ports.clock.now())
    return Journey(found, result, ledger, tuple(sorted(steps, key=_order)), running)


def _order(step: Step) -> tuple[bool, float]:
    return step.at is None, step.at.timestamp() if step.at else 0.0


def _steps(conn: Connection, tenant: int, activation: Activation, totals: Totals) -> Iterator[Step]:
    snapshot = activation.snapshot
    sensors = ", ".join(snapshot.sensor_names)
    hint = f"{activation.counts.at_activation} systems of {snapshot.group_name}: {sensors}"
    yield Step("Activated", activation.opened_at, "bell-ringing", "amber", hint)
    for delivery in list_deliveries(conn, tenant, activation.id) or []:
        yield _delivery_step(delivery)
    names = list_names(conn, tenant)
    for run in reversed(list_runs(conn, tenant, activation=activation.id, limit=RUNS_SHOWN)):
        yield _run_step(run, names.get(run.workflow, "Deleted workflow"))
    if totals.first_sent_at:
        yield Step("First mail accepted by the relay", totals.first_sent_at, "mail", "blue")
    if totals.last_sent_at and totals.accepted > 1:
        text = f"{totals.accepted} mails accepted so far"
        yield Step("Newest mail accepted by the relay", totals.last_sent_at, "mail-fast", "blue", text)
    if totals.first_answer_at:
        yield Step("First answer", totals.first_answer_at, "message", "green")
    if activation.closed_at:
        yield Step(f"Ended ({activation.resolution.value})", activation.closed_at, "circle-check", "green")


def _delivery_step(told: DeliveryWithAttempts) -> Step:
    delivery = told.delivery
    tone = {"delivered": "blue", "dead": "red"}.get(delivery.state.value, "amber")
    hint = f"{delivery.reason.value.replace('_', ' ')}, {delivery.attempts} attempts"
    return Step(f"Told {delivery.recipient_name}", delivery.finished_at, "send", tone, hint)


def _run_step(run: Run, name: str) -> Step:
    tone = {RunState.SUCCEEDED: "blue", RunState.FAILED: "red", RunState.PARTLY_FAILED: "amber"}.get(
        run.state, "gray"
    )
    count = f", {run.selection.count} contacts" if run.selection else ""
    hint = run.reason or f"{run.state.value.replace('_', ' ')}, wave {run.wave}{count}"
    return Step(f"Workflow {name}", run.ended_at or run.started_at, "git-branch", tone, hint)
