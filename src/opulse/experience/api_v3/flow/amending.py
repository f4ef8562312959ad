"""Change or delete responses, one or many; what became of many is kept for a week."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.api_v3 import store
from opulse.experience.api_v3.flow.responses import KEPT
from opulse.experience.api_v3.rules.amending import may_miss, read_amendment, read_amendments, read_deletes
from opulse.experience.api_v3.rules.refusing import Refusal, bad
from opulse.experience.responses.flow.amending import (
    TooFewTogether,
    amend_responses_in,
    delete_responses_in,
    find_survey_of_in,
)
from opulse.experience.responses.models.amending import Amended
from opulse.ports import Ports
from opulse.wire.identifiers import Prefix, new_id

UPDATE, DELETE = "update", "delete"
Change = Callable[[Connection, datetime], Amended]


class _Missing(Exception):
    """Some are not there, and the caller wanted all or none."""

    def __init__(self, amended: Amended) -> None:
        super().__init__()
        self.missing = amended.missing


async def amend_one(ports: Ports, tenant: int, response: str, body: Mapping[str, Any], actor: str) -> None:
    """Set embedded data of one response. Raises SurveyUnknown, Refusal."""
    survey, amendment = body.get("surveyId"), read_amendment(response, body)
    if not isinstance(survey, str):
        raise bad("Missing or invalid parameter: surveyId names the survey of the response.")

    def change(conn: Connection, now: datetime) -> Amended:
        if find_survey_of_in(conn, tenant, response) not in (survey, None):
            raise bad(f"Missing or invalid parameter: surveyId. {response} is a response of another survey.")
        return amend_responses_in(conn, tenant, survey, [amendment], actor, now)

    await _one(ports, response, change)


async def delete_one(ports: Ports, tenant: int, survey: str, response: str, actor: str) -> None:
    """Delete one response. Raises SurveyUnknown, Refusal."""
    await _one(ports, response, _deleting(ports, tenant, survey, [response], actor))


async def amend_many(ports: Ports, tenant: int, survey: str, body: Mapping[str, Any], actor: str) -> str:
    """Set embedded data of up to 10,000; under which id to ask what became of it. Raises SurveyUnknown, Refusal."""
    wanted = read_amendments(body)

    def change(conn: Connection, now: datetime) -> Amended:
        return amend_responses_in(conn, tenant, survey, wanted, actor, now)

    return await _many(ports, tenant, survey, UPDATE, body, change)


async def delete_many(ports: Ports, tenant: int, survey: str, body: Mapping[str, Any], actor: str) -> str:
    """Delete up to 10,000; as :func:`amend_many`."""
    change = _deleting(ports, tenant, survey, read_deletes(body), actor)
    return await _many(ports, tenant, survey, DELETE, body, change)


async def find_change(ports: Ports, tenant: int, survey: str, kind: str, change: str) -> store.ManyChanged:
    """What became of it. Raises Refusal: 404, also after a week."""
    since = ports.clock.now() - KEPT
    found = await ports.db.read(store.find_change, tenant, survey, kind, change, since)
    if found is None:
        raise Refusal(404, f"{change} not found: it is kept for a week.", "ESSG_2")
    return found


def _deleting(ports: Ports, tenant: int, survey: str, ids: list[str], actor: str) -> Change:
    def change(conn: Connection, now: datetime) -> Amended:
        try:
            return delete_responses_in(conn, tenant, survey, ids, actor, ports.limits.cell, now)
        except TooFewTogether as error:
            raise Refusal(403, f"The operation is forbidden. {error}", "QMST_2.1") from error

    return change


async def _one(ports: Ports, response: str, change: Change) -> None:
    done = await ports.db.write(change, ports.clock.now())
    if done.missing:
        raise Refusal(404, f"{response} not found", "ESSG_2")


async def _many(
    ports: Ports, tenant: int, survey: str, kind: str, body: Mapping[str, Any], change: Change
) -> str:
    """In one transaction: all of it is done, or none. Where some are missing and may not be, that is what is kept."""
    now, made = ports.clock.now(), new_id(Prefix.CONTACT_IMPORT)

    def unit(conn: Connection) -> None:
        done = change(conn, now)
        if done.missing and not may_miss(body):
            raise _Missing(done)
        _keep(conn, store.ManyChanged(tenant, made, survey, kind, done.changed, done.missing, False, now))

    try:
        await ports.db.write(unit)
    except _Missing as error:
        failed = store.ManyChanged(tenant, made, survey, kind, 0, error.missing, True, now)
        await ports.db.write(_keep, failed)
    return made


def _keep(conn: Connection, one: store.ManyChanged) -> None:
    store.delete_changes(conn, one.tenant, one.created_at - KEPT)
    store.insert_change(conn, one)
