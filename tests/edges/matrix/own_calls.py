"""Changes whose body names objects, or whose object must be in a certain state: who makes both, and the address with them.

``OWN_CALLS``: name of the route → the call. What starts a run waits until it has ended, so that nothing moves by itself later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import select

from opulse.experience.responses.flow.answering import RESPONSE_RECORDED
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.qsf.writing.survey import write_qsf
from opulse.jobs.table import jobs
from opulse.mail.shell import STARTER
from tests.edges.matrix import objects
from tests.edges.matrix.objects import fresh_name
from tests.edges.matrix.world import World, until

V1 = "/api/v1"
Settled = Callable[[httpx2.Response], Awaitable[bool]]


@dataclass(frozen=True)
class Call:
    """``request``: arguments for the client. ``settled``: what is waited for when the call was made."""

    address: str
    request: dict[str, Any]
    settled: Settled | None = None


MakeCall = Callable[[World], Awaitable[Call]]


def _json(address: str, body: Any, settled: Settled | None = None) -> Call:
    return Call(address, {"json": body}, settled)


async def _members(world: World) -> Call:
    directory = await objects.make_directory(world, {})
    where = {"directory": directory}
    contacts, one = [await objects.make_contact(world, where)], await objects.make_list(world, where)
    return _json(f"{V1}/mailing-lists/{one}/members", {"contacts": contacts})


async def _private(world: World) -> Call:
    path = {"mailing_list": await objects.make_list(world, {})}
    listed = await _directory_of(world, path["mailing_list"])
    member = await objects.make_member(world, path | {"directory": listed})
    rows = [{"contact": member, "data": {"shift": "late"}}]
    return _json(f"{V1}/mailing-lists/{path['mailing_list']}/members", {"members": rows})


async def _merge(world: World) -> Call:
    directory = await objects.make_directory(world, {})
    ones = [await objects.make_contact(world, {"directory": directory}) for _ in range(2)]
    return _json(f"{V1}/directories/{directory}/contacts:merge", {"contacts": ones})


async def _undeclare(world: World) -> Call:
    path = f"{V1}/directories/{await objects.make_directory(world, {})}/fields"
    await world.api.put(path, {"name": "floor", "kind": "number"})
    return _json(f"{path}/undeclare", {"name": "floor"})


async def _sample(world: World) -> Call:
    directory = await objects.make_directory(world, {})
    source = await objects.make_list(world, {"directory": directory})
    await objects.make_member(world, {"directory": directory, "mailing_list": source})
    body = {"name": fresh_name("sample"), "source": source, "size": "1"}
    return _json(f"{V1}/directories/{directory}/samples", body)


async def _domain_key(world: World) -> Call:
    body = {"domain": "zebra.example", "selector": "audited", "algorithm": "ed25519"}
    return _json(f"{V1}/domain-keys", body)


async def _message(world: World) -> Call:
    body = {"name": fresh_name("message"), "category": "invite", "texts": {"en": {"subject": "Slow?"}}}
    return _json(f"{V1}/library-messages", body)


async def _mail_template(world: World) -> Call:
    return _json(f"{V1}/mail-templates", {"name": fresh_name("look"), "source": STARTER})


async def _suppress(world: World) -> Call:
    return _json(f"{V1}/suppressions", {"email": f"{fresh_name('gone').replace(' ', '.')}@zebra.example"})


async def _lift(world: World) -> Call:
    call = await _suppress(world)
    await world.api.post(call.address, call.request["json"])
    return Call(f"{V1}/suppressions/lift", call.request)


async def _erase(world: World) -> Call:
    contact = await objects.make_contact(world, {"directory": await objects.make_directory(world, {})})

    async def forgotten(answer: httpx2.Response) -> bool:
        made = await world.api.get(f"{V1}/privacy/erasures/{answer.json()['id']}")
        return bool(made["state"] == "done")

    return _json(f"{V1}/privacy/erasures", {"keys": [contact]}, forgotten)


async def _qsf(world: World) -> Call:
    return Call(
        f"{V1}/surveys/qsf", {"content": write_qsf(recommended_pulse(), fresh_name("survey"), "SV_1")}
    )


async def _owner(world: World) -> Call:
    person = await objects.make_person(world, {})
    return _json(f"{V1}/workflows/{await objects.make_workflow(world, {})}/owner", {"person": person})


async def _retry(world: World) -> Call:
    """Its run failed: the event named no address to ask."""
    workflow = await objects.make_workflow(world, {})
    run = await objects.make_run(world, {"workflow": workflow})
    return _json(f"{V1}/runs/{run}/retry", {}, _no_run_goes_on(world, workflow))


async def _cancel(world: World) -> Call:
    """Its run waits for an hour."""
    workflow = await _waiting(world, {"type": "json_event", "form": {}})
    made = await world.api.get(f"{V1}/workflows/{workflow}")
    await world.nobody.client.post(made["trigger_url"], json={})

    async def waiting() -> str | None:
        return next((str(one["id"]) for one in await _runs(world, workflow) if not one["ended_at"]), None)

    run = await until("run that waits", waiting)
    return _json(f"{V1}/runs/{run}/cancel", {}, _no_run_goes_on(world, workflow))


async def _test_event(world: World) -> Call:
    workflow = await objects.make_workflow(world, {})
    return _json(f"{V1}/workflows/{workflow}/test-event", {"body": {}}, _no_run_goes_on(world, workflow, 1))


async def _schedule(world: World) -> Call:
    form = {"preset": "daily", "time": "09:00", "list": await objects.make_list(world, {})}
    workflow = await _waiting(world, {"type": "schedule", "form": form})
    return _json(f"{V1}/workflows/{workflow}/schedule/run", {})


async def _ask_now(world: World) -> Call:
    """Of somebody who does not want to be asked."""
    directory = await objects.make_directory(world, {})
    contact = await objects.make_contact(world, {"directory": directory})
    path = f"{V1}/directories/{directory}/contacts/{contact}/subscription"
    await world.api.put(path, {"subscribed": False})
    people = (await world.api.get(f"{V1}/directories/{directory}/contacts"))[0]["email"]
    survey = await objects.make_survey(world, {})
    return _json(f"{V1}/ask-now", {"directory": directory, "survey": survey, "people": people})


async def _primary_user(world: World) -> Call:
    person = fresh_name("user")
    system = {"name": fresh_name("system"), "users": [{"user_id": person, "is_primary": True}]}
    taken = await world.api.put(f"{V1}/systems", {"systems": [system]})
    path = f"{V1}/systems/{taken['systems'][0]['system_id']}/primary-user"
    return _json(path, {"user_id": None})


async def _oauth_client(world: World) -> Call:
    person = await objects.make_person(world, {})
    body = {"name": fresh_name("client"), "person": person, "scopes": ["read:users"]}
    return _json(f"{V1}/oauth-clients", body)


async def _v3_transactions(world: World) -> Call:
    directory = await objects.make_directory(world, {})
    contact = await objects.make_contact(world, {"directory": directory})
    one = {"contactId": contact, "transactionDate": "2026-11-29 08:00:00", "data": {"ticket": "1"}}
    return _json(f"/API/v3/directories/{directory}/transactions", {"k1": one})


async def _given(world: World) -> tuple[str, str]:
    """A survey, and a response to it that is nobody's."""
    survey = await objects.make_survey(world, {})
    made = await world.api.post(f"/API/v3/surveys/{survey}/responses", {"values": {}})
    return survey, str(made["result"]["responseId"])


