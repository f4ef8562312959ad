"""Say that a response was recorded or changed: to workflows that listen to responses, and to programs that subscribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.responses.models import Identity, ResponseState
from opulse.experience.responses.store import policies
from opulse.experience.subscriptions.flow.publishing import listening_in, publish_in
from opulse.experience.subscriptions.models import COMPLETED, PARTIAL
from opulse.experience.subscriptions.rules import response_event
from opulse.experience.workflows.views import is_listened_to
from opulse.jobs import enqueue
from opulse.wire.identifiers import random_text

RESPONSE_CHANGED = "response.changed"
"""Job {event, response, revision, imported}. ``event`` names it in histories: from it nobody finds the response."""
TRIGGER = "survey_response"
_TOLD = {ResponseState.RECORDED: (COMPLETED, "Complete"), ResponseState.PARTIAL: (PARTIAL, "Partial")}
"""What programs are told of: never a withdrawn, late, quarantined or test one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A response as it is now; ``at``: when it became so."""

    response: str
    revision: int
    survey: str
    state: ResponseState
    at: datetime


def announce_responses_in(
    conn: Connection, tenant: int, changed: Sequence[Changed], *, imported: bool = False
) -> None:
    """In the unit that wrote the responses. Who listens is asked once, for workflows and for programs."""
    _tell_programs_in(conn, tenant, changed)
    if not is_listened_to(conn, tenant, TRIGGER):
        return
    for one in changed:  # each is an event of its own
        payload = {
            "event": random_text(15),
            "response": one.response,
            "revision": one.revision,
            "imported": imported,
        }
        unique = f"{one.response} {one.revision}"
        enqueue(conn, tenant, RESPONSE_CHANGED, payload, unique=unique, priority=7)


def _tell_programs_in(conn: Connection, tenant: int, changed: Sequence[Changed]) -> None:
    """Only of surveys that ask by name: elsewhere the moment at which an event comes would tell whose response it names."""
    listening = listening_in(conn, tenant)
    told = [one for one in changed if one.state in _TOLD] if listening else []
    if not told:
        return
    surveys = {one.survey for one in told}
    named = {one for one in surveys if policies.find_policy(conn, tenant, one).identity is Identity.NAMED}
    events = [
        response_event(*_TOLD[one.state], one.survey, one.response, one.revision, one.at)
        for one in told
        if one.survey in named
    ]
    publish_in(conn, tenant, events, listening)
