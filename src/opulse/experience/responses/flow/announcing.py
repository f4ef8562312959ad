"""Say that a response was recorded or changed, where a workflow listens to responses."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.workflows.views import is_listened_to
from opulse.jobs import enqueue
from opulse.wire.identifiers import random_text

RESPONSE_CHANGED = "response.changed"
"""Job {event, response, revision, imported}. ``event`` names it in histories: from it nobody finds the response."""
TRIGGER = "survey_response"


def announce_response_in(
    conn: Connection, tenant: int, response: str, revision: int, *, imported: bool = False
) -> None:
    """In the unit that wrote the response. Nothing where no workflow of the tenant would hear of it."""
    announce_responses_in(conn, tenant, [(response, revision)], imported=imported)


def announce_responses_in(
    conn: Connection, tenant: int, changed: Sequence[tuple[str, int]], *, imported: bool = False
) -> None:
    """:func:`announce_response_in` for several (response, revision) of a tenant: whether anybody listens is asked once."""
    if not is_listened_to(conn, tenant, TRIGGER):
        return
    for response, revision in changed:  # each is an event of its own
        payload = {
            "event": random_text(15),
            "response": response,
            "revision": revision,
            "imported": imported,
        }
        enqueue(conn, tenant, RESPONSE_CHANGED, payload, unique=f"{response} {revision}", priority=7)
