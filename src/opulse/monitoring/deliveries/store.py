"""All SQL of deliveries and their attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    update,
)

from opulse.db import Instant, insert_ignoring_known, metadata
from opulse.monitoring.deliveries.models import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryReason,
    DeliveryState,
    Ended,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("round_start", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=True),
    Column("finished_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "activation", "recipient", "event_type", "wave"),
    ForeignKeyConstraint(["tenant", "activation"], ["activations.tenant", "activations.id"]),
)

attempts = Table(
    "delivery_attempts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=True),
    Column("outcome", Text, nullable=False),
    Column("status", Integer, nullable=True),
    Column("error", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("snippet", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "delivery", "number"),
    ForeignKeyConstraint(["tenant", "delivery"], ["deliveries.tenant", "deliveries.id"]),
)
Index("ix_deliveries_state", deliveries.c.tenant, deliveries.c.state, deliveries.c.created_at)


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
    delivered = ended.outcome is AttemptOutcome.ACCEPTED
    state = DeliveryState.DELIVERED if delivered else DeliveryState.DEAD
    _move(conn, tenant, delivery, state, ended, None, now)


def give_up(
    conn: Connection, tenant: int, delivery: str, reason: DeliveryReason, detail: str, now: datetime
) -> None:
    """Dead without an attempt."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
        .values(
            state=DeliveryState.DEAD.value,
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
    """Another round of attempts for a dead delivery. False when it is not dead."""
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.tenant == tenant,
            deliveries.c.id == delivery,
            deliveries.c.state == DeliveryState.DEAD.value,
        )
        .values(
            state=DeliveryState.WAITING.value,
            reason=DeliveryReason.SENT_AGAIN.value,
            round_start=deliveries.c.attempts,
            next_attempt_at=None,
            finished_at=None,
        )
    )
    return done.rowcount == 1


def find_delivery(conn: Connection, tenant: int, delivery: str) -> Delivery | None:
    row = conn.execute(
        select(deliveries).where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
    ).first()
    return _delivery(row) if row else None


def list_deliveries(conn: Connection, tenant: int, activation: str) -> list[Delivery]:
    """In the order in which they were made."""
    rows = conn.execute(
        select(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.activation == activation)
        .order_by(deliveries.c.created_at, deliveries.c.recipient_name, deliveries.c.id)
    )
    return [_delivery(row) for row in rows]


def list_attempts(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Per delivery, in order."""
    rows = conn.execute(
        select(attempts)
        .where(attempts.c.tenant == tenant, attempts.c.delivery.in_(ids))
        .order_by(attempts.c.delivery, attempts.c.number)
    )
    found: dict[str, list[Attempt]] = {}
    for row in rows:
        found.setdefault(row.delivery, []).append(_attempt(row))
    return found


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _move(
    conn: Connection,
    tenant: int,
    delivery: str,
    state: DeliveryState,
    ended: Ended,
    next_attempt_at: datetime | None,
    finished_at: datetime | None,
) -> None:
    conn.execute(
        update(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
        .values(
            state=state.value,
            reason=ended.reason.value,
            detail=ended.error[:500],
            next_attempt_at=next_attempt_at,
            finished_at=finished_at,
        )
    )


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    del values["tenant"]
    values |= {
        "state": DeliveryState(row.state),
        "reason": DeliveryReason(row.reason),
        "body": bytes(row.body),
    }
    return Delivery(**values)


def _attempt(row: Row[Any]) -> Attempt:
    values = dict(row._mapping)
    del values["tenant"]
    return Attempt(**(values | {"outcome": AttemptOutcome(row.outcome)}))
