"""What one distribution decides with: its languages, the pipes of its message, and who decides about which contacts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.directory.models import FrequencyRule
from opulse.experience.directory.rules import rules_for
from opulse.experience.distributions.models import (
    AskRequest,
    Decision,
    Distribution,
    DistributionKind,
    DistributionState,
    Policy,
)
from opulse.experience.distributions.rules import (
    by_channel,
    decide_invitations,
    further_pipes,
    message_digest,
)
from opulse.experience.distributions.store import asking as store
from opulse.experience.distributions.store import candidates
from opulse.experience.surveys.flow import get_published_in, get_version_in
from opulse.experience.surveys.rules import resolve_language
from opulse.tenancy import get_tenant
from opulse.wire.identifiers import Prefix, new_id


@dataclass(frozen=True)
class Plan:
    """A distribution, the languages of its survey (its own first), and the pipes whose values are frozen."""

    distribution: Distribution
    languages: tuple[str, ...]
    keys: tuple[str, ...]

    def language_of(self, contact_language: str) -> str:
        """The language in which a contact is asked."""
        fixed = self.distribution.language
        return resolve_language(self.languages, contact_language if fixed == "contact" else fixed)


def plan_in(conn: Connection, distribution: Distribution) -> Plan:
    """The plan of a distribution."""
    version = get_version_in(conn, distribution.tenant, distribution.survey, distribution.version)
    return Plan(distribution, version.document.languages, further_pipes(distribution.message))


def draft_in(conn: Connection, request: AskRequest, now: datetime) -> Distribution:
    """The distribution that ``request`` would begin: the survey's version of now, and a frozen copy of the message.

    Raises:
        SurveyUnknown: there is no such survey here.
        NotPublished: the survey is not collecting answers.
    """
    version, _ = get_published_in(conn, request.tenant, request.survey)
    return Distribution(
        tenant=request.tenant,
        id=new_id(Prefix.DISTRIBUTION),
        survey=request.survey,
        version=version,
        workflow=request.workflow,
        task=request.task,
        cause=request.cause,
        activation=request.activation,
        name=request.name,
        state=DistributionState.RUNNING,
        link_type=request.link_type,
        list_id=request.list_id,
        language=request.language,
        message=request.message,
        priority=request.priority,
        expected=request.expected,
        taken=0,
        shared_link=secrets.token_hex(16),
        confirmed_by="",
        created_at=now,
        channel=request.channel,
        digest=message_digest(request, version),
        embedded=request.embedded,
    )


def decide_in(
    conn: Connection,
    plan: Plan,
    current: Distribution,
    used: int,
    ids: Sequence[str],
    now: datetime,
    *,
    must_confirm: bool = False,
    held_again: bool = False,
) -> list[Decision]:
    """Decide about contacts, whom the caller has locked; nothing is written.

    Args:
        current: the distribution as it stands in this unit.
        used: how many people all distributions of its cause have asked or hold, apart from ``ids``.
        held_again: the contacts are held by this distribution; that alone is no reason to spare them.
    """
    if not ids:
        return []
    tenant = get_tenant(conn, current.tenant)
    hours = directory.list_hours(conn, current.tenant)
    rows = candidates.list_people(conn, current.tenant, ids, plan.keys, hours)
    rules = _rules_of(conn, current, rows)
    policy = Policy(
        now=now,
        tenant=tenant,
        rules=rules,
        cap_left=tenant.cap_per_activation - used,
        must_confirm=must_confirm,
        cancelled=current.state is DistributionState.CANCELLED,
        hours=hours,
    )
    found = candidates.candidates_of(conn, current, rows, rules, plan.keys, now, held_again=held_again)
    return by_channel(decide_invitations(found, policy), current.channel)


def decide_follow_in(
    conn: Connection, plan: Plan, of: Distribution, kind: DistributionKind, ids: Sequence[str], now: datetime
) -> list[Decision]:
    """Decide who of these gets a reminder of, or the thanks for, ``of``; the caller has locked them.

    Opt-outs and dead addresses spare as ever. A reminder also heeds the frequency rules, which do not count the invitation that
    it reminds of: whom others asked as often as is allowed is left alone. Thanks are for an answer, so no rule holds them back.
    """
    hours = directory.list_hours(conn, of.tenant)
    rows = candidates.list_people(conn, of.tenant, ids, plan.keys, hours)
    thanks = kind is DistributionKind.THANK_YOU
    rules = () if thanks else _rules_of(conn, of, rows)
    policy = Policy(
        now=now,
        tenant=get_tenant(conn, of.tenant),
        rules=rules,
        cap_left=len(rows),
        must_confirm=False,
        cancelled=False,
        hours=hours,
    )
    found = candidates.candidates_of(conn, of, rows, rules, plan.keys, now, held_again=True)
    if thanks:
        found = [one._replace(busy_until=None) for one in found]
    return decide_invitations(found, policy)


def _rules_of(
    conn: Connection, of: Distribution, rows: Sequence[Any]
) -> tuple[tuple[str, FrequencyRule], ...]:
    """(directory, its rule) of every directory of these people, as far as they hold for this survey and list."""
    return tuple(
        (one, rule)
        for one in sorted({row.directory for row in rows})
        for rule in rules_for(
            directory.list_rules(conn, of.tenant, one), survey=of.survey, list_id=of.list_id
        )
    )


def count_used(conn: Connection, siblings: Sequence[Distribution], enough: int = -1) -> int:
    """How many people the distributions of one cause have asked or hold.

    Where even all that they ever took stay within ``enough``, that number: an incident of 100,000 is decided in fifty chunks,
    and counting all of it for each would take longer than deciding.
    """
    ever = sum(one.taken for one in siblings)
    if ever <= enough:
        return ever
    return store.count_slots(conn, siblings[0].tenant, [one.id for one in siblings]) if siblings else 0
