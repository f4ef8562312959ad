"""An installation with as many workplaces as a measurement wants, made by the public API and the guide's procedures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.procedures import distribute_survey, recipient_workflow, webhook
from opulse.settings import load_settings
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.wire.sensor_states import StateBatch, StateChange, encode_batch

SENSORS = (
    ("Application Hang", "High Retransmission Rate"),
    ("Memory Leak", "Handle Leak"),
    ("Total CPU Usage", "Percentage Disk Time"),
    ("Low Available Disk Space", "CPU Throttling"),
)
"""Of the first incident, the second, and so on: one estate has several, each with its own survey."""
INSTANCES = {"Application Hang": "outlook.exe"}
DOMAIN = "acme.example"
LANGUAGES = ("en", "de", "ar")
AT_ONCE = 500
MEMBERS_AT_ONCE = 10_000
MOST = 2_000_000  # people that one activation may ask here: the caps are not what is measured


@dataclass(frozen=True)
class Watched:
    """Systems that one notification watches, the sensors it wants on all of them, and its id."""

    systems: tuple[str, ...]
    sensors: tuple[str, ...]
    notification: str


async def make_tenant(data: Path, **options: Any) -> str:
    """What ``opulse init`` does to an empty database, and the secret of a key for the API. Nothing may run on it yet."""
    ports = await open_ports(load_settings(data, **options), "http://127.0.0.1")
    try:
        await migrate(ports.db)
        tenant = await create_tenant(ports, "Acme", "bench")
        return (await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "bench", "bench"))[1]
    finally:
        await close_ports(ports)


async def make_estate(api: ApiClient, sizes: Sequence[int]) -> list[Watched]:
    """As many systems with one user each as the largest of ``sizes`` says, and everything the guide wants.

    For each size one notification on the first so many systems, which activates when all of them are in trouble.
    """
    systems = await _register(api, max(sizes))
    directory, mailing_list = await _make_directory(api, max(sizes))
    trigger_url = await _make_recipient_workflow(api, directory, mailing_list)
    key = await api.post("/api/v1/keys", {"kind": "integration", "name": "Webhook"})
    recipient = await api.post("/api/v1/recipients", webhook(trigger_url, key["secret"]))
    made = []
    for size, sensors in zip(sizes, SENSORS, strict=False):
        await _make_survey_workflow(api, directory, mailing_list, sensors)
        watched = tuple(systems[:size])
        notification = await _make_notification(api, watched, sensors, recipient["recipient_id"])
        made.append(Watched(watched, sensors, notification))
    return made


async def _make_notification(
    api: ApiClient, systems: Sequence[str], sensors: Sequence[str], recipient: str
) -> str:
    group = await api.post("/api/v1/groups", {"name": f"The first {len(systems)}"})
    for start in range(0, len(systems), MEMBERS_AT_ONCE):
        part = list(systems[start : start + MEMBERS_AT_ONCE])
        await api.put(f"/api/v1/groups/{group['group_id']}/members", {"add": part})
    body = {
        "name": f"Trouble on {len(systems)}",
        "sensors": [{"name": sensor} for sensor in sensors],
        "group_id": group["group_id"],
        "activation": {"option": "number", "value": len(systems)},
        "recipients": [recipient],
    }
    return str((await api.post("/api/v1/notifications", body))["notification_id"])


async def _register(api: ApiClient, people: int) -> list[str]:
    guids: list[str] = []
    for start in range(0, people, AT_ONCE):
        lines = [_system(number) for number in range(start, min(start + AT_ONCE, people))]
        answer = await api.put("/api/v1/systems", {"systems": lines})
        assert not answer["refused"], answer["refused"][:3]
        guids += [one["system_id"] for one in answer["systems"]]
    return guids


def _system(number: int) -> dict[str, Any]:
    user = {
        "user_id": f"ACME\\user.{number}",
        "email": f"user.{number}@{DOMAIN}",
        "first_name": f"Given{number}",
        "last_name": f"Family{number}",
        "is_primary": True,
        "is_logged_on": True,
    }
    return {"name": f"PC-{number:07}", "users": [user]}


async def _make_directory(api: ApiClient, people: int) -> tuple[str, str]:
    directory = (await api.post("/api/v1/directories", {"name": "People"}))["id"]
    rules = {"rules": [{"kind": "one_per_activation"}]}
    await api.put(f"/api/v1/directories/{directory}/frequency-rules", rules)
    lists = f"/api/v1/directories/{directory}/mailing-lists"
    mailing_list = (await api.post(lists, {"name": "Everybody"}))["id"]
    for start in range(0, people, AT_ONCE):
        contacts = [_contact(number) for number in range(start, min(start + AT_ONCE, people))]
        body = {"contacts": contacts, "mailing_list": mailing_list}
        taken = await api.post(f"/api/v1/directories/{directory}/contacts:bulk", body)
        assert not taken["refused"], taken["refused"][:3]
    limits = {"mail_open": True, "cap_per_activation": MOST, "confirm_above": MOST}
    await api.patch("/api/v1/tenant", limits)
    return directory, mailing_list


def _contact(number: int) -> dict[str, Any]:
    return {
        "first_name": f"Given{number}",
        "last_name": f"Family{number}",
        "email": f"user.{number}@{DOMAIN}",
        "ext_ref": f"ACME\\user.{number}",
        "language": LANGUAGES[number % len(LANGUAGES)],
    }


async def _make_recipient_workflow(api: ApiClient, directory: str, mailing_list: str) -> str:
    """The guide's first workflow and what it needs. Returns the URL of the JSON event."""
    tenant = await api.get("/api/v1/tenant")
    service = await api.post("/api/v1/service-accounts", {"name": "Operational Pulse"})
    host = tenant["cloud_url"].partition(":")[0]
    await api.post("/api/v1/extensions/operational_pulse/install", {"domains": [host]})
    fields = {"api_token": service["password"], "systrack_api_account": service["username"]}
    account = await api.post(
        "/api/v1/extensions/operational_pulse/accounts", {"name": "Service account", "fields": fields}
    )
    document = recipient_workflow(tenant, directory, mailing_list, account["id"])
    return str((await api.post("/api/v1/workflows", document))["trigger_url"])


