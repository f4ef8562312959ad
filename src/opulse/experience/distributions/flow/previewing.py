"""How many a request would ask, hold and spare, and why: "this will ask 4,812 people". Nothing is written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.distributions.flow.planning import Plan, count_used, decide_in, draft_in, plan_in
from opulse.experience.distributions.flow.tallying import Tally
from opulse.experience.distributions.models import AskRequest, AskResult, Decision
from opulse.experience.distributions.store import asking as store
from opulse.experience.distributions.store import candidates
from opulse.ports import Ports

CHUNK = 5_000  # contacts read at once


async def preview(ports: Ports, request: AskRequest) -> AskResult:
    """What ``ask`` would do now, as if a person had confirmed it.

    Raises:
        SurveyUnknown: there is no such survey here.
        NotPublished: the survey is not collecting answers.
    """
    now = ports.clock.now()
    plan, exists = await ports.db.read(_plan_in, request, now)
    tally = await foresee(ports, request, plan)
    return tally.result(plan.distribution.id if exists else "")


async def foresee(ports: Ports, request: AskRequest, plan: Plan) -> Tally:
    """The decisions about everybody whom ``request`` selects, added up."""
    tally, after = Tally(), ""
    while True:
        ids = await ports.db.read(candidates.list_selected, request, after, CHUNK)
        if not ids:
            return tally
        decisions, known = await ports.db.read(
            _foresee_chunk, request, plan, ids, tally.slots, ports.clock.now()
        )
        tally.add(decisions, known)
        after = ids[-1]


def _plan_in(conn: Connection, request: AskRequest, now: datetime) -> tuple[Plan, bool]:
    known = store.find_by_key(conn, request)
    return plan_in(conn, known or draft_in(conn, request, now)), known is not None


def _foresee_chunk(
    conn: Connection, request: AskRequest, plan: Plan, ids: list[str], foreseen: int, now: datetime
) -> tuple[list[Decision], int]:
    siblings = store.list_siblings(conn, request.tenant, request.cause)
    decided = candidates.list_decided(
        conn, request.tenant, request.workflow, request.cause, request.wave, ids
    )
    fresh = [one for one in ids if one not in decided]
    used = count_used(conn, siblings) + foreseen
    return decide_in(conn, plan, plan.distribution, used, fresh, now), len(decided)
