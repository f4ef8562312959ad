"""One row per invitation and system that was asked to show it, and the open invitations of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    union,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import Instant, metadata
from opulse.experience.directory.views import contacts, list_directories, list_members, out_everywhere
from opulse.experience.distributions.models import Channel, DistributionState, InvitationState
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.prompts.models import Candidate
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import owner_corrections, responses
from opulse.wire.desktop_prompts import DesktopUser, PromptOutcome, PromptReport

desktop_prompts = Table(
    "desktop_prompts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("system", Text, nullable=False),  # GUID
    Column("outcome", Text, nullable=False),  # the agent's word: PromptOutcome
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),  # by the clock of the system, never after it was reported
    Column("reported_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "invitation", "system"),  # shown once per invitation and system
    ForeignKeyConstraint(["tenant", "invitation"], ["invitations.tenant", "invitations.id"]),
)

MOST = 50
"""Open invitations of the people of one system that are looked at: the newest."""
_ENDED = (PromptOutcome.SHOWN.value, PromptOutcome.INTERRUPTED.value)
_ANSWERS = (
    ResponseState.RECORDED.value,
    ResponseState.LATE.value,
    ResponseState.IN_PROGRESS.value,
    ResponseState.DELETED.value,
)
_READ = (
    "id", "state", "send_by", "expires_at", "email_key", "first_name", "last_name", "email", "language", "fields",
    "distribution",
)  # fmt: skip
_OFFERING = (DistributionState.RUNNING.value, DistributionState.DONE.value)


def list_candidates(
    conn: Connection, tenant: int, system: str, users: Sequence[DesktopUser], now: datetime
) -> list[Candidate]:
    """The newest desktop invitations of these people whose distribution is offered now, each with all that may speak against it.

    A person is the contact whose external reference is the account, or whose address is the account's.
    """
    accounts = {user.account.lower(): user.account for user in users if user.account}
    addresses = {user.email.lower(): user.account for user in users if user.email}
    given = {
        "in_tenant": tenant,
        "of_system": system,
        "in_directories": [one.id for one in list_directories(conn, tenant)],
        "accounts": list(accounts),
        "addresses": list(addresses),
        "now": now,
    }
    return [_candidate(row, accounts, addresses) for row in conn.execute(_open_invitations(), given)]


def find_desktop_invitations(conn: Connection, tenant: int, ids: Sequence[str]) -> set[str]:
    """Those of these ids (at most a batch's) that belong to distributions which desktops show."""
    mine = and_(
        distributions.c.tenant == invitations.c.tenant, distributions.c.id == invitations.c.distribution
    )
    query = (
        select(invitations.c.id)
        .join(distributions, mine)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.id.in_(ids),
            distributions.c.channel != Channel.MAIL.value,
        )
    )
    return set(conn.execute(query).scalars())


def keep_reports(
    conn: Connection, tenant: int, system: str, reports: Sequence[PromptReport], now: datetime
) -> set[str]:
    """Write down what became of prompts; the ids of which anything new was learnt. What was shown stays shown."""
    if not reports:
        return set()
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    latest = {one.id: one for one in reports}
    rows = [
        {
            "tenant": tenant,
            "invitation": one.id,
            "system": system,
            "outcome": one.outcome.value,
            "detail": one.detail,
            "at": min(one.at, now),
            "reported_at": now,
        }
        for one in latest.values()
    ]
    made = insert(desktop_prompts).values(rows)
    changed = {name: made.excluded[name] for name in ("outcome", "detail", "at", "reported_at")}
    statement = made.on_conflict_do_update(
        index_elements=["tenant", "invitation", "system"],
        set_=changed,
        where=and_(
            desktop_prompts.c.outcome == PromptOutcome.FAILED.value,
            made.excluded.outcome != PromptOutcome.FAILED.value,
        ),
    ).returning(desktop_prompts.c.invitation)
    return set(conn.execute(statement).scalars())


def _contacts() -> Any:
    """Contacts by account or by address: two walks of an index each, in every directory of the tenant."""
    wanted = select(contacts.c.id).where(
        contacts.c.tenant == bindparam("in_tenant"),
        contacts.c.directory.in_(bindparam("in_directories", expanding=True)),
    )
    by_account = wanted.where(contacts.c.ext_ref_key.in_(bindparam("accounts", expanding=True)))
    by_address = wanted.where(contacts.c.email_key.in_(bindparam("addresses", expanding=True)))
    return union(by_account, by_address).subquery("people")


@cache
def _open_invitations() -> Any:
    """Invitations with the person, the list and what came of them. Built once: heartbeats run it."""
    of_distribution = and_(
        distributions.c.tenant == invitations.c.tenant, distributions.c.id == invitations.c.distribution
    )
    of_contact = and_(contacts.c.tenant == invitations.c.tenant, contacts.c.id == invitations.c.contact)
    on_list = and_(
        list_members.c.tenant == invitations.c.tenant,
        list_members.c.contact == invitations.c.contact,
        list_members.c.list == distributions.c.list,
    )
    answered = or_(
        exists().where(
            responses.c.tenant == invitations.c.tenant,
            responses.c.invitation == invitations.c.id,
            responses.c.state.in_(_ANSWERS),
        ),
        exists().where(
            owner_corrections.c.tenant == invitations.c.tenant,
            owner_corrections.c.invitation == invitations.c.id,
        ),
    )
    shown = exists().where(
        desktop_prompts.c.tenant == invitations.c.tenant,
        desktop_prompts.c.invitation == invitations.c.id,
        desktop_prompts.c.system == bindparam("of_system"),
        desktop_prompts.c.outcome.in_(_ENDED),
    )
    people = _contacts()
    return (
        select(
            *(invitations.c[name] for name in _READ),
            contacts.c.ext_ref_key,
            contacts.c.deleted,
            or_(
                contacts.c.unsubscribed,
                out_everywhere(),
                case((list_members.c.unsubscribed, True), else_=False),
            ).label("out"),
            contacts.c.muted_until,
            answered.label("answered"),
            shown.label("shown"),
        )
        .select_from(invitations)
        .join(distributions, of_distribution)
        .join(contacts, of_contact)
        .outerjoin(list_members, on_list)
        .where(
            invitations.c.tenant == bindparam("in_tenant"),
            invitations.c.contact.in_(select(people.c.id)),
            distributions.c.channel != Channel.MAIL.value,
            distributions.c.desktop_until > bindparam("now", type_=Instant()),
            distributions.c.state.in_(_OFFERING),
        )
        .order_by(invitations.c.asked_at.desc(), invitations.c.id)
        .limit(MOST)
    )


def _candidate(row: Any, accounts: dict[str, str], addresses: dict[str, str]) -> Candidate:
    return Candidate(
        id=row.id,
        account=accounts.get(row.ext_ref_key) or addresses.get(row.email_key, ""),
        state=InvitationState(row.state),
        send_by=row.send_by,
        expires_at=row.expires_at,
        email_key=row.email_key,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        language=row.language,
        fields=row.fields,
        distribution=row.distribution,
        deleted=row.deleted,
        opted_out=row.out,
        muted_until=row.muted_until,
        answered=row.answered,
        shown=row.shown,
    )
