"""Add what changed to the counts, in chunks, each response exactly once."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection

from opulse.experience.impact import store
from opulse.experience.responses import take_uncounted_in, tally
from opulse.experience.responses.models import CountChange
from opulse.jobs import Job
from opulse.jobs.table import complete
from opulse.ports import Ports

CHUNK = 500


async def count_answers(ports: Ports, tenant: int, activation: str, job: Job | None = None) -> None:
    """Bring the counts of an activation up to date; the unit that finds no more ends ``job``."""
    while not await ports.db.write(_count_chunk_in, tenant, activation, job):
        pass


def _count_chunk_in(conn: Connection, tenant: int, activation: str, job: Job | None) -> bool:
    """Whether that was all."""
    changes = take_uncounted_in(conn, tenant, activation, CHUNK)
    by_survey: dict[str, list[CountChange]] = defaultdict(list)
    for change in changes:
        by_survey[change.survey].append(change)
    for survey, part in by_survey.items():
        store.add_counts(conn, tenant, activation, survey, tally(part))
    if len(changes) == CHUNK:
        return False
    if job is not None:
        complete(conn, job)
    return True
