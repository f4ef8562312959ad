"""Say that a response was recorded or changed, where a workflow listens to responses."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.workflows.views import is_listened_to
from opulse.jobs import enqueue

RESPONSE_CHANGED = "response.changed"
"""Job {response, revision, imported}."""
TRIGGER = "survey_response"


def announce_response_in(
    conn: Connection, tenant: int, response: str, revision: int, *, imported: bool = False
) -> None:
    """In the unit that wrote the response. Nothing where no workflow of the tenant would hear of it."""
    if is_listened_to(conn, tenant, TRIGGER):
        payload = {"response": response, "revision": revision, "imported": imported}
        enqueue(conn, tenant, RESPONSE_CHANGED, payload, unique=f"{response} {revision}", priority=7)
