"""Distributions in groups, for a list in which every run of a workflow would else be a line of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, and_, case, func, select, type_coerce

from opulse.db import Instant, instant
from opulse.experience.distributions.models import (
    DistributionGroup,
    DistributionState,
    HoldReason,
    InvitationState,
)
from opulse.experience.distributions.store.tables import distributions, invitations

_DAY = 24 * 60 * 60 * 1_000_000  # microseconds, the grain of an Instant


def list_groups(
    conn: Connection, tenant: int, *, before: datetime | None = None, limit: int = 50
) -> list[DistributionGroup]:
    """The newest first, begun before ``before``. Reminders and thank-yous stand with the invitation that they follow."""
    table = distributions
    day = _day(table.c.created_at)
    newest = func.max(table.c.created_at, type_=Instant())
    query = (
        select(
            table.c.workflow,
            table.c.activation,
            day.label("day"),
            func.max(table.c.name).label("name"),
            func.count().label("distributions"),
            func.min(table.c.id).label("only"),
            _count(table.c.state == DistributionState.RUNNING.value).label("running"),
            _count(table.c.state == DistributionState.PAUSED.value).label("paused"),
            newest.label("newest_at"),
        )
        .where(table.c.tenant == tenant, table.c.parent == "")
        .group_by(table.c.workflow, table.c.activation, day)
        .order_by(newest.desc(), table.c.workflow, table.c.activation)
        .limit(limit)
    )
    rows = conn.execute(query if before is None else query.having(newest < before)).all()
    counts = _count_people(conn, tenant, rows)
    return [_group(row, counts.get((row.workflow, row.activation, row.day), [])) for row in rows]


def list_grouped(
    conn: Connection, tenant: int, workflow: str, activation: str, day: datetime, limit: int
) -> list[str]:
    """The ids of a group's distributions, the newest first."""
    table = distributions
    query = select(table.c.id).where(
        table.c.tenant == tenant,
        table.c.parent == "",
        table.c.workflow == workflow,
        table.c.activation == activation,
        table.c.created_at >= day,
        table.c.created_at < day + timedelta(days=1),
    )
    return list(conn.execute(query.order_by(table.c.created_at.desc(), table.c.id).limit(limit)).scalars())


def _count_people(
    conn: Connection, tenant: int, rows: Sequence[Row[Any]]
) -> dict[tuple[str, str, int], list[Row[Any]]]:
    """By group and state: one walk over the invitations of the listed groups."""
    if not rows:
        return {}
    table = distributions
    first = min(int(row.day) for row in rows)
    day = _day(table.c.created_at)
    mine = and_(invitations.c.tenant == table.c.tenant, invitations.c.distribution == table.c.id)
    found = conn.execute(
        select(
            table.c.workflow,
            table.c.activation,
            day.label("day"),
            invitations.c.state,
            func.count().label("people"),
            _count(invitations.c.reason == HoldReason.NEEDS_CONFIRMATION.value).label("to_confirm"),
        )
        .join(invitations, mine)
        .where(
            table.c.tenant == tenant,
            table.c.parent == "",
            type_coerce(table.c.created_at, BigInteger()) >= first,
        )
        .group_by(table.c.workflow, table.c.activation, day, invitations.c.state)
    )
    counts: dict[tuple[str, str, int], list[Row[Any]]] = {}
    for row in found:
        counts.setdefault((row.workflow, row.activation, row.day), []).append(row)
    return counts


def _day(moment: ColumnElement[Any]) -> ColumnElement[int]:
    """The beginning of its day in UTC, as a number: whole numbers have the same remainder on both databases."""
    stored = type_coerce(moment, BigInteger())
    return type_coerce(stored - stored % _DAY, BigInteger())


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _group(row: Row[Any], people: Sequence[Row[Any]]) -> DistributionGroup:
    return DistributionGroup(
        workflow=row.workflow,
        activation=row.activation,
        day=instant(row.day),
        name=row.name,
        distributions=row.distributions,
        only=row.only if row.distributions == 1 else "",
        running=row.running,
        paused=row.paused,
        newest_at=row.newest_at,
        by_state={InvitationState(one.state): one.people for one in people},
        to_confirm=sum(one.to_confirm for one in people),
    )
