"""How an activation ends by something else than its own count: a person, an edit, a deletion."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import Priority, wake
from opulse.jobs import enqueue
from opulse.monitoring.activations import store
from opulse.monitoring.activations.models import Activation, Resolution
from opulse.monitoring.notifications.flow.reading import lock_notification_in
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.affected import ActivationState

CLOSED = "activation.closed"
"""Job ``{"activation"}``, announced with every end."""

WAKE = "activations"
"""Woken whenever an activation opened or closed."""


async def dismiss_activation(ports: Ports, tenant: int, actor: str, activation: str) -> Activation | None:
    """A person dismisses it; the same condition does not fire again before it was below once, or the re-arm time passed.

    Returns:
        The activation as it is now (one that had ended keeps its first end); None when there is none of that id.
    """
    return await _end_by_hand(ports, tenant, actor, activation, ActivationState.DISMISSED)


async def resolve_activation(ports: Ports, tenant: int, actor: str, activation: str) -> Activation | None:
    """A person says that it is over; otherwise as ``dismiss_activation``."""
    return await _end_by_hand(ports, tenant, actor, activation, ActivationState.RESOLVED)


def end_outdated_in(
    conn: Connection, tenant: int, notification: str, revision: int | None, now: datetime
) -> bool:
    """Dismiss the open activation of an older revision than ``revision``; None: the notification was deleted.

    What follows is decided as new: neither hold nor suppression is carried over.
    """
    activation = store.find_open(conn, tenant, notification)
    if activation is None or (revision is not None and activation.revision >= revision):
        return False
    resolution = Resolution.DELETED if revision is None else Resolution.EDITED
    close_in(conn, tenant, activation, ActivationState.DISMISSED, resolution, "", now)
    watch = store.find_watch(conn, tenant, notification)
    rearmed = replace(watch, met_since=None, below_since=None, suppressed_until=None, ended_at=None)
    store.save_watch(conn, tenant, notification, rearmed)
    return True


def close_in(
    conn: Connection,
    tenant: int,
    activation: Activation,
    state: ActivationState,
    resolution: Resolution,
    actor: str,
    now: datetime,
) -> bool:
    """Write the end and announce it. False when it had ended already."""
    if not store.close_activation(conn, tenant, activation.id, state, resolution, actor, now):
        return False
    enqueue(conn, tenant, CLOSED, {"activation": activation.id}, unique=activation.id, priority=2)
    wake(conn, WAKE)
    return True


async def _end_by_hand(
    ports: Ports, tenant: int, actor: str, activation: str, state: ActivationState
) -> Activation | None:
    now = ports.clock.now()

    def unit(conn: Connection) -> Activation | None:
        found = store.find_activation(conn, tenant, activation)
        if found is None:
            return None
        # The decider takes the same lock first, so that neither sees half of what the other does.
        lock_notification_in(conn, tenant, found.notification)
        if close_in(conn, tenant, found, state, Resolution.MANUAL, actor, now):
            _suppress_in(conn, tenant, found, ports, now)
            change = {"state": found.state.value}, {"state": state.value}
            audit_in(conn, tenant, actor, f"activation.{state.value}", found.id, *change, now)
        return store.find_activation(conn, tenant, activation)

    return await ports.db.write_first(Priority.ACTIVATION, unit)


def _suppress_in(conn: Connection, tenant: int, ended: Activation, ports: Ports, now: datetime) -> None:
    watch = store.find_watch(conn, tenant, ended.notification)
    suppressed = replace(
        watch,
        decided_to=max(watch.decided_to, ended.current_position),
        decided_at=now,
        met_since=None,
        below_since=None,
        suppressed_until=now + ports.limits.rearm,
        ended_at=now,
    )
    store.save_watch(conn, tenant, ended.notification, suppressed)
