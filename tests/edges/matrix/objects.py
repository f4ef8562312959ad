"""Real objects of Acme for path parameters, made through the API where the API makes them.

``MAKERS``: the end of a path, up to and with its parameter, → who makes the object. The longest end that fits counts. A new path
parameter needs a line here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from opulse.cli.demo.procedures import webhook
from opulse.experience.api_v3.api.users import stable_id, user_id
from opulse.experience.api_v3.flow.responses import find_export, start_export
from opulse.experience.api_v3.rules.owners import library_id
from opulse.experience.api_v3.rules.responses import read_export
from opulse.experience.directory.flow.importing import receive_file
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.responses.store.tables import responses
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.flow import save_look
from opulse.experience.surveys.models import Look
from opulse.jobs import enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import bury
from opulse.mail.shell import STARTER
from opulse.monitoring.systems.flow.importing import Wanted
from opulse.monitoring.systems.flow.importing import receive_file as receive_system_file
from opulse.monitoring.systems.flow.people import create_person
from opulse.monitoring.systems.models import FileFormat, ImportKind, PersonEntry
from opulse.tenancy import views
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.flow.service_accounts import create_account
from opulse.web.roles import Role
from opulse.wire.identifiers import Prefix, new_ids
from tests.edges.matrix.bodies import DELETES, SUBSCRIPTION, UPDATES
from tests.edges.matrix.world import MARK, PASSWORD, World, sign_in, until

Found = Mapping[str, str]  # the parameters of the path that were found so far
Maker = Callable[[World, Found], Awaitable[str]]

_numbers = count(1)


def fresh_name(what: str) -> str:
    return f"{MARK} {what} {next(_numbers)}"


async def make_system(world: World, found: Found) -> str:
    taken = await world.api.put("/api/v1/systems", {"systems": [{"name": fresh_name("system"), "users": []}]})
    return str(taken["systems"][0]["system_id"])


async def make_group(world: World, found: Found) -> str:
    body = {"name": fresh_name("group"), "members": [await make_system(world, found)]}
    return str((await world.api.post("/api/v1/groups", body))["group_id"])


async def make_sensor(world: World, found: Found) -> str:
    """Its name, by which the API knows it."""
    return str((await world.api.post("/api/v1/sensors", {"name": fresh_name("sensor")}))["name"])


async def make_sensor_id(world: World, found: Found) -> str:
    return str((await world.api.post("/api/v1/sensors", {"name": fresh_name("sensor")}))["sensor_id"])


async def make_recipient(world: World, found: Found) -> str:
    """A webhook that leads to a route of our own which takes no such request."""
    body = webhook(f"{world.url}/healthz", "a token") | {"name": fresh_name("recipient")}
    return str((await world.api.post("/api/v1/recipients", body))["recipient_id"])


async def make_notification(world: World, found: Found) -> str:
    body = {
        "name": fresh_name("notification"),
        "sensors": [{"name": "High Page Faults"}],
        "group_id": await make_group(world, found),
        "activation": {"option": "number", "value": 1_000},
        "recipients": [await make_recipient(world, found)],
    }
    return str((await world.api.post("/api/v1/notifications", body))["notification_id"])


async def make_silence(world: World, found: Found) -> str:
    now = world.ports.clock.now()
    body = {
        "comment": fresh_name("silence"),
        "notification_id": await make_notification(world, found),
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    return str((await world.api.post("/api/v1/silences", body))["silence_id"])


async def make_pulse(world: World, found: Found) -> str:
    body = {
        "name": fresh_name("pulse"),
        "sensors": ["High Page Faults"],
        "group_id": await make_group(world, found),
        "threshold": "1000",
    }
    return str((await world.api.post("/api/v1/pulses", body))["pulse_id"])


async def make_window(world: World, found: Found) -> str:
    """Tomorrow: nothing of now is hidden by it."""
    begin = world.ports.clock.now() + timedelta(days=1)
    body = {
        "name": fresh_name("window"),
        "group_id": await make_group(world, found),
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(hours=1)).isoformat(),
    }
    return str((await world.api.post("/api/v1/maintenance-windows", body))["window_id"])


async def make_inhibition(world: World, found: Found) -> str:
    cause, symptom = await make_notification(world, found), await make_notification(world, found)
    body = {"cause": cause, "symptoms": [symptom]}
    return str((await world.api.post("/api/v1/inhibitions", body))["inhibition_id"])


async def find_activation(world: World, found: Found) -> str:
    return world.activation


async def find_delivery(world: World, found: Found) -> str:
    told = await world.api.get(f"/api/v1/activations/{world.activation}/deliveries")
    return str(_only(told)[0]["delivery_id"])


async def make_directory(world: World, found: Found) -> str:
    return str((await world.api.post("/api/v1/directories", {"name": fresh_name("directory")}))["id"])


async def make_list(world: World, found: Found) -> str:
    directory = found.get("directory") or await make_directory(world, found)
    made = await world.api.post(
        f"/api/v1/directories/{directory}/mailing-lists", {"name": fresh_name("list")}
    )
    return str(made["id"])


async def make_import(world: World, found: Found) -> str:
    """A file of one contact, for the directory in the path."""

    async def file() -> AsyncIterator[bytes]:
        yield f"Email,LastName\n{MARK}.{next(_numbers)}@zebra.example,{MARK}\n".encode()

    where = Destination(world.acme.tenant.id, found["directory"], "", raise_events=False)
    return (await receive_file(world.ports, where, file(), "test")).id


async def make_system_import(world: World, found: Found) -> str:
    """A file of one system."""

    async def file() -> AsyncIterator[bytes]:
        yield f"name,site\n{fresh_name('imported')},{MARK}\n".encode()

    wanted = Wanted(world.acme.tenant.id, ImportKind.DEVICES, FileFormat.CSV, "test")
    return (await receive_system_file(world.ports, wanted, file())).id


async def make_scim_user(world: World, found: Found) -> str:
    entry = PersonEntry(fresh_name("person"), email=f"{MARK}.{next(_numbers)}@zebra.example")
    return (await create_person(world.ports, world.acme.tenant.id, entry, "test")).id


async def make_contact(world: World, found: Found) -> str:
    directory = found.get("directory") or await make_directory(world, found)
    email = f"{MARK}.{next(_numbers)}@zebra.example"
    contact = {"first_name": "Zoe", "last_name": MARK, "email": email}
    path = f"/api/v1/directories/{directory}/contacts"
    await world.api.post(f"{path}:bulk", {"contacts": [contact]})
    return str(_only(await world.api.get(path, search=email))[0]["id"])


async def make_member(world: World, found: Found) -> str:
    """A contact on the list in the path."""
    contact = await make_contact(world, found)
    members = {"contacts": [contact]}
    await world.api.post(f"/api/v1/mailing-lists/{found['mailing_list']}/members", members)
    return contact


async def make_segment(world: World, found: Found) -> str:
    directory = found.get("directory") or await make_directory(world, found)
    body = {"name": fresh_name("segment"), "rule": f"lastName = {MARK}"}
    made = str((await world.api.post(f"/api/v1/directories/{directory}/segments", body))["id"])

    async def filled() -> str | None:
        listed = await world.api.get(f"/api/v1/directories/{directory}/mailing-lists")
        return next((made for one in listed if one["id"] == made and one["refreshed_at"]), None)

    return str(await until("segment", filled))


async def make_form(world: World, found: Found) -> str:
    """Of a file of contacts."""
    return "csv"


async def make_transaction(world: World, found: Found) -> str:
    contact = await make_contact(world, found)
    path = f"/api/v1/directories/{found['directory']}/transactions"
    row = {"contact": contact, "transaction_date": "2026-11-29T08:00:00Z", "data": {"note": MARK}}
    await world.api.post(path, {"transactions": [row]})
    return str((await world.api.get(path, contact=contact))[0]["id"])


async def make_erasure(world: World, found: Found) -> str:
    """Of somebody whom nobody knows."""
    body = {"keys": [f"{MARK}.{next(_numbers)}@nowhere.example"]}
    made = str((await world.api.post("/api/v1/privacy/erasures", body))["id"])

    async def done() -> str | None:
        return made if (await world.api.get(f"/api/v1/privacy/erasures/{made}"))["state"] == "done" else None

    return str(await until("erasure", done))


async def make_survey(world: World, found: Found) -> str:
    body = {"name": fresh_name("survey"), "template": "recommended"}
    made = await world.api.post("/api/v1/surveys", body)
    await world.api.post(f"/api/v1/surveys/{made['survey_id']}/publish")
    return str(made["survey_id"])


async def make_response(world: World, found: Found) -> str:
    """One of five people who answered the survey in the path: fewer are not shown."""
    now = world.ports.clock.now()
    rows = [
        {
            "tenant": world.acme.tenant.id, "id": one, "invitation": one, "individual": True, "distribution": "EMD_1",
            "survey": found["survey_id"], "version": 1, "activation": "", "state": "recorded", "quarantine": "",
            "answers": {"QID1": "1"}, "language": "en", "revision": 1, "counted": 1, "started_at": now,
            "updated_at": now, "recorded_at": now,
        }
        for one in new_ids(Prefix.RESPONSE, 5)
    ]  # fmt: skip
    await world.ports.db.write(lambda conn: conn.execute(insert(responses), rows) and None)
    return str(rows[0]["id"])


async def name_question(world: World, found: Found) -> str:
    return recommended_pulse().questions[0].id


async def name_block(world: World, found: Found) -> str:
    return recommended_pulse().blocks[0].id


async def name_colour(world: World, found: Found) -> str:
    return "0b5cad"


async def make_logo(world: World, found: Found) -> str:
    pixel = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    look = await save_look(world.ports, world.acme.tenant.id, Look(), ("image/png", pixel), "test")
    return str(look.logo)


async def make_workflow(world: World, found: Found) -> str:
    """With the tasks of the incident's own."""
    document = {
        "name": fresh_name("workflow"),
        "trigger": {"type": "json_event", "form": {}},
        "tasks": world.tasks,
    }
    return str((await world.api.post("/api/v1/workflows", document))["id"])


