"""A survey tried in the console: walked to its end in a frame, and kept as a test that nobody counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.pages import router
from opulse.experience.responses.store.tables import response_history, responses
from opulse.experience.surveys.flow import create_survey
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.jobs.table import jobs
from opulse.ports import Ports
from opulse.web.access import Role
from tests.unit.experience.responses.asked_people import filled_in
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant, sign_in_as
from tests.unit.experience.surveys.kinds import flowing

pytestmark = pytest.mark.stores


@dataclass
class Trying:
    ports: Ports
    tenant: int
    editor: httpx2.AsyncClient
    viewer: httpx2.AsyncClient

    async def survey(self, document: SurveyDocument) -> str:
        return f"/surveys/{(await create_survey(self.ports, self.tenant, 'Tried', document, 'test')).id}"

    async def stored(self) -> list[tuple[str, dict[str, object]]]:
        query = select(responses.c.state, responses.c.answers)
        rows = await self.ports.db.read(lambda conn: conn.execute(query).all())
        return [(row.state, row.answers) for row in rows]


@pytest.fixture
async def trying(db: Database, clock: ManualClock) -> AsyncIterator[Trying]:
    ports = make_ports(db, clock)
    tenant, _ = await make_tenant(ports)
    app = make_app(ports, router)
    async with browse(app) as editor, browse(app) as viewer:
        await sign_in_as(ports, tenant, Role.EDITOR, editor)
        await sign_in_as(ports, tenant, Role.VIEWER, viewer)
        yield Trying(ports, tenant, editor, viewer)


async def test_a_draft_of_several_pages_is_walked_in_a_frame_and_leaves_nothing(trying: Trying) -> None:
    address = await trying.survey(flowing())
    frames = (await trying.viewer.get(f"{address}/preview")).text
    assert frames.count("<iframe") == 2
    first = await trying.viewer.get(f"{address}/preview/page")
    assert "Preview. Nothing is stored." in first.text
    second = await trying.viewer.post(f"{address}/preview/page", data=filled_in(first.text, {"QID1": "1"}))
    assert "Why?" in second.text
    back = await trying.viewer.post(
        f"{address}/preview/page", data=filled_in(second.text, {"intent": "back"})
    )
    assert "Hit?" in back.text
    ended = await trying.viewer.post(f"{address}/preview/page", data=filled_in(back.text, {"QID1": "3"}))
    assert "✓" in ended.text
    assert await trying.stored() == []


async def test_a_test_response_is_marked_never_counted_and_deleted(trying: Trying) -> None:
    address = await trying.survey(recommended_pulse())
    page = await trying.editor.get(f"{address}/test?lang=de")
    assert "Senden" in page.text or "senden" in page.text
    refused = await trying.editor.post(f"{address}/test", data=filled_in(page.text, {}))
    assert refused.status_code == 422
    done = await trying.editor.post(f"{address}/test", data=filled_in(refused.text, {"QID1": "4"}))
    assert "Testantwort behalten" in done.text
    assert await trying.stored() == [(ResponseState.TEST, {"QID1": "4"})]
    assert await trying.ports.db.read(lambda conn: conn.execute(select(jobs)).all()) == [], (
        "nothing is announced"
    )
    assert "R_" in (await trying.editor.get(f"{address}/preview")).text
    assert (await trying.viewer.post(f"{address}/test", data={"QID1": "4"})).status_code == 403
    await trying.editor.post(f"{address}/tests/delete")
    assert await trying.stored() == []
    assert await trying.ports.db.read(lambda conn: conn.execute(select(response_history)).all()) == []


async def test_what_the_form_carries_cannot_be_forged(trying: Trying) -> None:
    address = await trying.survey(flowing())
    first = await trying.editor.get(f"{address}/test")
    fields = filled_in(first.text, {"QID1": "1"})
    fields["session"] = ["x" + fields["session"][0]]
    page = await trying.editor.post(f"{address}/test", data=fields)
    assert "Why?" in page.text, "it begins anew, from the first page"
    unknown = await trying.editor.get("/surveys/SV_000000000000000/test")
    assert unknown.status_code == 404
