"""Requests of Brim for its own objects that name Acme's in their bodies and queries: a door that the path does not show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.procedures import distribute_survey, recipient_workflow
from tests.edges.matrix import objects
from tests.edges.matrix.world import World


@dataclass(frozen=True)
class Borrowing:
    """A request of Brim's integration key. ``ids``: what of it is Acme's. ``overlooked``: it is taken without them."""

    method: str
    path: str
    body: dict[str, Any]
    ids: tuple[str, ...]
    overlooked: bool = False


async def borrowings(world: World) -> AsyncIterator[Borrowing]:
    """Every place in a body of the API where an id can stand. A new one belongs here."""
    async with ApiClient(world.url, world.brim.key) as own:
        async for one in _monitoring(world, own):
            yield one
        async for one in _experience(world, own):
            yield one


async def _monitoring(world: World, own: ApiClient) -> AsyncIterator[Borrowing]:
    system, group = world.incident.first[0], await objects.make_group(world, {})
    recipient, sensor = await objects.make_recipient(world, {}), await objects.make_sensor(world, {})
    taken = await own.put("/api/v1/systems", {"systems": [{"name": "brim-1"}]})
    members = [str(taken["systems"][0]["system_id"])]
    ours = (await own.post("/api/v1/groups", {"name": "Brim", "members": members}))["group_id"]
    yield Borrowing("POST", "/api/v1/groups", {"name": "Borrowed", "members": [system]}, (system,))
    yield Borrowing("PUT", f"/api/v1/groups/{ours}", {"name": "Brim", "members": [system]}, (system,))
    yield Borrowing("PUT", f"/api/v1/groups/{ours}/members", {"add": [system]}, (system,))
    notification = {
        "name": "Borrowed",
        "sensors": [{"name": "High Page Faults"}],
        "group_id": ours,
        "activation": {"option": "number", "value": 1},
        "recipients": [],
    }
    for name, value, of_acme in (
        ("group_id", group, group),
        ("sensors", [{"name": sensor}], sensor),
        ("recipients", [recipient], recipient),
    ):
        body = notification | {name: value}
        yield Borrowing("POST", "/api/v1/notifications", body, (of_acme,))
        if name != "recipients":  # a preview tells nobody
            yield Borrowing("POST", "/api/v1/notifications/preview", body, (of_acme,))


async def _experience(world: World, own: ApiClient) -> AsyncIterator[Borrowing]:
    directory = await objects.make_directory(world, {})
    within = {"directory": directory}
    mailing_list, contact = await objects.make_list(world, within), await objects.make_contact(world, within)
    survey, account = await objects.make_survey(world, {}), str(world.tasks[0]["account"])
    ours = (await own.post("/api/v1/directories", {"name": "Brim"}))["id"]
    our_list = (await own.post(f"/api/v1/directories/{ours}/mailing-lists", {"name": "Brim"}))["id"]
    our_survey = (await own.post("/api/v1/surveys", {"name": "Brim", "template": "recommended"}))["survey_id"]
    await own.post(f"/api/v1/surveys/{our_survey}/publish")
    await own.post("/api/v1/extensions/operational_pulse/install", {"domains": ["127.0.0.1"]})
    bulk = {"contacts": [{"email": "b@brim.example"}], "mailing_list": mailing_list}
    yield Borrowing("POST", f"/api/v1/directories/{ours}/contacts:bulk", bulk, (mailing_list,))
    members = f"/api/v1/mailing-lists/{our_list}/members"
    yield Borrowing("POST", members, {"contacts": [contact]}, (contact,), overlooked=True)
    tenant = await own.get("/api/v1/tenant")
    receiving = recipient_workflow(tenant, ours, our_list, account)
    yield Borrowing("POST", "/api/v1/workflows", receiving, (account,))
    for trigger, people, asked in (
        (directory, our_list, our_survey),
        (ours, mailing_list, our_survey),
        (ours, our_list, survey),
    ):
        form = {"directory": trigger, "kinds": ["created", "updated"], "embedded_fields": ["lastAlarm"]}
        task = {"type": "xm_directory.distribute_survey", "form": distribute_survey(people, asked)}
        body = {
            "name": "Borrowed",
            "trigger": {"type": "experience_id_change", "form": form},
            "tasks": [task],
        }
        yield Borrowing("POST", "/api/v1/workflows", body, (directory, mailing_list, survey))
