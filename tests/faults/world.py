"""What incidents need, made through the public HTTP API by the guide's procedures: one or two installations, no SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
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
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.web.roles import Role
from opulse.wire.sensor_states import StateBatch, StateChange, encode_batch

SENSORS = ("Application Hang", "High Retransmission Rate")
DOMAIN = "acme.example"
ADMINISTRATOR, PASSWORD = f"admin@{DOMAIN}", "a password of some length"
AT_ONCE = 500

AT_ACTIVATION = 54  # systems: the first page of the affected-systems API holds 50
JOIN_LATER = 3
SYSTEMS = AT_ACTIVATION + JOIN_LATER
NOBODYS = 52  # number of the system that nobody uses
SECOND = 53  # number of the system that the user of the first one uses too


@dataclass(frozen=True)
class Incident:
    """A group of systems with a notification of its own. ``first`` report at once, ``later`` after the restart."""

    name: str
    notification: str
    first: tuple[str, ...]
    later: tuple[str, ...]

    @property
    def people(self) -> frozenset[str]:
        """Addresses of everybody who must be asked."""
        systems = len(self.first) + len(self.later)
        return frozenset(address(self.name, number) for number in _asked(systems))


def address(incident: str, number: int) -> str:
    return f"{incident}.{number}@{DOMAIN}"


def make_tenant(data: Path, **options: Any) -> str:
    """What ``opulse init`` does to an empty database, and the secret of a key for the API. Nothing may run on it yet."""
    return asyncio.run(_make_tenant(data, options))


async def _make_tenant(data: Path, options: dict[str, Any]) -> str:
    ports = await open_ports(load_settings(data, **options), "http://127.0.0.1")
    try:
        await migrate(ports.db)
        tenant = await create_tenant(ports, "Acme", "test")
        await add_person(ports, tenant.id, ADMINISTRATOR, "Admin", Role.ADMIN, PASSWORD, "test")
        return (await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "test", "test"))[1]
    finally:
        await close_ports(ports)


def _asked(systems: int) -> list[int]:
    """The numbers, of so many systems, whose users are asked: each person once, and nobody for one."""
    return [number for number in range(systems) if number not in (NOBODYS, SECOND)]


async def make_world(
    monitoring: ApiClient,
    experience: ApiClient,
    names: Sequence[str],
    systems: int = SYSTEMS,
    also_told: Sequence[str] = (),
    method: str = "Email",
) -> dict[str, Incident]:
    """Systems, people, survey, workflows, recipient, and one incident per name, of ``systems`` systems each.

    The two clients may be the same. ``also_told``: addresses of further webhooks that every incident tells. ``method``: by which
    people are asked.
    """
    guids = await _register_systems(monitoring, names, systems)
    directory, mailing_list = await _make_directory(experience, names, systems)
    trigger_url = await _make_workflows(monitoring, experience, directory, mailing_list, method)
    key = await experience.post("/api/v1/keys", {"kind": "integration", "name": "Webhook"})
    bodies = [webhook(trigger_url, key["secret"])]
    bodies += [webhook(url, "nobody checks it") | {"name": f"Also told {url}"} for url in also_told]
    recipients = [(await monitoring.post("/api/v1/recipients", one))["recipient_id"] for one in bodies]
    incidents = {}
    for name in names:
        mine = [guids[f"{name}-{number}"] for number in range(systems)]
        notification = await _make_notification(monitoring, name, mine, recipients)
        first = systems - JOIN_LATER
        incidents[name] = Incident(name, notification, tuple(mine[:first]), tuple(mine[first:]))
    return incidents


async def _register_systems(monitoring: ApiClient, names: Sequence[str], systems: int) -> dict[str, str]:
    bodies = [_system(name, number) for name in names for number in range(systems)]
    guids: dict[str, str] = {}
    for start in range(0, len(bodies), AT_ONCE):
        answer = await monitoring.put("/api/v1/systems", {"systems": bodies[start : start + AT_ONCE]})
        assert not answer["refused"]
        guids |= {one["name"]: one["system_id"] for one in answer["systems"]}
    return guids


def _system(incident: str, number: int) -> dict[str, Any]:
    users = [] if number == NOBODYS else [_user(incident, 0 if number == SECOND else number)]
    return {"name": f"{incident}-{number}", "users": users}


def _user(incident: str, number: int) -> dict[str, Any]:
    account = {"user_id": f"ACME\\{incident}.{number}", "email": address(incident, number)}
    return {
        **account,
        "first_name": f"P{number}",
        "last_name": incident,
        "is_primary": True,
        "is_logged_on": True,
    }


async def _make_directory(experience: ApiClient, names: Sequence[str], systems: int) -> tuple[str, str]:
    directory = (await experience.post("/api/v1/directories", {"name": "People"}))["id"]
    rules = {"rules": [{"kind": "one_per_activation"}]}
    await experience.put(f"/api/v1/directories/{directory}/frequency-rules", rules)
    lists = f"/api/v1/directories/{directory}/mailing-lists"
    mailing_list = (await experience.post(lists, {"name": "Everybody"}))["id"]
    contacts = [
        {
            "first_name": f"P{number}",
            "last_name": name,
            "email": address(name, number),
            "ext_ref": f"ACME\\{name}.{number}",
            "language": "en",
        }
        for name in names
        for number in _asked(systems)
    ]
    for start in range(0, len(contacts), AT_ONCE):
        body = {"contacts": contacts[start : start + AT_ONCE], "mailing_list": mailing_list}
        taken = await experience.post(f"/api/v1/directories/{directory}/contacts:bulk", body)
        assert not taken["refused"]
    limits = {"mail_open": True, "cap_per_activation": 10_000, "confirm_above": 10_000}
    await experience.patch("/api/v1/tenant", limits)
    return directory, mailing_list


async def _make_workflows(
    monitoring: ApiClient, experience: ApiClient, directory: str, mailing_list: str, method: str
) -> str:
    """The guide's two workflows and what they need. Returns the URL of the JSON event."""
    tenant = await monitoring.get("/api/v1/tenant")
    service = await monitoring.post("/api/v1/service-accounts", {"name": "Operational Pulse"})
    host = tenant["cloud_url"].partition(":")[0]
    await experience.post("/api/v1/extensions/operational_pulse/install", {"domains": [host]})
    fields = {"api_token": service["password"], "systrack_api_account": service["username"]}
    account = await experience.post(
        "/api/v1/extensions/operational_pulse/accounts", {"name": "Service account", "fields": fields}
    )
    event = recipient_workflow(tenant, directory, mailing_list, account["id"])
    made = await experience.post("/api/v1/workflows", event)
    survey = await experience.post("/api/v1/surveys", {"name": "Pulse", "template": "recommended"})
    await experience.post(f"/api/v1/surveys/{survey['survey_id']}/publish")
    form = distribute_survey(mailing_list, survey["survey_id"]) | {"distribution_method": method}
    asking = _survey_workflow(directory, form)
    await experience.post("/api/v1/workflows", asking)
    return str(made["trigger_url"])