async def find_task(world: World, found: Found) -> str:
    """The id of the workflow's first task."""
    workflow = await world.api.get(f"/api/v1/workflows/{found['workflow']}")
    return str(workflow["document"]["tasks"][0]["id"])


async def make_run(world: World, found: Found) -> str:
    """Of the workflow in the path; it has ended."""
    workflow = await world.api.get(f"/api/v1/workflows/{found['workflow']}")
    await world.nobody.client.post(workflow["trigger_url"], json={})

    async def ended() -> str | None:
        runs = await world.api.get(f"/api/v1/workflows/{found['workflow']}/runs")
        return next((str(run["id"]) for run in runs if run["ended_at"]), None)

    return str(await until("run", ended))


async def make_hold(world: World, found: Found) -> str:
    """Of the workflow in the path."""
    body = {"name": fresh_name("hold"), "from_at": "2099-01-01T00:00:00Z", "until_at": "2099-01-02T00:00:00Z"}
    return str((await world.api.post(f"/api/v1/workflows/{found['workflow']}/holds", body))["id"])


async def first_revision(world: World, found: Found) -> str:
    return "1"


async def find_run(world: World, found: Found) -> str:
    for workflow in await world.api.get("/api/v1/workflows"):
        runs = await world.api.get(f"/api/v1/workflows/{workflow['id']}/runs")
        if runs:
            return str(runs[0]["id"])
    raise AssertionError("nothing ran")