def _counted(world: World) -> Settled:
    async def ask(answer: httpx2.Response) -> bool:
        query = select(jobs.c.id).where(jobs.c.kind == RESPONSE_RECORDED).limit(1)
        return await world.ports.db.read(lambda conn: conn.execute(query).first()) is None

    return ask


async def _v3_amend(world: World) -> Call:
    survey, response = await _given(world)
    return _json(f"/API/v3/responses/{response}", {"surveyId": survey, "embeddedData": {"team": "blue"}})


async def _v3_delete(world: World) -> Call:
    survey, response = await _given(world)
    return Call(f"/API/v3/surveys/{survey}/responses/{response}", {}, _counted(world))


async def _v3_amend_many(world: World) -> Call:
    survey, response = await _given(world)
    updates = [{"responseId": response, "embeddedData": {"team": "blue"}}]
    return _json(f"/API/v3/surveys/{survey}/update-responses", {"updates": updates})


async def _v3_delete_many(world: World) -> Call:
    survey, response = await _given(world)
    body = {"deletes": [{"responseId": response}]}
    return _json(f"/API/v3/surveys/{survey}/delete-responses", body, _counted(world))


async def _waiting(world: World, trigger: dict[str, Any]) -> str:
    task = {"id": "t1", "type": "wait", "form": {"amount": "1", "unit": "hours"}}
    body = {"name": fresh_name("workflow"), "trigger": trigger, "tasks": [task]}
    return str((await world.api.post(f"{V1}/workflows", body))["id"])


