"""What time does to responses: who has not gone on for days will not, and what was promised to be nobody's becomes nobody's."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.distributions.flow.links import note_partial_in
from opulse.experience.responses.flow.announcing import Changed, announce_responses_in
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.store import closing as store
from opulse.observe import get_logger
from opulse.ports import Ports

STEP = 2_000

log = get_logger("responses")


async def close_unfinished(ports: Ports) -> int:
    """Close every unfinished response that is due, a step at a time; how many they were."""
    closed = 0
    while True:
        step = await ports.db.write(_close_in, ports.clock.now())
        closed += step
        if step < STEP:
            break
    if closed:
        log.info("unfinished responses closed", responses=closed)
    return closed


def _close_in(conn: Connection, now: datetime) -> int:
    closed = store.close_partials(conn, now, STEP)
    for tenant in {one.tenant for one in closed}:
        mine = [one for one in closed if one.tenant == tenant]
        note_partial_in(conn, tenant, [one.invitation for one in mine if one.invitation], now)
        partial = ResponseState.PARTIAL
        changed = [Changed(one.id, one.revision, one.survey, partial, now) for one in mine]
        announce_responses_in(conn, tenant, changed)
    return len(closed)


async def cut_anonymous(ports: Ports) -> int:
    """Cut the answers of anonymous surveys off from people, once no link of theirs takes an answer any more; how many.

    A response stays where it is, so that the ledger and the counts stay true; the *answers* of a group change places among
    its responses by chance. Of a group smaller than the smallest cell they are thrown away: among few, mixing hides nobody.
    """
    closed_before = ports.clock.now() - ports.limits.finish_grace
    done = 0
    for group in await ports.db.read(store.list_closed_groups, closed_before):
        keep = group.people >= ports.limits.cell
        left = group.people
        while left > 0:
            # the last two steps are one when what is left behind would be too few to hide among
            limit = left if left < STEP + ports.limits.cell else STEP
            step = await ports.db.write(_cut_in, group, limit, keep)
            if not step:
                break
            left -= step
            done += step
    if done:
        log.info("answers cut off from people", responses=done)
    return done


def _cut_in(conn: Connection, group: store.ClosedGroup, limit: int, keep: bool) -> int:
    """Mixed here and not by the database, whose chance is not made for secrets; one unit at a time."""
    given = store.claim_tied(conn, group, limit)
    said = [one.answers if keep else {} for one in given]
    secrets.SystemRandom().shuffle(said)
    store.cut_off(
        conn, group.tenant, [replace(one, answers=answers) for one, answers in zip(given, said, strict=True)]
    )
    return len(given)
