"""Exports that were asked for, and what lists of ours need beside other stages' rows: one join each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.api_v3.models import AnswerGiven, MailSent
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import DistributionKind, InvitationState, Progress
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import responses

exports = Table(
    "v3_exports",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("survey", Text, nullable=False),
    Column("file", Text, nullable=False),  # the id under which it is fetched
    Column("wanted", JsonDoc, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_v3_exports_created_at", exports.c.tenant, exports.c.created_at)
changes = Table(
    "v3_response_changes",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("survey", Text, nullable=False),
    Column("kind", Text, nullable=False),  # update or delete
    Column("changed", Integer, nullable=False),
    Column("missing", JsonDoc, nullable=False),  # ids that the survey did not have
    Column("failed", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
_SHOWN = [one.value for one in (ResponseState.RECORDED, ResponseState.IN_PROGRESS, ResponseState.PARTIAL)]


@dataclass(frozen=True, slots=True)
class Export:
    """An export that was asked for; its file is written while it is fetched."""

    tenant: int
    id: str  # ES_…
    survey: str
    file: str
    wanted: Mapping[str, Any]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ManyChanged:
    """What became of a change of many responses. ``failed``: nothing was changed, for some were missing."""

    tenant: int
    id: str  # PGRS_…
    survey: str
    kind: str  # update or delete
    changed: int
    missing: Sequence[str]
    failed: bool
    created_at: datetime


def insert_change(conn: Connection, one: ManyChanged) -> None:
    """Keep it."""
    row = {name: getattr(one, name) for name in changes.c.keys()}  # noqa: SIM118 - columns are not a dict
    conn.execute(insert(changes).values(row | {"missing": list(one.missing)}))


def find_change(
    conn: Connection, tenant: int, survey: str, kind: str, change: str, since: datetime
) -> ManyChanged | None:
    """By its id; asked for since then."""
    this = changes.c.tenant == tenant, changes.c.id == change, changes.c.survey == survey
    query = select(changes).where(*this, changes.c.kind == kind, changes.c.created_at >= since)
    row = conn.execute(query).one_or_none()
    return None if row is None else ManyChanged(**row._mapping)


def delete_changes(conn: Connection, tenant: int, before: datetime) -> None:
    """Forget those that were asked for before then."""
    conn.execute(delete(changes).where(changes.c.tenant == tenant, changes.c.created_at < before))


def insert_export(conn: Connection, export: Export) -> None:
    """Keep it."""
    conn.execute(
        insert(exports).values(
            tenant=export.tenant,
            id=export.id,
            survey=export.survey,
            file=export.file,
            wanted=dict(export.wanted),
            created_by=export.created_by,
            created_at=export.created_at,
        )
    )


def delete_exports(conn: Connection, tenant: int, before: datetime) -> None:
    """Forget those that were asked for before then."""
    conn.execute(delete(exports).where(exports.c.tenant == tenant, exports.c.created_at < before))


def find_export(
    conn: Connection, tenant: int, survey: str, since: datetime, *, progress: str = "", file: str = ""
) -> Export | None:
    """By its own id, or by its file's; asked for since then."""
    query = select(exports).where(
        exports.c.tenant == tenant, exports.c.survey == survey, exports.c.created_at >= since
    )
    named = exports.c.id == progress if progress else exports.c.file == file
    row = conn.execute(query.where(named)).one_or_none()
    return None if row is None else Export(**row._mapping)


def list_people(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Contact → external reference, and whether they opted out of the directory; of one page."""
    rows = conn.execute(
        select(contacts.c.id, contacts.c.ext_ref, contacts.c.unsubscribed).where(
            contacts.c.tenant == tenant, contacts.c.id.in_(ids)
        )
    )
    return {row.id: (row.ext_ref, row.unsubscribed) for row in rows}


def list_responses_of(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, str]:
    """Invitation → its response that counts; of one page."""
    rows = conn.execute(
        select(responses.c.invitation, responses.c.id).where(
            responses.c.tenant == tenant,
            responses.c.invitation.in_(ids),
            responses.c.individual,
            responses.c.state == "recorded",
        )
    )
    return {row.invitation: row.id for row in rows}


def find_ends(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, datetime]:
    """Distribution → when its last link ends."""
    rows = conn.execute(
        select(
            invitations.c.distribution, func.max(invitations.c.expires_at, type_=Instant()).label("ends_at")
        )
        .where(invitations.c.tenant == tenant, invitations.c.distribution.in_(ids))
        .group_by(invitations.c.distribution)
    )
    return {row.distribution: row.ends_at for row in rows}


def count_responses(conn: Connection, tenant: int, survey: str) -> int:
    """Recorded responses of the survey."""
    query = select(func.count()).where(
        responses.c.tenant == tenant, responses.c.survey == survey, responses.c.state == "recorded"
    )
    return int(conn.execute(query).scalar_one())


def list_mails(conn: Connection, tenant: int, contact: str, after: str, limit: int) -> list[MailSent]:
    """Invitations of the contact, the newest first, behind the id ``after``. Ids begin with the time."""
    one = invitations.c
    same = (distributions.c.tenant == one.tenant) & (distributions.c.id == one.distribution)
    at = func.coalesce(one.sent_at, one.asked_at, type_=Instant())
    of_distribution = (distributions.c.survey, distributions.c.kind)
    read = (one.id, one.distribution, *of_distribution, one.state, one.reason, one.progress)
    query = (
        select(*read, at.label("at"))
        .join_from(invitations, distributions, same)
        .where(one.tenant == tenant, one.contact == contact)
    )
    if after:
        query = query.where(one.id < after)
    return [
        MailSent(
            row.id,
            row.distribution,
            row.survey,
            DistributionKind(row.kind),
            contact,
            InvitationState(row.state),
            row.reason,
            Progress(row.progress),
            row.at,
        )
        for row in conn.execute(query.order_by(one.id.desc()).limit(limit))
    ]


def list_surveys_of(conn: Connection, tenant: int, contact: str) -> list[str]:
    """Surveys that the contact began to answer by a link of their own."""
    same = (responses.c.tenant == invitations.c.tenant) & (responses.c.invitation == invitations.c.id)
    query = (
        select(responses.c.survey)
        .join_from(invitations, responses, same)
        .where(invitations.c.tenant == tenant, invitations.c.contact == contact, responses.c.individual)
    )
    return sorted(conn.execute(query.distinct()).scalars())


def list_answers(
    conn: Connection, tenant: int, contact: str, surveys: Sequence[str], after: str, limit: int
) -> list[AnswerGiven]:
    """Responses of the contact to these surveys, the newest first, behind the id ``after``; those that count or are going on."""
    one = responses.c
    same = (one.tenant == invitations.c.tenant) & (one.invitation == invitations.c.id)
    query = (
        select(one.id, one.distribution, one.survey, one.started_at, one.recorded_at)
        .join_from(invitations, responses, same)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.contact == contact,
            one.individual,
            one.survey.in_(surveys),
            one.state.in_(_SHOWN),
        )
    )
    if after:
        query = query.where(one.started_at < _begun(tenant, after))
    return [
        AnswerGiven(**row._mapping)
        for row in conn.execute(query.order_by(one.started_at.desc(), one.id).limit(limit))
    ]


def _begun(tenant: int, response: str) -> ColumnElement[Any]:
    """When that response began: ids of responses are chance."""
    that = responses.alias("that")
    begun = select(that.c.started_at).where(that.c.tenant == tenant, that.c.id == response)
    return begun.scalar_subquery()