def _no_run_goes_on(world: World, workflow: str, least: int = 0) -> Settled:
    async def ask(answer: httpx2.Response) -> bool:
        runs = await _runs(world, workflow)
        return len(runs) >= least and all(one["ended_at"] for one in runs)

    return ask


async def _runs(world: World, workflow: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await world.api.get(f"{V1}/workflows/{workflow}/runs")
    return found


async def _directory_of(world: World, wanted: str) -> str:
    for directory in await world.api.get(f"{V1}/directories"):
        listed = await world.api.get(f"{V1}/directories/{directory['id']}/mailing-lists")
        if any(one["id"] == wanted for one in listed):
            return str(directory["id"])
    raise AssertionError(f"{wanted} is in no directory")


OWN_CALLS: Mapping[str, MakeCall] = {
    "POST /api/v1/mailing-lists/{mailing_list}/members": _members,
    "PATCH /api/v1/mailing-lists/{mailing_list}/members": _private,
    "POST /api/v1/directories/{directory}/contacts:merge": _merge,
    "POST /api/v1/directories/{directory}/fields/undeclare": _undeclare,
    "POST /api/v1/directories/{directory}/samples": _sample,
    "POST /api/v1/domain-keys": _domain_key,
    "POST /api/v1/library-messages": _message,
    "POST /api/v1/mail-templates": _mail_template,
    "POST /api/v1/suppressions": _suppress,
    "POST /api/v1/suppressions/lift": _lift,
    "POST /api/v1/privacy/erasures": _erase,
    "POST /api/v1/surveys/qsf": _qsf,
    "POST /api/v1/workflows/{workflow}/owner": _owner,
    "POST /api/v1/runs/{run}/retry": _retry,
    "POST /api/v1/runs/{run}/cancel": _cancel,
    "POST /api/v1/workflows/{workflow}/test-event": _test_event,
    "POST /api/v1/workflows/{workflow}/schedule/run": _schedule,
    "POST /api/v1/ask-now": _ask_now,
    "PUT /api/v1/systems/{system_id}/primary-user": _primary_user,
    "POST /api/v1/oauth-clients": _oauth_client,
    "POST /API/v3/directories/{directory}/transactions": _v3_transactions,
    "PUT /API/v3/responses/{response_id}": _v3_amend,
    "DELETE /API/v3/surveys/{survey_id}/responses/{response_id}": _v3_delete,
    "POST /API/v3/surveys/{survey_id}/update-responses": _v3_amend_many,
    "POST /API/v3/surveys/{survey_id}/delete-responses": _v3_delete_many,
}
