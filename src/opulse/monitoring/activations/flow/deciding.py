"""One step of the decider for one notification, in one transaction: decide, then open, grow or resolve.

The decision is made inside the transaction, from what the database remembers, so that a replay after a crash, a second
process or a person who dismisses meanwhile can never make it twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.db import wake
from opulse.jobs import enqueue
from opulse.monitoring.activations import store
from opulse.monitoring.activations.flow.ending import CLOSED, WAKE, close_in, end_outdated_in
from opulse.monitoring.activations.models import (
    Activation,
    Counted,
    Decision,
    DecisionKind,
    DecisionReason,
    Facts,
    Resolution,
    Rule,
    Snapshot,
    Step,
    StepOutcome,
    Watch,
)
from opulse.monitoring.activations.rules import decide_activation
from opulse.monitoring.notifications.flow.reading import lock_notification_in
from opulse.monitoring.notifications.models import Notification, SensorChoice
from opulse.monitoring.systems.views import find_journal_time
from opulse.ports import Limits
from opulse.wire.affected import ActivationState

OPENED = "activation.opened"
"""Job ``{"activation"}``, announced with the row."""

__all__ = ["CLOSED", "OPENED", "decide_in", "facts_of", "rule_of"]


class _Open(NamedTuple):
    """The open activation and who is affected by it now."""

    activation: str
    current: BitMap


def decide_in(conn: Connection, tenant: int, notification_id: str, counted: Counted, limits: Limits) -> Step:
    """Take one notification as far as ``counted`` says. A unit of the decider."""
    notification = lock_notification_in(conn, tenant, notification_id)
    activation = store.find_open(conn, tenant, notification_id)
    revision = notification.revision if notification else None
    if activation is not None and end_outdated_in(conn, tenant, notification_id, revision, counted.now):
        activation = None
    watch = store.find_watch(conn, tenant, notification_id)
    if notification is None:
        return Step(StepOutcome.GONE, None, watch, "", BitMap())
    watch = replace(watch, is_open=activation is not None)
    if notification.revision != counted.revision:
        return _after(StepOutcome.STALE, _now_open(conn, tenant, activation), None, watch)
    decision = decide_activation(rule_of(notification, limits), facts_of(counted), watch)
    opens = decision.kind is DecisionKind.OPEN
    sensed_at = watch.met_since or find_journal_time(conn, tenant, counted.position) if opens else None
    now_open = _apply_in(conn, tenant, notification, activation, decision, counted, sensed_at)
    if decision.watch != watch:
        store.save_watch(conn, tenant, notification_id, decision.watch)
    step = _after(StepOutcome.DECIDED, now_open, decision, decision.watch)
    return replace(step, seconds_to_open=(counted.now - sensed_at).total_seconds()) if sensed_at else step


def rule_of(notification: Notification, limits: Limits) -> Rule:
    """The notification as the pure rule sees it."""
    return Rule(
        enabled=notification.enabled,
        threshold=notification.threshold,
        minimum_systems=notification.minimum_systems,
        hold=timedelta(seconds=notification.hold_seconds),
        clear_delay=limits.clear_delay,
        rearm=limits.rearm,
        cool_down=timedelta(seconds=notification.cool_down_seconds),
        schedule=notification.schedule,
    )


def facts_of(counted: Counted) -> Facts:
    return Facts(
        now=counted.now,
        position=counted.position,
        qualifying=len(counted.qualifying),
        reporting=counted.reporting,
        frozen=counted.frozen,
    )


def _apply_in(
    conn: Connection,
    tenant: int,
    notification: Notification,
    activation: Activation | None,
    decision: Decision,
    counted: Counted,
    sensed_at: datetime | None,
) -> _Open | None:
    """Write what was decided; what is open afterwards."""
    if decision.kind is DecisionKind.OPEN:
        return _open_in(conn, tenant, notification, counted, sensed_at)
    if activation is None:
        return None
    if decision.reason is not DecisionReason.ALREADY_DECIDED:
        _grow_in(conn, tenant, activation, counted)
    if decision.kind is DecisionKind.RESOLVE:
        close_in(conn, tenant, activation, ActivationState.RESOLVED, Resolution.AUTO, "", counted.now)
        return None
    return _now_open(conn, tenant, activation)


def _open_in(
    conn: Connection,
    tenant: int,
    notification: Notification,
    counted: Counted,
    sensed_at: datetime | None,
) -> _Open:
    opening = store.Opening(
        id=str(uuid4()),
        notification=notification.id,
        revision=notification.revision,
        snapshot=_snapshot(notification, counted.reporting, sensed_at),
        now=counted.now,
        position=counted.position,
        affected=counted.qualifying,
    )
    store.insert_activation(conn, tenant, opening)
    enqueue(conn, tenant, OPENED, {"activation": opening.id}, unique=opening.id, priority=0)
    wake(conn, WAKE)
    return _Open(opening.id, counted.qualifying)


def _now_open(conn: Connection, tenant: int, activation: Activation | None) -> _Open | None:
    if activation is None:
        return None
    return _Open(activation.id, store.find_current(conn, tenant, activation.id))


def _grow_in(conn: Connection, tenant: int, activation: Activation, counted: Counted) -> None:
    """An incident grows after it crosses the threshold, and shrinks again; ``ever`` keeps everybody."""
    if counted.position < activation.current_position:
        return
    if store.find_current(conn, tenant, activation.id) != counted.qualifying:
        store.update_current(conn, tenant, activation.id, counted.qualifying, counted.position, counted.now)


def _snapshot(notification: Notification, reporting: int, sensed_at: datetime | None) -> Snapshot:
    return Snapshot(
        name=notification.name,
        description=notification.description,
        sensors=tuple(SensorChoice(sensor.name, sensor.instance) for sensor in notification.sensors),
        group_id=notification.group_id,
        group_name=notification.group_name,
        threshold=notification.threshold,
        recipients=notification.recipients,
        reporting=reporting,
        sensed_at=sensed_at,
    )


def _after(outcome: StepOutcome, now_open: _Open | None, decision: Decision | None, watch: Watch) -> Step:
    watch = replace(watch, is_open=now_open is not None)
    return Step(outcome, decision, watch, *(now_open or _Open("", BitMap())))