async def _make_survey_workflow(
    api: ApiClient, directory: str, mailing_list: str, sensors: Sequence[str]
) -> None:
    """The guide's second workflow: whoever has the alarm of ``sensors`` is asked."""
    survey = await api.post("/api/v1/surveys", {"name": f"Pulse: {sensors[0]}", "template": "recommended"})
    await api.post(f"/api/v1/surveys/{survey['survey_id']}/publish")
    conditions = [
        {"field": "lastAlarm", "side": "current", "operator": "contains", "operand": name} for name in sensors
    ]
    trigger = {"directory": directory, "kinds": ["updated", "created"], "embedded_fields": ["lastAlarm"]}
    document = {
        "name": f"Ask about {sensors[0]}",
        "trigger": {"type": "experience_id_change", "form": trigger},
        "conditions": {"mode": "all", "items": conditions},
        "tasks": [
            {
                "type": "xm_directory.distribute_survey",
                "form": distribute_survey(mailing_list, survey["survey_id"]),
            }
        ],
    }
    await api.post("/api/v1/workflows", document)


def batch_of(sensors: Sequence[str], seq: int, systems: Sequence[str], *, triggered: bool = True) -> bytes:
    """A batch of sensor states: every one of ``sensors`` on every one of these systems."""
    changes = [
        StateChange(sensor, triggered, INSTANCES.get(sensor), system=system)
        for system in systems
        for sensor in sensors
    ]
    return encode_batch(StateBatch(str(uuid4()), seq, changes))


async def report(client: httpx2.AsyncClient, batch: bytes) -> None:
    """Send a batch as a gateway does."""
    answer = await client.post(
        "/api/v1/sensor-states", content=batch, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 202, answer.text
    assert not answer.json()["refused"], answer.text[:500]