async def find_distribution(world: World, found: Found) -> str:
    return str((await world.api.get("/api/v1/distributions", activation=world.activation))[0]["id"])


async def make_follow_up(world: World, found: Found) -> str:
    """A reminder of the distribution in the path; it takes three at most, so a known one is taken again."""
    path = f"/api/v1/distributions/{found['distribution']}/follow-ups"
    known = await world.api.get(path)
    if known:
        return str(known[0]["id"])
    return str((await world.api.post(path, {"kind": "reminder", "after_minutes": 500}))["id"])


async def make_message(world: World, found: Found) -> str:
    body = {"name": fresh_name("message"), "category": "invite", "texts": {"en": {"subject": "Slow?"}}}
    return str((await world.api.post("/api/v1/library-messages", body))["id"])


async def make_mail_template(world: World, found: Found) -> str:
    made = await world.api.post("/api/v1/mail-templates", {"name": fresh_name("look"), "source": STARTER})
    return str(made["id"])


async def make_domain_key(world: World, found: Found) -> str:
    body = {"domain": "zebra.example", "selector": f"s{next(_numbers)}", "algorithm": "ed25519"}
    return str((await world.api.post("/api/v1/domain-keys", body))["id"])


async def find_link(world: World, found: Found) -> str:
    return world.link


