"""Surveys in the console: made, translated, published and closed by forms; viewers look and change nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.surveys import flow, pages
from opulse.experience.surveys.models import SurveyDocument, SurveyState
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.web.access import Role
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant, sign_in_as


@dataclass
class Console:
    ports: Ports
    tenant: int
    client: httpx2.AsyncClient
    viewer: httpx2.AsyncClient

    async def make(self, **fields: str) -> str:
        answer = await self.client.post("/surveys/new", data={"name": "VPN pulse", **fields})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def document(self, address: str) -> SurveyDocument:
        _, version = await flow.find_survey(self.ports, self.tenant, address.rpartition("/")[2])
        return version.document


@pytest.fixture
async def console(db: Database, clock: ManualClock) -> AsyncIterator[Console]:
    ports = make_ports(db, clock)
    tenant, _ = await make_tenant(ports)
    app = make_app(ports, pages.router)
    async with browse(app) as client, browse(app) as viewer:
        await sign_in_as(ports, tenant, Role.EDITOR, client)
        await sign_in_as(ports, tenant, Role.VIEWER, viewer)
        yield Console(ports, tenant, client, viewer)


async def test_from_a_name_to_a_published_survey(console: Console) -> None:
    assert "No survey yet" in (await console.client.get("/surveys")).text
    address = await console.make(start="recommended")
    page = await console.client.get(address)
    assert "Nobody is asked with it until it is published." in page.text
    assert "Right now, how does this problem affect your work?" in page.text
    published = await console.client.post(f"{address}/publish")
    assert published.status_code == 303
    record, _ = await flow.find_survey(console.ports, console.tenant, address.rpartition("/")[2])
    assert (record.state, record.published) == (SurveyState.ACTIVE, 1)
    assert "Publish version" not in (await console.client.get(address)).text
    listed = (await console.client.get("/surveys")).text
    assert "VPN pulse" in listed
    assert record.id in listed


async def test_each_language_is_shown_in_its_own_direction(console: Console) -> None:
    address = await console.make()
    arabic = (await console.client.get(f"{address}?lang=ar")).text
    assert '<div lang="ar" dir="rtl">' in arabic
    assert "لا أستطيع العمل إطلاقًا" in arabic


async def test_a_document_from_elsewhere_is_taken_or_its_fault_is_named(console: Console) -> None:
    wrong = {"name": "Copy", "start": "document", "document": '{"title": "T"}'}
    refused = await console.client.post("/surveys/new", data=wrong)
    assert refused.status_code == 422
    assert "language: Field required (1 more)" in refused.text
    assert "{&#34;title&#34;: &#34;T&#34;}" in refused.text, "what was typed is still there"
    copy = recommended_pulse().model_copy(update={"title": "Copied"})
    address = await console.make(start="document", document=copy.model_dump_json())
    assert await console.document(address) == copy


async def test_a_survey_needs_a_name(console: Console) -> None:
    refused = await console.client.post("/surveys/new", data={"name": "  "})
    assert refused.status_code == 422
    assert 'href="#name"' in refused.text


async def test_a_new_translation_is_written_text_by_text(console: Console) -> None:
    address = await console.make()
    form = (await console.client.get(f"{address}/texts?lang=PT_BR")).text
    assert re.search(r'name="QID1\.choice\.4"[^>]* value=""', form)
    assert "Cannot work at all" in form, "the base text stands beside it"
    texts = {"lang": "pt-br", "name": "Renamed", "QID1.choice.4": "Não consigo trabalhar", "nonsense": "x"}
    saved = await console.client.post(f"{address}/texts", data=texts)
    assert saved.headers["location"] == f"{address}?lang=pt-br"
    document = await console.document(address)
    assert document.translations["pt-br"] == {"QID1.choice.4": "Não consigo trabalhar"}
    page = (await console.client.get(saved.headers["location"])).text
    assert "pt-br (22 missing)" in page
    assert "Renamed" in page


async def test_the_base_language_is_changed_in_place(console: Console) -> None:
    address = await console.make()
    await console.client.post(
        f"{address}/texts", data={"lang": "en", "title": "The VPN is slow", "intro": ""}
    )
    document = await console.document(address)
    assert document.title == "The VPN is slow"
    assert document.intro == recommended_pulse().intro, "an empty base text leaves the former one"


async def test_a_text_that_cannot_be_kept_comes_back_as_it_was_typed(console: Console) -> None:
    address = await console.make()
    texts = {"lang": "de", "title": "x" * 25_000, "QID1.choice.1": "Getippt"}
    refused = await console.client.post(f"{address}/texts", data=texts)
    assert refused.status_code == 422
    assert "Getippt" in refused.text


async def test_close_and_open_again(console: Console) -> None:
    address = await console.make()
    never = await console.client.post(f"{address}/state", data={"state": "closed"})
    assert never.status_code == 303
    await console.client.post(f"{address}/publish")
    for state in (SurveyState.CLOSED, SurveyState.ACTIVE):
        await console.client.post(f"{address}/state", data={"state": state.value})
        record, _ = await flow.find_survey(console.ports, console.tenant, address.rpartition("/")[2])
        assert record.state is state


async def test_problems_of_a_document_stand_on_its_page(console: Console) -> None:
    document = recommended_pulse().model_dump(mode="json")
    document["translations"]["de"]["QID9.text"] = "Nirgends"
    address = await console.make(
        start="document", document=SurveyDocument.model_validate(document).model_dump_json()
    )
    await console.client.post(f"{address}/publish")
    page = (await console.client.get(address)).text
    assert "It cannot be published yet" in page
    assert "QID9.text" in page


async def test_a_viewer_looks_and_changes_nothing(console: Console) -> None:
    address = await console.make()
    page = await console.viewer.get(address)
    assert page.status_code == 200
    assert "/publish" not in page.text
    refused = [
        await console.viewer.get("/surveys/new"),
        await console.viewer.get(f"{address}/texts"),
        await console.viewer.post("/surveys/new", data={"name": "Mine"}),
        await console.viewer.post(f"{address}/texts", data={"title": "Mine"}),
        await console.viewer.post(f"{address}/publish"),
        await console.viewer.post(f"{address}/state", data={"state": "closed"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 6


async def test_a_survey_that_is_not_here(console: Console) -> None:
    for path in ("/surveys/SV_000000000000000", "/surveys/SV_000000000000000/texts"):
        assert (await console.client.get(path)).status_code == 404
