"""A body with which a route changes something: for the walk that looks for the change in the audit trail.

``CHANGES``: name of the route → who makes its body. ``MOVES_NOTHING``: routes of the API that change nothing of a tenant's
configuration, each with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.edges.matrix import objects
from tests.edges.matrix.bodies import NOTIFICATION, SUBSCRIPTION, SURVEY
from tests.edges.matrix.objects import fresh_name
from tests.edges.matrix.world import PASSWORD, World

Body = Mapping[str, Any]
MakeBody = Callable[[World], Awaitable[Body]]
QUESTION = "a question with a body"
MACHINE = "what machines tell of themselves, thousands of times a day; not configuration"


def _same(**body: Any) -> MakeBody:
    async def make(world: World) -> Body:
        return body

    return make


def _named(**more: Any) -> MakeBody:
    async def make(world: World) -> Body:
        return {"name": fresh_name("change"), **more}

    return make


async def _members(world: World) -> Body:
    return {"add": [await objects.make_system(world, {})]}


async def _window(world: World) -> Body:
    begin = world.ports.clock.now() + timedelta(days=1)
    span = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=1)).isoformat()}
    return {"name": fresh_name("window"), "group_id": await objects.make_group(world, {}), **span}


async def _silence(world: World) -> Body:
    window = await _window(world)
    return {
        "comment": window["name"],
        **{name: window[name] for name in ("starts_at", "ends_at", "group_id")},
    }


async def _inhibition(world: World) -> Body:
    cause = await objects.make_notification(world, {})
    return {"cause": cause, "symptoms": [await objects.make_notification(world, {})]}


async def _notification(world: World) -> Body:
    group = await objects.make_group(world, {})
    return {**NOTIFICATION, "name": fresh_name("notification"), "group_id": group}


async def _pulse(world: World) -> Body:
    group = await objects.make_group(world, {})
    return {
        "name": fresh_name("pulse"),
        "sensors": ["High Page Faults"],
        "group_id": group,
        "threshold": "1000",
    }


async def _contacts(world: World) -> Body:
    return {"contacts": [{"email": f"{fresh_name('x').replace(' ', '.')}@zebra.example"}]}


async def _workflow(world: World) -> Body:
    trigger = {"type": "json_event", "form": {}}
    return {"name": fresh_name("workflow"), "trigger": trigger, "tasks": world.tasks}


async def _scim_user(world: World) -> Body:
    return {"userName": fresh_name("user")}


async def _document(world: World) -> Body:
    recipient = f"{fresh_name('desk')}: {{type: User, connection: Email, email: a@b.example}}"
    return {"document": f"opulse_configuration: 1\nrecipients:\n  {recipient}\n"}


async def _new_person(world: World) -> Body:
    return {"email": f"{fresh_name('x').replace(' ', '.')}@zebra.example", "name": "Zoe", "role": "viewer"}


RECIPIENT = {"recipient_type": "User", "connection": "Email", "email": "a@b.example"}
ACCOUNT = {"fields": {"api_token": "x", "systrack_api_account": "y"}}
CHANGES: Mapping[str, MakeBody] = {
    "POST /API/v3/eventsubscriptions": _same(**SUBSCRIPTION),
    "POST /API/v3/directories/{directory}/mailinglists/{mailing_list}/transactioncontacts": _same(
        contacts=[{"email": "brought.again@acme.example"}]
    ),
    "PATCH /api/v1/tenant": _same(confirm_above=2_001),
    "POST /api/v1/service-accounts": _named(),
    "POST /api/v1/service-accounts/{account}/rotate": _same(),
    "POST /api/v1/keys": _named(kind="systems"),
    "POST /api/v1/keys/{key}/regenerate": _same(),
    "POST /api/v1/groups": _named(members=[]),
    "PUT /api/v1/groups/{group_id}": _named(),
    "PUT /api/v1/groups/{group_id}/members": _members,
    "POST /scim/v2/Users": _scim_user,
    "PUT /scim/v2/Users/{user_id}": _scim_user,
    "PATCH /api/v1/sensors/{name:path}": _same(enabled=False),
    "POST /api/v1/sensors": _named(),
    "POST /api/v1/recipients": _named(**RECIPIENT),
    "PUT /api/v1/recipients/{recipient_id}": _named(**RECIPIENT),
    "POST /api/v1/maintenance-windows": _window,
    "POST /api/v1/notifications": _notification,
    "PUT /api/v1/notifications/{notification_id}": _notification,
    "POST /api/v1/silences": _silence,
    "POST /api/v1/pulses": _pulse,
    "PUT /api/v1/pulses/{pulse_id}": _pulse,
    "POST /api/v1/pulses/{pulse_id}/keep": _same(part="notification"),
    "POST /api/v1/inhibitions": _inhibition,
    "POST /api/v1/sources": _named(kind="fleet"),
    "PUT /api/v1/sources/{source_id}": _named(kind="fleet"),
    "POST /api/v1/directories": _named(),
    "POST /api/v1/directories/{directory}/contacts:bulk": _contacts,
    "PATCH /api/v1/directories/{directory}/contacts/{contact}": _same(first_name="Other"),
    "POST /api/v1/directories/{directory}/mailing-lists": _named(),
    "POST /api/v1/surveys": _named(template="recommended"),
    "PUT /api/v1/surveys/{survey_id}": _same(**SURVEY),
    "POST /api/v1/extensions/{name}/install": _same(domains=["127.0.0.1", "zebra.example"]),
    "POST /api/v1/extensions/{name}/accounts": _named(**ACCOUNT),
    "POST /api/v1/workflows": _workflow,
    "PUT /api/v1/workflows/{workflow}": _workflow,
    "POST /api/v1/configuration/import": _document,
    "POST /admin/people/new": _new_person,
    "POST /admin/service-accounts": _named(),
    "POST /admin/service-accounts/{account}/rotate": _same(hours="24"),
    "POST /admin/api-keys/new": _named(kind="systems", days="7"),
    "POST /admin/tenant": _same(name="Acme", allow_list="", cap_per_activation="9000", confirm_above="2002"),
    "POST /groups/new": _named(),
    "POST /groups/{group_id}/name": _named(),
    "POST /sensors/new": _named(category="Ours", severity="5"),
    "POST /directory": _named(),
    "POST /directory/{directory}/lists": _named(),
    "POST /account/password": _same(current=PASSWORD, password="another password", again="another password"),
}

MOVES_NOTHING: Mapping[str, str] = {
    "POST /api/v1/segments/{mailing_list}/refresh": "its rule is asked again, which the segment does by itself too",
    "POST /API/v3/surveys/{survey_id}/export-responses": "so few answered that no file is made: tests/flows/api_v3",
    "POST /API/v3/directories/{directory}/contacts/search": QUESTION,
    "POST /API/v3/distributions": "needs a list and a live survey: tests/flows/api_v3/test_distributions.py",
    "DELETE /API/v3/distributions/{distribution}": "the incident's distribution is over",
    "POST /API/v3/distributions/{distribution}/thankyous": "one is planned already, or its time is over",
    "POST /API/v3/distributions/{distribution}/reminders": "as many are planned as may be",
    "POST /API/v3/surveys": "its body is a file: tests/flows/api_v3/test_surveys.py",
    "POST /API/v3/survey-definitions": "the same tests",
    "POST /API/v3/survey-definitions/{survey_id}/questions": "the same tests",
    "PUT /API/v3/survey-definitions/{survey_id}/questions/{question}": "the same tests",
    "PUT /API/v3/survey-definitions/{survey_id}/flow": "the same tests",
    "PUT /API/v3/survey-definitions/{survey_id}/options": "the same tests",
    "POST /API/v3/survey-definitions/{survey_id}/versions": "it is published",
    "DELETE /API/v3/surveys/{survey_id}": "refused: surveys are not deleted",
    "DELETE /API/v3/survey-definitions/{survey_id}": "refused: surveys are not deleted",
    "POST /api/v1/ask-now/preview": QUESTION,
    "POST /api/v1/directories/{directory}/segments/preview": QUESTION,
    "POST /api/v1/privacy/erasures/preview": QUESTION,
    "PUT /api/v1/systems": MACHINE,
    "POST /api/v1/systems/imports": "a file is taken by a job, which writes the row: tests/stores/test_systems_imports.py",
    "POST /api/v1/directories/{directory}/imports": "the same: tests/stores/test_directory_files.py",
    "POST /api/v1/systems/{system_id}/restore": "the system is not retired",
    "POST /api/v1/sensor-states": MACHINE,
    "POST /api/v1/sources/{source_id}/receive": MACHINE,
    "POST /api/v1/sources/prometheus-rules": "its body is a rule file: tests/flows/test_sources_api.py",
    "POST /api/v1/groups/preview": QUESTION,
    "POST /api/v1/notifications/preview": QUESTION,
    "POST /api/v1/silences/preview": QUESTION,
    "POST /api/v1/pulses/preview": QUESTION,
    "POST /api/v1/sources/preview": QUESTION,
    "POST /api/v1/replays": QUESTION,
    "POST /api/v1/systrack-names": "it asks a SysTrack, and there is none: tests/flows/test_systrack_names.py",
    "POST /api/v1/doctor/mends": "no finding offers the button: tests/flows/doctor/test_doctor_mending.py",
    "POST /api/v1/recipients/test": "a test tells somebody else, and changes nothing here",
    "POST /api/v1/recipients/{recipient_id}/test": "the same",
    "POST /api/v1/recipients/{recipient_id}/rotate-secret": "it signs nothing: tests/unit/monitoring/recipients",
    "POST /api/v1/recipients/{recipient_id}/end-overlap": "no overlap runs: the same tests",
    "POST /api/v1/recipients/{recipient_id}/enable": "it is enabled",
    "POST /api/v1/recipients/{recipient_id}/send-again": "nothing failed",
    "POST /api/v1/activations/{activation_id}/resolve": "the walk has dismissed it before",
    "POST /api/v1/surveys/{survey_id}/publish": "it is published",
    "POST /api/v1/distributions/{distribution}/pause": "the incident's distribution is over",
    "POST /api/v1/distributions/{distribution}/resume": "the same",
    "POST /api/v1/distributions/{distribution}/cancel": "the same",
    "POST /api/v1/distributions/{distribution}/confirm": "the same",
    "POST /api/v1/mail-switch": "it would stop the incident's mail: tests/flows/test_distributions_console.py",
}