async def make_person(world: World, found: Found) -> str:
    email = f"{MARK}.{next(_numbers)}@zebra.example"
    person = await add_person(
        world.ports, world.acme.tenant.id, email, f"Zoe {MARK}", Role.VIEWER, PASSWORD, "test"
    )
    return person.id


async def make_session(world: World, found: Found) -> str:
    """Of the person in the path."""
    person = await world.ports.db.read(views.find_person, world.acme.tenant.id, found["person"])
    assert person is not None
    return await _open_session(world, person.email)


async def make_own_session(world: World, found: Found) -> str:
    """Of Acme's administrator, in another browser."""
    return await _open_session(world, world.acme.address_of("admin"))


async def _open_session(world: World, email: str) -> str:
    world.nobody.client.cookies.clear()
    await sign_in(world.nobody.client, email)
    world.nobody.client.cookies.clear()
    sessions = await world.ports.db.read(views.list_tenant_sessions, world.acme.tenant.id)
    return max((one for one, owner in sessions if owner == email), key=lambda one: one.created_at).id


async def make_key(world: World, found: Found) -> str:
    made = await world.api.post("/api/v1/keys", {"kind": "systems", "name": fresh_name("key")})
    return str(made["id"])


async def make_service_account(world: World, found: Found) -> str:
    account, _ = await create_account(world.ports, world.acme.tenant.id, fresh_name("account"), "test")
    return account.id


async def make_dead_job(world: World, found: Found) -> str:
    """A job that was given up. Its queue is nobody's, so that nobody takes it."""
    tenant, queue = world.acme.tenant.id, f"matrix {next(_numbers)}"
    now = world.ports.clock.now()

    def unit(conn: Connection) -> int:
        enqueue(conn, tenant, "nobody.handles", {}, queue=queue)
        job = claim_due(conn, queue, "matrix", now, timedelta(minutes=1), 1)[0]
        bury(conn, job, f"{MARK} went wrong")
        return job.id

    return str(await world.ports.db.write(unit))


async def make_source(world: World, found: Found) -> str:
    body = {"kind": "fleet", "name": fresh_name("source")}
    return str((await world.api.post("/api/v1/sources", body))["source_id"])


def _only(answer: Any) -> Any:
    """The list in an answer, bare or as the one list of an object."""
    if isinstance(answer, list):
        return answer
    return next(value for value in answer.values() if isinstance(value, list))


async def make_oauth_client(world: World, found: Found) -> str:
    person = await make_person(world, found)
    body = {"name": fresh_name("client"), "person": person, "scopes": ["read:users"]}
    return str((await world.api.post("/api/v1/oauth-clients", body))["client_id"])


async def make_user(world: World, found: Found) -> str:
    """Somebody as the API v3 names them."""
    return user_id(await make_person(world, found))


async def find_organization(world: World, found: Found) -> str:
    return world.acme.tenant.client_id


async def find_division(world: World, found: Found) -> str:
    return stable_id("DV", world.acme.tenant.guid)


async def find_library(world: World, found: Found) -> str:
    return library_id(world.acme.tenant.id)


async def make_export(world: World, found: Found) -> str:
    """Of a survey that five people answered: of fewer there is none."""
    await make_response(world, found)
    made = await start_export(
        world.ports,
        world.acme.tenant.id,
        found["survey_id"],
        read_export({"format": "csv"}, world.ports.clock.now()),
        "test",
    )
    return made.id


async def make_export_file(world: World, found: Found) -> str:
    survey, tenant = found["survey_id"], world.acme.tenant.id
    progress = await make_export(world, found)
    return (await find_export(world.ports, tenant, survey, progress=progress)).file


async def make_subscription(world: World, found: Found) -> str:
    made = await world.api.post("/API/v3/eventsubscriptions", SUBSCRIPTION)
    return str(made["result"]["id"])


