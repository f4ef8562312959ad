"""The steps of an incident in the order in which they happened; many runs of one workflow are one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.console.journey.models import Step
from opulse.experience.impact.models import Totals
from opulse.experience.workflows.models import Run, RunState
from opulse.experience.workflows.views import list_names, list_runs
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.deliveries.flow.reading import DeliveryWithAttempts, list_deliveries

RUNS_READ = 200  # the newest; a long incident has a run per workflow and wave
_FAILED = (RunState.FAILED, RunState.PARTLY_FAILED)
_GOING = (RunState.QUEUED, RunState.RUNNING)


def list_steps(conn: Connection, tenant: int, activation: Activation, totals: Totals) -> list[Step]:
    """The first step first; what has not ended yet is last."""
    return sorted(_steps(conn, tenant, activation, totals), key=_order)


def _order(step: Step) -> tuple[bool, float]:
    return step.at is None, step.at.timestamp() if step.at else 0.0


def _steps(conn: Connection, tenant: int, activation: Activation, totals: Totals) -> Iterator[Step]:
    snapshot = activation.snapshot
    sensors = ", ".join(snapshot.sensor_names)
    hint = f"{_number(activation.counts.at_activation, 'system')} of {snapshot.group_name}: {sensors}"
    yield Step("Activated", activation.opened_at, "bell-ringing", "amber", hint)
    for delivery in list_deliveries(conn, tenant, activation.id) or []:
        yield _delivery_step(delivery)
    names = list_names(conn, tenant)
    for workflow, runs in _by_workflow(list_runs(conn, tenant, activation=activation.id, limit=RUNS_READ)):
        yield runs_step(names.get(workflow, "Deleted workflow"), runs)
    if totals.first_sent_at:
        yield Step("First mail accepted by the relay", totals.first_sent_at, "mail", "blue")
    if totals.last_sent_at and totals.accepted > 1:
        text = f"{totals.accepted:,} mails accepted so far"
        yield Step("Newest mail accepted by the relay", totals.last_sent_at, "mail-fast", "blue", text)
    if totals.first_answer_at:
        yield Step("First answer", totals.first_answer_at, "message", "green")
    if activation.closed_at:
        yield Step(f"Ended ({activation.resolution.value})", activation.closed_at, "circle-check", "green")


def _delivery_step(told: DeliveryWithAttempts) -> Step:
    delivery = told.delivery
    tone = {"delivered": "blue", "dead": "red"}.get(delivery.state.value, "amber")
    hint = f"{delivery.reason.value.replace('_', ' ')}, {_number(delivery.attempts, 'attempt')}"
    return Step(f"Told {delivery.recipient_name}", delivery.finished_at, "send", tone, hint)


def _by_workflow(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run]]]:
    """Each workflow with its runs, the oldest first."""
    grouped: dict[str, list[Run]] = {}
    for run in reversed(runs):
        grouped.setdefault(run.workflow, []).append(run)
    yield from grouped.items()


def runs_step(name: str, runs: Sequence[Run]) -> Step:
    """What the runs of one workflow come to. It stands where the first one ended."""
    failed = [run for run in runs if run.state in _FAILED]
    going = [run for run in runs if run.state in _GOING]
    tone = ("red" if len(failed) == len(runs) else "amber") if failed else "gray" if going else "blue"
    return Step(f"Workflow {name}", _first_end(runs), "git-branch", tone, _hint(runs, failed, going))


def _first_end(runs: Sequence[Run]) -> datetime | None:
    return next((run.ended_at for run in runs if run.ended_at), runs[0].started_at)


def _hint(runs: Sequence[Run], failed: Sequence[Run], going: Sequence[Run]) -> str:
    if len(runs) == 1 and runs[0].reason:
        return str(runs[0].reason)
    waves = [run.wave for run in runs]
    contacts = sum(run.selection.count for run in runs if run.selection)
    parts = [
        _number(len(runs), "run") if len(runs) > 1 else runs[0].state.value.replace("_", " "),
        f"wave {waves[0]}" if min(waves) == max(waves) else f"waves {min(waves)} to {max(waves)}",
        _number(contacts, "contact") if contacts else "",
        f"{len(going):,} under way" if going and len(runs) > 1 else "",
        f"{len(failed):,} failed, the last: {failed[-1].reason or failed[-1].state.value}"
        if len(runs) > 1 and failed
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
