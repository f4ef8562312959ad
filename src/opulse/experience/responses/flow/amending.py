"""What programs change of responses: the data beside their answers, and that there are answers at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.responses.flow.answering import RESPONSE_RECORDED
from opulse.experience.responses.flow.policies import get_policy_in
from opulse.experience.responses.models.amending import Amended, Amendment, Claimed
from opulse.experience.responses.rules.amending import decide_deletable
from opulse.experience.responses.store import amending as store
from opulse.jobs.table import enqueue_all
from opulse.tenancy import audit_in

_NAMED_IN_TRAIL = 100
"""Responses that an audit row names; of more it says how many they were."""


class TooFewTogether(Exception):
    """The survey promises confidence: the ledger would show whose answer was deleted."""


def amend_responses_in(
    conn: Connection, tenant: int, survey: str, wanted: Sequence[Amendment], actor: str, now: datetime
) -> Amended:
    """Set embedded data; those that the survey does not have are named. Raises SurveyUnknown."""
    get_policy_in(conn, tenant, survey)
    latest = {one.response: one for one in wanted}
    found = store.claim_responses(conn, tenant, survey, list(latest))
    if found:
        store.set_embedded(conn, tenant, [latest[one.id] for one in found], now)
        before = _trail({one.id: _former(one, latest[one.id]) for one in found})
        after = _trail({one.id: dict(latest[one.id].embedded) for one in found})
        audit_in(conn, tenant, actor, "responses.amended", survey, before, after, now)
    return _amended(latest, found)


def find_survey_of_in(conn: Connection, tenant: int, response: str) -> str | None:
    """The survey that a response is of; None: there is none of that id, or it was deleted."""
    return store.find_survey_of(conn, tenant, response)


def delete_responses_in(
    conn: Connection, tenant: int, survey: str, ids: Sequence[str], actor: str, cell: int, now: datetime
) -> Amended:
    """Throw answers away, for good: they count nowhere from now on, and their rows say that they were deleted.

    Raises:
        SurveyUnknown: there is no such survey here.
        TooFewTogether: nothing was deleted.
    """
    policy = get_policy_in(conn, tenant, survey)
    found = store.claim_responses(conn, tenant, survey, ids)
    if not decide_deletable(policy.identity, found, cell):
        raise TooFewTogether(f"{TooFewTogether.__doc__} Delete at least {cell} of each incident at once.")
    if found:
        gone = [one.id for one in found]
        store.mark_deleted(conn, tenant, gone, now)
        what = {"responses": len(gone), "ids": gone[:_NAMED_IN_TRAIL]}
        audit_in(conn, tenant, actor, "responses.deleted", survey, what, None, now)
        incidents = sorted({one.activation for one in found})
        rows = [(f"activation {one}", {"activation": one}) for one in incidents]
        enqueue_all(conn, tenant, RESPONSE_RECORDED, rows)
    return _amended(dict.fromkeys(ids, None), found)


def _amended(wanted: Mapping[str, object], found: Sequence[Claimed]) -> Amended:
    known = {one.id for one in found}
    return Amended(len(known), tuple(one for one in wanted if one not in known))


def _former(was: Claimed, change: Amendment) -> dict[str, str | None]:
    return {name: was.embedded.get(name) for name in change.embedded}


def _trail(of: Mapping[str, object]) -> dict[str, object]:
    return {"responses": len(of), "embedded": dict(list(of.items())[:_NAMED_IN_TRAIL])}