async def make_batch(world: World, found: Found) -> str:
    directory = found.get("directory") or await make_directory(world, found)
    made = await world.api.post(f"/API/v3/directories/{directory}/transactionbatches", {})
    return str(made["result"]["id"])


async def make_batched(world: World, found: Found) -> str:
    transaction = await make_transaction(world, found)
    path = f"/API/v3/directories/{found['directory']}/transactionbatches/{found['batch']}/transactions"
    await world.api.post(path, {"transactionIds": [transaction]})
    return transaction


async def make_contact_import(world: World, found: Found) -> str:
    listed = found.get("mailing_list") or await make_list(world, found)
    path = f"/API/v3/directories/{found['directory']}/mailinglists/{listed}/transactioncontacts"
    made = await world.api.post(path, {"contacts": [{"email": "brought@acme.example"}]})
    return str(made["result"]["id"])


async def make_updates(world: World, found: Found) -> str:
    path = f"/API/v3/surveys/{found['survey_id']}/update-responses"
    return str((await world.api.post(path, UPDATES))["result"]["progressId"])


async def make_deletes(world: World, found: Found) -> str:
    path = f"/API/v3/surveys/{found['survey_id']}/delete-responses"
    return str((await world.api.post(path, DELETES))["result"]["progressId"])


async def make_any_response(world: World, found: Found) -> str:
    """Of a survey that the path does not name."""
    return await make_response(world, {"survey_id": await make_survey(world, {})})


MAKERS: Mapping[str, Maker] = {
    "{batch}": make_batch,
    "/transactionbatches/{batch}/transactions/{transaction}": make_batched,
    "{contact_import}": make_contact_import,
    "/update-responses/{change}": make_updates,
    "/delete-responses/{change}": make_deletes,
    "/API/v3/responses/{response_id}": make_any_response,
    "{subscription}": make_subscription,
    "{library_name}": find_library,
    "{export_id}": make_export,
    "{export_file}": make_export_file,
    "{question}": name_question,
    "{block}": name_block,
    "{oauth_client}": make_oauth_client,
    "/API/v3/users/{person}": make_user,
    "{organization}": find_organization,
    "{division}": find_division,
    "/mailinglists/{mailing_list}/contacts/{contact}": make_member,
    "{system_id}": make_system,
    "{group_id}": make_group,
    "/sensors/{name}": make_sensor,
    "{sensor_id}": make_sensor_id,
    "{recipient_id}": make_recipient,
    "{notification_id}": make_notification,
    "{silence_id}": make_silence,
    "{pulse_id}": make_pulse,
    "{window_id}": make_window,
    "{inhibition_id}": make_inhibition,
    "{activation_id}": find_activation,
    "{activation}": find_activation,
    "{delivery_id}": find_delivery,
    "{directory}": make_directory,
    "{mailing_list}": make_list,
    "/segments/{mailing_list}": make_segment,
    "/export.{form}": make_form,
    "{transaction}": make_transaction,
    "{erasure}": make_erasure,
    "/import/{import_id}": make_import,
    "{contact}": make_contact,
    "{import_id}": make_import,
    "/systems/imports/{import_id}": make_system_import,
    "/systems/import/{import_id}": make_system_import,
    "/scim/v2/Users/{user_id}": make_scim_user,
    "/lists/{mailing_list}/members/{contact}": make_member,
    "{survey_id}": make_survey,
    "{question_id}": name_question,
    "{block_id}": name_block,
    "{colour}": name_colour,
    "{logo}": make_logo,
    "{response_id}": make_response,
    "{workflow}": make_workflow,
    "{task}": find_task,
    "{hold}": make_hold,
    "/revisions/{number}": first_revision,
    "/workflows/{workflow}/runs/{run}": make_run,
    "{run}": find_run,
    "{distribution}": find_distribution,
    "{follow_up}": make_follow_up,
    "{message}": make_message,
    "{template}": make_mail_template,
    "{domain_key}": make_domain_key,
    "{token}": find_link,
    "{person}": make_person,
    "/people/{person}/sessions/{session}": make_session,
    "/account/sessions/{session}": make_own_session,
    "{key}": make_key,
    "/service-accounts/{account}": make_service_account,
    "{job}": make_dead_job,
    "{source_id}": make_source,
}