def _survey_workflow(directory: str, form: dict[str, str]) -> dict[str, Any]:
    conditions = [
        {"field": "lastAlarm", "side": "current", "operator": "contains", "operand": name} for name in SENSORS
    ]
    trigger = {"directory": directory, "kinds": ["updated", "created"], "embedded_fields": ["lastAlarm"]}
    return {
        "name": "Send the survey",
        "trigger": {"type": "experience_id_change", "form": trigger},
        "conditions": {"mode": "all", "items": conditions},
        "tasks": [{"type": "xm_directory.distribute_survey", "form": form}],
    }


async def _make_notification(
    monitoring: ApiClient, name: str, systems: list[str], recipients: list[str]
) -> str:
    group = await monitoring.post("/api/v1/groups", {"name": name, "members": systems})
    body = {
        "name": f"Trouble: {name}",
        "sensors": [{"name": sensor} for sensor in SENSORS],
        "group_id": group["group_id"],
        "activation": {"option": "number", "value": 10},
        "recipients": recipients,
    }
    return str((await monitoring.post("/api/v1/notifications", body))["notification_id"])


def batch_of(seq: int, systems: Iterable[str]) -> bytes:
    """A batch of sensor states: every sensor of the incident on every one of these systems."""
    instances = {"Application Hang": "outlook.exe"}
    changes = [
        StateChange(sensor, True, instances.get(sensor), system=system)
        for system in systems
        for sensor in SENSORS
    ]
    return encode_batch(StateBatch(str(uuid4()), seq, changes))


async def report(url: str, key: str, batch: bytes) -> bool:
    """Send a batch, as an agent does. False: no answer came, so the same bytes have to be sent again."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
        try:
            answer = await client.post("/api/v1/sensor-states", content=batch)
        except httpx2.HTTPError:
            return False
    assert answer.status_code == 202, answer.text
    assert not answer.json()["refused"], answer.text
    return True
