"""Whether a survey's answers carry names, and how long an unfinished one stays open."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.responses.rules.showing import may_become
from opulse.experience.responses.store import policies as store
from opulse.experience.surveys.flow import get_survey_in
from opulse.ports import Ports
from opulse.tenancy import audit_in

MOST_DAYS = 365


class PromiseBroken(Exception):
    """People were asked under a stricter promise: answers cannot become less confidential; copy the survey instead."""


async def get_policy(ports: Ports, tenant: int, survey: str) -> ResponsePolicy:
    """What holds for the survey; the defaults when nothing was set. Raises SurveyUnknown."""
    return await ports.db.read(get_policy_in, tenant, survey)


def get_policy_in(conn: Connection, tenant: int, survey: str) -> ResponsePolicy:
    """See :func:`get_policy`; on the caller's connection."""
    get_survey_in(conn, tenant, survey)
    return store.find_policy(conn, tenant, survey)


async def set_policy(ports: Ports, tenant: int, policy: ResponsePolicy, actor: str) -> ResponsePolicy:
    """Set it.

    Raises:
        SurveyUnknown: no such survey.
        PromiseBroken: the survey was published under a stricter one.
        ValueError: days out of range.
    """
    if not 1 <= policy.partial_days <= MOST_DAYS:
        raise ValueError(f"unfinished answers close after 1 to {MOST_DAYS} days")
    return await ports.db.write(_set_in, tenant, policy, actor, ports.clock.now())


def _set_in(
    conn: Connection, tenant: int, policy: ResponsePolicy, actor: str, now: datetime
) -> ResponsePolicy:
    survey = get_survey_in(conn, tenant, policy.survey)
    former = store.find_policy(conn, tenant, policy.survey)
    if not may_become(former.identity, policy.identity, published=survey.published > 0):
        raise PromiseBroken(str(PromiseBroken.__doc__))
    store.upsert_policy(conn, tenant, policy)
    audit_in(
        conn, tenant, actor, "survey.responses_policy", policy.survey, _plain(former), _plain(policy), now
    )
    return policy


def _plain(policy: ResponsePolicy) -> dict[str, object]:
    return {**asdict(policy), "identity": Identity(policy.identity).value}
