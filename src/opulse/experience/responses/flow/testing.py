"""Test responses: what people of the console sent to try a survey. Kept and marked, never counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.responses import store
from opulse.experience.responses.models import Asked, Response, ResponseState
from opulse.experience.surveys.flow import get_survey_in
from opulse.experience.surveys.models import Answers
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

SHOWN = 20
"""Test responses that a page shows."""


async def keep_test(
    ports: Ports, tenant: int, survey: str, version: int, answers: Answers, language: str, actor: str
) -> str:
    """Keep the answers as a test response of this version; its id. Raises SurveyUnknown."""
    now = ports.clock.now()
    return await ports.db.write(keep_test_in, tenant, survey, version, answers, language, actor, now)


def keep_test_in(
    conn: Connection,
    tenant: int,
    survey: str,
    version: int,
    answers: Answers,
    language: str,
    actor: str,
    now: datetime,
) -> str:
    """:func:`keep_test` inside another unit."""
    get_survey_in(conn, tenant, survey)
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
    response = Response(new_id(Prefix.RESPONSE), "", ResponseState.TEST, answers, language, 1, now, now)
    store.insert_response(conn, nobody, response, ())
    audit_in(
        conn, tenant, actor, "survey.tested", survey, None, {"response": response.id, "version": version}, now
    )
    return response.id


async def list_tests(ports: Ports, tenant: int, survey: str) -> list[Response]:
    """The latest test responses of a survey."""
    return await ports.db.read(store.list_tests, tenant, survey, SHOWN)


async def delete_tests(ports: Ports, tenant: int, survey: str, actor: str) -> int:
    """Delete all test responses of a survey; how many there were. Raises SurveyUnknown."""
    now = ports.clock.now()

    def unit(conn: Connection) -> int:
        get_survey_in(conn, tenant, survey)
        gone = store.delete_tests(conn, tenant, survey)
        audit_in(conn, tenant, actor, "survey.tests_deleted", survey, {"tests": gone}, None, now)
        return gone

    return await ports.db.write(unit)
