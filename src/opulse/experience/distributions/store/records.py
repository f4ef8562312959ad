"""Rows to records and back, and the look-ups by which pages, routes and later stages find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select

from opulse.db import Instant
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import (
    Channel,
    Counted,
    Distribution,
    DistributionCounts,
    DistributionKind,
    DistributionState,
    Invitation,
    InvitationState,
    InvitedLink,
    LinkType,
    MessageSpec,
    Progress,
    Wording,
)
from opulse.experience.distributions.store.tables import distributions, invitations


def find_distribution(conn: Connection, tenant: int, distribution: str) -> Distribution | None:
    row = conn.execute(
        select(distributions).where(distributions.c.tenant == tenant, distributions.c.id == distribution)
    ).one_or_none()
    return None if row is None else distribution_of(row)


def list_distributions(
    conn: Connection,
    tenant: int,
    *,
    activation: str = "",
    states: Collection[DistributionState] = (),
    survey: str = "",
    offset: int = 0,
    limit: int | None = 100,
) -> list[Distribution]:
    """The newest first; of one activation, in these states, of one survey, or all. ``limit``: None for every one."""
    query = select(distributions).where(distributions.c.tenant == tenant)
    if survey:
        query = query.where(distributions.c.survey == survey)
    if activation:
        query = query.where(distributions.c.activation == activation)
    if states:
        query = query.where(distributions.c.state.in_(states))
    newest = query.order_by(distributions.c.created_at.desc(), distributions.c.id).limit(limit)
    if offset:
        newest = newest.offset(offset)
    return [distribution_of(row) for row in conn.execute(newest)]


def list_children(conn: Connection, tenant: int, parent: str) -> list[Distribution]:
    """The distributions that remind and thank the people of this one, the oldest first."""
    query = select(distributions).where(distributions.c.tenant == tenant, distributions.c.parent == parent)
    ordered = query.order_by(distributions.c.created_at, distributions.c.id)
    return [distribution_of(row) for row in conn.execute(ordered)]


def count_invitations(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, DistributionCounts]:
    """The counts of each of these distributions: one walk over their invitations for all that is asked of them."""
    table = invitations
    rows = conn.execute(
        select(
            table.c.distribution,
            table.c.state,
            table.c.reason,
            table.c.progress,
            func.count().label("people"),
            func.sum(case((table.c.ambiguous, 1), else_=0)).label("ambiguous"),
            func.min(table.c.sent_at, type_=Instant()).label("first_sent_at"),
            func.max(table.c.sent_at, type_=Instant()).label("last_sent_at"),
        )
        .where(table.c.tenant == tenant, table.c.distribution.in_(ids))
        .group_by(table.c.distribution, table.c.state, table.c.reason, table.c.progress)
    ).all()
    grouped: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.distribution].append(row)
    return {one: _counts_of(grouped[one]) for one in ids}


def _counts_of(rows: Sequence[Row[Any]]) -> DistributionCounts:
    by_state: dict[InvitationState, int] = defaultdict(int)
    by_reason: dict[tuple[InvitationState, str], int] = defaultdict(int)
    by_standing: dict[tuple[InvitationState, str, Progress], int] = defaultdict(int)
    for row in rows:
        state = InvitationState(row.state)
        by_state[state] += row.people
        by_standing[state, row.reason, Progress(row.progress)] += row.people
        if row.reason:
            by_reason[state, row.reason] += row.people
    sent = [row for row in rows if row.first_sent_at is not None]
    return DistributionCounts(
        dict(by_state),
        dict(by_reason),
        sum(row.ambiguous for row in rows),
        min((row.first_sent_at for row in sent), default=None),
        max((row.last_sent_at for row in sent), default=None),
        dict(by_standing),
    )


def list_counted(conn: Connection, tenant: int, activation: str) -> list[Counted]:
    """Every distribution of an activation, the newest first, with its counts."""
    found = list_distributions(conn, tenant, activation=activation, limit=None)
    counts = count_invitations(conn, tenant, [one.id for one in found])
    return [Counted(one, counts[one.id]) for one in found]


def list_invitations(
    conn: Connection,
    tenant: int,
    distribution: str,
    *,
    states: Sequence[InvitationState] = (),
    after: str = "",
    limit: int = 100,
) -> list[Invitation]:
    """Invitations by id, from the one behind ``after``."""
    query = select(invitations).where(
        invitations.c.tenant == tenant, invitations.c.distribution == distribution, invitations.c.id > after
    )
    if states:
        query = query.where(invitations.c.state.in_([state.value for state in states]))
    return [invitation_of(row) for row in conn.execute(query.order_by(invitations.c.id).limit(limit))]


def find_invited(conn: Connection, tenant: int, invitation: str) -> InvitedLink | None:
    """The invitation behind a link with its distribution and the contact's time zone; of a shared link, nobody's."""
    row = conn.execute(
        _with_contact().where(invitations.c.tenant == tenant, invitations.c.id == invitation)
    ).one_or_none()
    if row is None:
        return _find_shared(conn, tenant, invitation)
    made = invitation_of(row)
    found = find_distribution(conn, tenant, made.distribution)
    return None if found is None else InvitedLink(made, found, row.time_zone)


def _with_contact() -> Select[Any]:
    same = (contacts.c.tenant == invitations.c.tenant) & (contacts.c.id == invitations.c.contact)
    return select(invitations, contacts.c.time_zone).join(contacts, same)


def _find_shared(conn: Connection, tenant: int, link: str) -> InvitedLink | None:
    """An anonymous link opens as long as the last invitation of its distribution."""
    row = conn.execute(
        select(distributions).where(distributions.c.tenant == tenant, distributions.c.shared_link == link)
    ).one_or_none()
    if row is None or row.link_type != LinkType.ANONYMOUS.value:
        return None
    last = conn.execute(
        select(invitations)
        .where(invitations.c.tenant == tenant, invitations.c.distribution == row.id)
        .order_by(invitations.c.expires_at.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return None
    nobody = {"id": link, "contact": "", "email": "", "first_name": "", "last_name": "", "language": ""}
    return InvitedLink(_invitation({**last._mapping, **nobody}), distribution_of(row), "")


def distribution_of(row: Any) -> Distribution:
    return Distribution(
        tenant=row.tenant,
        id=row.id,
        survey=row.survey,
        version=row.version,
        workflow=row.workflow,
        task=row.task,
        cause=row.cause,
        activation=row.activation,
        name=row.name,
        state=DistributionState(row.state),
        link_type=LinkType(row.link_type),
        list_id=row.list,
        language=row.language,
        message=message_of(row.message),
        priority=row.priority,
        expected=row.expected,
        taken=row.taken,
        shared_link=row.shared_link,
        confirmed_by=row.confirmed_by,
        created_at=row.created_at,
        channel=Channel(row.channel),
        kind=DistributionKind(row.kind),
        parent=row.parent,
        digest=row.digest,
        embedded=row.embedded,
    )


def invitation_of(row: Any) -> Invitation:
    return _invitation(row._mapping)


def _invitation(values: Mapping[Any, Any]) -> Invitation:
    return Invitation(
        tenant=values["tenant"],
        id=values["id"],
        distribution=values["distribution"],
        workflow=values["workflow"],
        activation=values["activation"],
        contact=values["contact"],
        wave=values["wave"],
        state=InvitationState(values["state"]),
        reason=values["reason"],
        rule=values["rule"],
        email=values["email"],
        first_name=values["first_name"],
        last_name=values["last_name"],
        language=values["language"],
        attempts=values["attempts"],
        ambiguous=values["ambiguous"],
        relay_code=values["relay_code"],
        relay_text=values["relay_text"],
        asked_at=values["asked_at"],
        send_by=values["send_by"],
        expires_at=values["expires_at"],
        sent_at=values["sent_at"],
        of_invitation=values["of_invitation"],
        progress=Progress(values["progress"]),
        progress_at=values["progress_at"],
    )


def message_document(message: MessageSpec) -> dict[str, Any]:
    """The message as it is stored."""
    return {
        "subject": message.subject,
        "body": message.body,
        "from_address": message.from_address,
        "from_name": message.from_name,
        "reply_to": message.reply_to,
        "translations": {
            language: {"subject": one.subject, "body": one.body}
            for language, one in message.translations.items()
        },
        "template": message.template,
        "mjml": message.mjml,
    }


def message_of(document: Mapping[str, Any]) -> MessageSpec:
    """The message that :func:`message_document` stored."""
    translations = {language: Wording(**one) for language, one in document["translations"].items()}
    return MessageSpec(**{**document, "translations": translations})
