"""Take a response that a program brings: nobody was invited, so it is nobody's and belongs to no incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.responses import store
from opulse.experience.responses.flow.announcing import Changed, announce_responses_in
from opulse.experience.responses.models import Asked, Response, ResponseState
from opulse.experience.surveys.models import Answers
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id


def give_response_in(
    conn: Connection,
    tenant: int,
    survey: str,
    version: int,
    answers: Answers,
    language: str,
    actor: str,
    now: datetime,
) -> str:
    """Record checked answers to this version as a response; its id."""
    nobody = Asked(
        tenant=tenant,
        invitation="",
        distribution="",
        survey=survey,
        version=version,
        activation="",
        contact="",
        directory="",
        language=language,
        time_zone="",
        individual=False,
        cancelled=False,
        sent_at=None,
        expires_at=now,
    )
    response = Response(new_id(Prefix.RESPONSE), "", ResponseState.RECORDED, answers, language, 1, now, now)
    store.insert_response(conn, nobody, response, ())
    announce_responses_in(
        conn, tenant, [Changed(response.id, response.revision, survey, response.state, now)]
    )
    after = {"response": response.id, "version": version}
    audit_in(conn, tenant, actor, "response.added", survey, None, after, now)
    return response.id
