"""What is written of a delivery, from its first bytes to its end."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.deliveries.models import (
    AttemptOutcome,
    Delivery,
    DeliveryReason,
    DeliveryState,
    Ended,
)
from opulse.monitoring.deliveries.store.tables import attempts, deliveries


def insert_delivery(conn: Connection, tenant: int, delivery: Delivery) -> bool:
    """False when this recipient is told of this event already: the key makes the hand-over safe to repeat."""
    row = {
        "tenant": tenant,
        "id": delivery.id,
        "activation": delivery.activation,
        "recipient": delivery.recipient,
        "recipient_name": delivery.recipient_name,
        "event_type": delivery.event_type,
        "wave": delivery.wave,
        "state": delivery.state.value,
        "reason": delivery.reason.value,
        "detail": delivery.detail,
        "body": delivery.body,
        "body_sha256": delivery.body_sha256,
        "sealed": delivery.sealed,
        "attempts": delivery.attempts,
        "round_start": delivery.round_start,
        "created_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "finished_at": delivery.finished_at,
    }
    return insert_ignoring_known(conn, deliveries, [row]) == 1


def start_attempt(conn: Connection, tenant: int, delivery: str, now: datetime) -> int:
    """Write down that an attempt begins; its number, from 1."""
    number: int = conn.execute(
        update(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
        .values(attempts=deliveries.c.attempts + 1)
        .returning(deliveries.c.attempts)
    ).scalar_one()
    conn.execute(
        insert(attempts).values(
            tenant=tenant,
            delivery=delivery,
            number=number,
            started_at=now,
            finished_at=None,
            outcome=AttemptOutcome.SENDING.value,
            status=None,
            error="",
            seconds=0.0,
            snippet="",
        )
    )
    return number


def end_attempt(
    conn: Connection, tenant: int, delivery: str, number: int, ended: Ended, now: datetime
) -> None:
    """Write down what the attempt ended in, and where the delivery stands now."""
    conn.execute(
        update(attempts)
        .where(attempts.c.tenant == tenant, attempts.c.delivery == delivery, attempts.c.number == number)
        .values(
            finished_at=now,
            outcome=ended.outcome.value,
            status=ended.status,
            error=ended.error[:500],
            seconds=ended.seconds,
            snippet=ended.snippet,
        )
    )
    if ended.again_in is not None:
        _move(
            conn,
            tenant,
            delivery,
            DeliveryState.WAITING,
            ended,
            now + timedelta(seconds=ended.again_in),
            None,
        )
        return
    _move(conn, tenant, delivery, _end_of(conn, tenant, delivery), ended, None, now)


def give_up(
    conn: Connection, tenant: int, delivery: str, reason: DeliveryReason, detail: str, now: datetime
) -> None:
    """Over without another attempt."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
        .values(
            state=_end_of(conn, tenant, delivery).value,
            reason=reason.value,
            detail=detail,
            next_attempt_at=None,
            finished_at=now,
        )
    )


def note_reason(
    conn: Connection, tenant: int, delivery: str, reason: DeliveryReason, next_attempt_at: datetime
) -> None:
    """Why a waiting delivery waits, without an attempt."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
        .values(reason=reason.value, next_attempt_at=next_attempt_at)
    )


def begin_round(conn: Connection, tenant: int, delivery: str) -> bool:
    """Another round of attempts with the same bytes. False when one is under way, or when there are no bytes."""
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.tenant == tenant,
            deliveries.c.id == delivery,
            deliveries.c.state != DeliveryState.WAITING.value,
            deliveries.c.body != b"",
        )
        .values(
            state=DeliveryState.WAITING.value,
            reason=DeliveryReason.SENT_AGAIN.value,
            detail="",
            round_start=deliveries.c.attempts,
            next_attempt_at=None,
            finished_at=None,
        )
    )
    return done.rowcount == 1


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _end_of(conn: Connection, tenant: int, delivery: str) -> DeliveryState:
    """Once the recipient's server took it, it stays delivered: another round that fails does not make it untold."""
    taken = select(attempts.c.number).where(
        attempts.c.tenant == tenant,
        attempts.c.delivery == delivery,
        attempts.c.outcome == AttemptOutcome.ACCEPTED.value,
    )
    return DeliveryState.DELIVERED if conn.execute(taken.limit(1)).first() else DeliveryState.DEAD


def _move(
    conn: Connection,
    tenant: int,
    delivery: str,
    state: DeliveryState,
    ended: Ended,
    next_attempt_at: datetime | None,
    finished_at: datetime | None,
) -> None:
    of_it = [deliveries.c.tenant == tenant, deliveries.c.id == delivery]
    if state is not DeliveryState.DELIVERED:
        # a host that was cut off ends its attempt late: what another one has delivered meanwhile stays delivered
        of_it.append(deliveries.c.state == DeliveryState.WAITING.value)
    conn.execute(
        update(deliveries)
        .where(*of_it)
        .values(
            state=state.value,
            reason=ended.reason.value,
            detail=ended.error[:500],
            next_attempt_at=next_attempt_at,
            finished_at=finished_at,
        )
    )
