"""Sending again what was sent or given up: the same bytes and so the same ``eventId``. Only a signature's time is new."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.flow.telling import enqueue_in
from opulse.monitoring.deliveries.models import (
    Delivery,
    DeliveryState,
    NotSentAgain,
    NotSentAgainReason,
)
from opulse.monitoring.recipients.flow.saving import find_recipient_in
from opulse.monitoring.recipients.models import Recipient, RecipientState
from opulse.ports import Ports
from opulse.tenancy import audit_in

AT_ONCE = 500
"""Failed deliveries of a recipient that one request sends again; it may be repeated."""


@dataclass(frozen=True)
class FailedSentAgain:
    """``left``: there are more than one request takes."""

    recipient: Recipient
    count: int
    left: bool


async def send_again(ports: Ports, tenant: int, actor: str, delivery_id: str) -> Delivery | None:
    """Another round of attempts with the same bytes. None: no such delivery. One that waits is answered as it is.

    Raises:
        NotSentAgain: there is nothing to send, or nobody to send it to.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> Delivery | None:
        found = store.find_delivery(conn, tenant, delivery_id)
        if found is None or found.state is DeliveryState.WAITING:
            return found
        if not found.body:
            raise NotSentAgain(NotSentAgainReason.NOTHING_TO_SEND)
        _told_in(conn, tenant, found.recipient)
        if store.begin_round(conn, tenant, delivery_id):
            enqueue_in(conn, tenant, found)
            before = {"state": found.state.value, "reason": found.reason.value, "detail": found.detail}
            after = {"recipient": found.recipient_name, "activation": found.activation}
            audit_in(conn, tenant, actor, "delivery.sent_again", found.id, before, after, now)
        return store.find_delivery(conn, tenant, delivery_id)

    return await ports.db.write(unit)


async def send_failed_again(ports: Ports, tenant: int, actor: str, recipient: str) -> FailedSentAgain | None:
    """All dead deliveries of a recipient that have bytes, oldest first. None: no such recipient.

    Raises:
        NotSentAgain: the recipient is disabled.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> FailedSentAgain | None:
        if find_recipient_in(conn, tenant, recipient) is None:
            return None
        told = _told_in(conn, tenant, recipient)
        failed = store.list_failed(conn, tenant, recipient, AT_ONCE + 1)
        count = sum(_begin_in(conn, tenant, delivery) for delivery in failed[:AT_ONCE])
        if count:
            change = {"failed": count}, {"waiting": count}
            audit_in(conn, tenant, actor, "recipient.failed_sent_again", told.name, *change, now)
        return FailedSentAgain(told, count, len(failed) > AT_ONCE)

    return await ports.db.write(unit)


def _told_in(conn: Connection, tenant: int, recipient: str) -> Recipient:
    found = find_recipient_in(conn, tenant, recipient)
    if found is None:
        raise NotSentAgain(NotSentAgainReason.RECIPIENT_DELETED)
    if found.state is RecipientState.DISABLED:
        raise NotSentAgain(NotSentAgainReason.RECIPIENT_DISABLED)
    return found


def _begin_in(conn: Connection, tenant: int, delivery_id: str) -> bool:
    if not store.begin_round(conn, tenant, delivery_id):
        return False
    found = store.find_delivery(conn, tenant, delivery_id)
    assert found is not None
    enqueue_in(conn, tenant, found)
    return True
