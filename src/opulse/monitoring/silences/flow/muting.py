"""Before anybody is told: is this activation muted? And afterwards: may what was muted be told now?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import get_activation, list_open_notifications
from opulse.monitoring.notifications.flow.reading import find_notification
from opulse.monitoring.silences import store
from opulse.monitoring.silences.models import Inhibition, Mute, MuteOutcome, MuteReason, Silence, Subject
from opulse.monitoring.silences.rules import decide_mute
from opulse.wire.affected import ActivationState


def mute_in(conn: Connection, tenant: int, activation_id: str, now: datetime) -> Mute | None:
    """Why nobody is to be told of the activation, written down; None: tell its recipients."""
    activation = get_activation(conn, tenant, activation_id)
    decided = None if activation is None else _decide(conn, tenant, activation, now)
    if decided is None:
        return None
    reason, rule = decided
    mute = Mute(activation_id, reason, rule.id, _words(conn, tenant, rule), now)
    store.insert_mute(conn, tenant, mute)
    return mute


def end_mute_in(conn: Connection, tenant: int, activation_id: str, now: datetime) -> bool:
    """The activation ended. True: nobody was told that it began, so nobody is told of its end."""
    return store.end_mute(conn, tenant, activation_id, MuteOutcome.NEVER_TOLD, now)


def list_waiting(conn: Connection) -> list[tuple[int, str]]:
    """(tenant, activation) of all that is muted still."""
    return [(tenant, mute.activation) for tenant, mute in store.list_waiting(conn)]


def release_in(conn: Connection, tenant: int, activation_id: str, now: datetime) -> bool:
    """True: the activation is open and nothing mutes it any more, so its recipients are to be told in this transaction."""
    activation = get_activation(conn, tenant, activation_id)
    if activation is None or activation.state is not ActivationState.ACTIVE:
        store.end_mute(conn, tenant, activation_id, MuteOutcome.NEVER_TOLD, now)
        return False
    if _decide(conn, tenant, activation, now) is not None:
        return False
    return store.end_mute(conn, tenant, activation_id, MuteOutcome.TOLD, now)


def find_mute(conn: Connection, tenant: int, activation_id: str) -> Mute | None:
    """What muted the activation, and what became of it; None: nothing did."""
    return store.find_mute(conn, tenant, activation_id)


def _decide(
    conn: Connection, tenant: int, activation: Activation, now: datetime
) -> tuple[MuteReason, Silence | Inhibition] | None:
    snapshot = activation.snapshot
    subject = Subject(activation.notification, snapshot.sensor_names, snapshot.group_id)
    inhibitions = store.list_inhibitions(conn, tenant)
    causes: set[str] = set()
    if any(subject.notification in inhibition.symptoms for inhibition in inhibitions):
        causes = list_open_notifications(conn, tenant)
    return decide_mute(subject, store.list_silences(conn, tenant, now), inhibitions, causes, now)


def _words(conn: Connection, tenant: int, rule: Silence | Inhibition) -> str:
    """What the page says: the silence's comment, or the name of the cause."""
    if isinstance(rule, Silence):
        return rule.comment
    cause = find_notification(conn, tenant, rule.cause)
    return cause.name if cause else rule.cause
