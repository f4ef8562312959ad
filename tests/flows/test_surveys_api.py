"""Surveys over the JSON API: versions, publishing, closing, and nothing of another tenant's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.surveys import api, flow
from opulse.experience.surveys.models import VersionState
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant

pytestmark = pytest.mark.stores


@dataclass
class World:
    ports: Ports
    tenant: int
    client: httpx2.AsyncClient
    stranger: httpx2.AsyncClient

    async def create(self, **body: Any) -> str:
        answer = await self.client.post("/api/v1/surveys", json={"name": "Pulse", **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["survey_id"])

    async def post(self, survey: str, what: str) -> httpx2.Response:
        return await self.client.post(f"/api/v1/surveys/{survey}/{what}")


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    ports = make_ports(db, clock)
    tenant, key = await make_tenant(ports)
    _, other = await make_tenant(ports, "Other")
    app = make_app(ports, api.router)
    async with browse(app, key) as client, browse(app, other) as stranger:
        yield World(ports, tenant, client, stranger)


def changed_document(title: str) -> dict[str, Any]:
    return recommended_pulse().model_copy(update={"title": title}).model_dump(mode="json")


async def test_a_survey_is_a_draft_until_it_is_published(world: World) -> None:
    survey = await world.create(template="recommended")
    with pytest.raises(flow.NotPublished):
        await world.ports.db.read(flow.get_published_in, world.tenant, survey)
    answer = await world.post(survey, "publish")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["published_version"]) == ("active", 1)
    version, document = await world.ports.db.read(flow.get_published_in, world.tenant, survey)
    assert (version, document) == (1, recommended_pulse())


async def test_an_edit_of_a_published_survey_is_a_new_draft_and_the_published_one_never_changes(
    world: World,
) -> None:
    survey = await world.create(template="recommended")
    await world.post(survey, "publish")
    for title in ("Second", "Second, mended"):
        body = {"name": "Renamed", "document": changed_document(title)}
        answer = await world.client.put(f"/api/v1/surveys/{survey}", json=body)
        assert (answer.status_code, answer.json()["newest_version"]) == (200, 2)
    version, document = await world.ports.db.read(flow.get_published_in, world.tenant, survey)
    assert (version, document.title) == (1, recommended_pulse().title)
    await world.post(survey, "publish")
    version, document = await world.ports.db.read(flow.get_published_in, world.tenant, survey)
    assert (version, document.title) == (2, "Second, mended")
    first = await world.ports.db.read(flow.get_version_in, world.tenant, survey, 1)
    assert (first.document, first.state) == (recommended_pulse(), VersionState.PUBLISHED)


async def test_publishing_twice_changes_nothing(world: World) -> None:
    survey = await world.create(template="recommended")
    first, again = await world.post(survey, "publish"), await world.post(survey, "publish")
    assert first.json() == again.json()


async def test_a_document_with_problems_is_kept_and_not_published(world: World) -> None:
    document = changed_document("T")
    document["translations"] = {"de": {"QID9.text": "Nirgends"}}
    survey = await world.create(document=document)
    answer = await world.post(survey, "publish")
    assert answer.status_code == 409
    assert answer.json()["errors"] == [{"where": "de", "reason": "unknown_text_key", "detail": "QID9.text"}]


async def test_a_closed_survey_asks_nobody_until_it_is_opened(world: World) -> None:
    survey = await world.create(template="recommended")
    assert (await world.post(survey, "close")).status_code == 409
    await world.post(survey, "publish")
    assert (await world.post(survey, "close")).json()["state"] == "closed"
    with pytest.raises(flow.NotPublished):
        await world.ports.db.read(flow.get_published_in, world.tenant, survey)
    assert (await world.post(survey, "open")).json()["state"] == "active"
    await world.ports.db.read(flow.get_published_in, world.tenant, survey)


async def test_reading_and_listing(world: World, clock: ManualClock) -> None:
    first = await world.create(template="recommended")
    clock.advance(1)
    second = await world.create(document=changed_document("T"))
    listed = (await world.client.get("/api/v1/surveys")).json()["surveys"]
    assert [one["survey_id"] for one in listed] == [second, first]
    detail = (await world.client.get(f"/api/v1/surveys/{second}")).json()
    assert (detail["version_state"], detail["document"]["title"]) == ("draft", "T")


@pytest.mark.parametrize("body", [{}, {"template": "other"}, {"template": "recommended", "document": {}}])
async def test_a_creation_names_one_document(world: World, body: dict[str, Any]) -> None:
    answer = await world.client.post("/api/v1/surveys", json={"name": "Pulse", **body})
    assert answer.status_code == 422


async def test_another_tenants_survey_is_not_found(world: World) -> None:
    survey = await world.create(template="recommended")
    path = f"/api/v1/surveys/{survey}"
    edit = {"name": "Mine now", "document": changed_document("T")}
    answers = [
        await world.stranger.get(path),
        await world.stranger.put(path, json=edit),
        *[await world.stranger.post(f"{path}/{what}") for what in ("publish", "close", "open")],
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert (await world.stranger.get("/api/v1/surveys")).json() == {"surveys": []}
    assert (await world.client.get(path)).json()["name"] == "Pulse"
