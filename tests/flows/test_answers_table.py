"""Responses for those who ask: the table, files in four formats, comments, how they are kept, closing what nobody finishes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, insert, select, update

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.store.tables import contacts, directories
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses import api
from opulse.experience.responses.flow.closing import close_unfinished, cut_anonymous
from opulse.experience.responses.flow.exporting import Format, open_export, write_export
from opulse.experience.responses.flow.policies import set_policy
from opulse.experience.responses.models import AnswerFilter, Identity, ResponsePolicy, ResponseState
from opulse.experience.responses.pages import console as pages
from opulse.experience.responses.store.policies import upsert_policy
from opulse.experience.responses.store.tables import response_history, responses
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.web.access import Role
from opulse.wire.identifiers import Prefix, new_id
from tests.unit.experience.impact.incident import insert_row
from tests.unit.experience.responses.asked_people import ask_somebody
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant, sign_in_as

pytestmark = pytest.mark.stores

DAY = timedelta(days=1)
INCIDENT = "0b0e6d3c-6f7e-4f2c-9e7e-3f0b7d1c2a11"


@dataclass
class Desk:
    """An editor's browser, a viewer's, a program's client, and one published survey."""

    ports: Ports
    clock: ManualClock
    tenant: int
    survey: str
    editor: httpx2.AsyncClient
    viewer: httpx2.AsyncClient
    api: httpx2.AsyncClient

    @property
    def address(self) -> str:
        return f"/surveys/{self.survey}/responses"

    async def answered(
        self, count: int, state: ResponseState = ResponseState.RECORDED, **values: Any
    ) -> list[str]:
        """That many responses; ``values`` over a plain one. Their ids."""
        now = self.clock.now()
        ids = [new_id(Prefix.RESPONSE) for _ in range(count)]
        row = {
            "tenant": self.tenant, "individual": True, "distribution": "EMD_1", "survey": self.survey, "version": 1,
            "activation": INCIDENT, "state": state.value, "quarantine": "", "answers": {"QID1": "4"}, "language": "en",
            "revision": 1, "counted": 1, "started_at": now, "updated_at": now, "recorded_at": now,
        }  # fmt: skip
        rows = [{**row, "id": one, "invitation": one, **values} for one in ids]
        await self.ports.db.write(lambda conn: conn.execute(insert(responses), rows) and None)
        return ids

    async def keep(self, identity: Identity, partial_days: int = 7) -> None:
        await set_policy(self.ports, self.tenant, ResponsePolicy(self.survey, identity, partial_days), "test")

    async def file(self, form: str, query: str = "") -> httpx2.Response:
        return await self.editor.get(f"/api/v1{self.address}/export?format={form}{query}")


@pytest.fixture
async def desk(db: Database, clock: ManualClock) -> AsyncIterator[Desk]:
    ports = make_ports(db, clock)
    tenant, key = await make_tenant(ports)
    survey = await create_survey(ports, tenant, "VPN pulse", recommended_pulse(), "test")
    app = make_app(ports, api.router, pages.router)
    async with browse(app) as editor, browse(app) as viewer, browse(app, key) as machine:
        await sign_in_as(ports, tenant, Role.EDITOR, editor)
        await sign_in_as(ports, tenant, Role.VIEWER, viewer)
        yield Desk(ports, clock, tenant, survey.id, editor, viewer, machine)


async def test_the_table_counts_states_and_signs_and_hides_few(desk: Desk) -> None:
    await desk.answered(4)
    await desk.answered(
        2, ResponseState.QUARANTINED, quarantine="hidden_link all_links", answers={"QID1": "1"}
    )
    page = await desk.editor.get(desk.address)
    assert "Too few to show" in page.text
    assert "Cannot work at all" not in page.text
    assert "Hidden link" in page.text
    assert "R_" not in page.text
    await desk.answered(1)
    assert page.text.count("Cannot work at all") == 0
    page = await desk.editor.get(desk.address)
    assert page.text.count("Cannot work at all") == 5
    assert "what people wrote" in page.text.lower()


async def test_only_editors_open_the_table_and_its_files(desk: Desk) -> None:
    await desk.answered(12)
    for path in (desk.address, f"/api/v1{desk.address}/export", f"{desk.address}/settings"):
        assert (await desk.viewer.get(path)).status_code == 403
    assert (await desk.viewer.get(f"/surveys/{desk.survey}/comments")).status_code == 200


async def test_pages_of_the_table_meet_every_response_once(desk: Desk) -> None:
    ids = await desk.answered(120)
    met: list[str] = []
    below = ""
    while True:
        page = (await desk.api.get(f"/api/v1{desk.address}", params={"limit": 50, "below": below})).json()
        met += [one["responseId"] for one in page["responses"]]
        below = page["next"]
        if not below:
            break
    assert (page["found"], sorted(met)) == (120, sorted(ids))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"answer": "QID1=1"}, 2),
        ({"answer": "QID3=2"}, 3),
        ({"answer": "QID2=7"}, 1),
        ({"answer": "QID1=1", "since": "2026-11-24"}, 0),
        ({"answer": "QID1=1", "since": "2026-11-24", "match": "any"}, 3),
        ({"until": "2026-11-23"}, 5),
        ({"state": "late"}, 1),
        ({"state": "all"}, 7),
        ({"activation": "none"}, 0),
    ],
)
async def test_a_named_survey_is_filtered_by_all_or_any(
    desk: Desk, query: dict[str, str], found: int
) -> None:
    await desk.keep(Identity.NAMED)
    await desk.answered(2, answers={"QID1": "1"})
    await desk.answered(3, answers={"QID1": "4", "QID3": ["1", "2"]})
    await desk.answered(1, ResponseState.LATE)
    desk.clock.advance(2 * 86_400)
    await desk.answered(1, answers={"QID1": "3", "QID2": 7})
    page = (await desk.api.get(f"/api/v1{desk.address}", params=query)).json()
    assert page["found"] == found
    assert len(page["responses"]) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"state": "gone"}, "use one of all"),
        ({"since": "yesterday"}, "write a day"),
        ({"answer": "QID1"}, "QID1=3"),
        ({"answer": 'QID1"]=3'}, "QID1=3"),
    ],
)
async def test_a_wrong_filter_says_what_to_write(desk: Desk, query: dict[str, str], said: str) -> None:
    answer = await desk.api.get(f"/api/v1{desk.address}", params=query)
    assert answer.status_code == 400
    assert said in answer.text


async def test_a_confidential_survey_is_not_filtered_down_to_one(desk: Desk) -> None:
    await desk.answered(20)
    for query in ({"since": "2026-11-01"}, {"answer": "QID1=4"}):
        answer = await desk.api.get(f"/api/v1{desk.address}", params=query)
        assert answer.status_code == 409
        assert "confidential" in answer.text


async def test_files_in_four_formats_hold_the_same_answers(desk: Desk) -> None:
    await desk.answered(11, answers={"QID1": "4", "QID4_TEXT": '=1+1, "VPN"\nfails'})
    lines = list(csv.reader(io.StringIO((await desk.file("csv")).text.removeprefix("\ufeff"))))
    assert len(lines) == 3 + 11
    column = lines[2].index('{"ImportId":"QID4_TEXT"}')
    assert {line[column] for line in lines[3:]} == {'\'=1+1, "VPN"\nfails'}
    objects = (await desk.file("json")).json()["responses"]
    streamed = [json.loads(line) for line in (await desk.file("ndjson")).text.splitlines()]
    assert objects == streamed
    assert {one["values"]["QID4_TEXT"] for one in objects} == {'=1+1, "VPN"\nfails'}
    with zipfile.ZipFile(io.BytesIO((await desk.file("xlsx")).content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 14
    assert "<f>" not in sheet, "no text became a formula"


async def test_words_are_left_out_of_files_until_there_are_ten(desk: Desk) -> None:
    await desk.answered(9, answers={"QID1": "4", "QID4_TEXT": "the secret word"})
    assert "secret word" not in (await desk.file("csv")).text
    await desk.answered(1, answers={"QID1": "4", "QID4_TEXT": "the secret word"})
    assert "secret word" in (await desk.file("csv")).text


async def test_no_file_of_few_and_the_page_says_why(desk: Desk) -> None:
    await desk.answered(3)
    assert "/export" not in (await desk.editor.get(desk.address)).text, "no button leads to nothing"
    answer = await desk.file("csv")
    assert answer.status_code == 409
    assert "could be guessed" in answer.text


async def test_whoever_takes_a_file_is_in_the_audit_trail(desk: Desk) -> None:
    await desk.answered(5)
    await desk.file("csv", "&state=all")
    rows = await desk.ports.db.read(views.list_audit, desk.tenant)
    assert [row["what"] for row in rows if row["action"] == "responses.exported"] == [desk.survey]


async def test_one_response_by_its_id(desk: Desk) -> None:
    ids = await desk.answered(5)
    read = (await desk.api.get(f"/api/v1{desk.address}/{ids[0]}")).json()
    assert (read["responseId"], read["values"]["QID1"]) == (ids[0], 4)
    assert (await desk.api.get(f"/api/v1{desk.address}/R_unknown")).status_code == 404
    assert (await desk.api.get("/api/v1/surveys/SV_unknown/responses")).status_code == 404


async def test_comments_are_searched_and_have_themes(desk: Desk) -> None:
    for text in ("VPN drops", "vpn drops again", "The VPN drops"):
        await desk.answered(1, answers={"QID1": "4", "QID4_TEXT": text})
    address = f"/surveys/{desk.survey}/comments"
    assert "VPN drops" not in (await desk.viewer.get(address)).text
    await desk.answered(7, answers={"QID1": "1", "QID4_TEXT": " "})
    page = (await desk.viewer.get(f"{address}?q=aga")).text
    assert "vpn drops again" in page
    assert "The VPN drops" not in page
    assert "1 comment" in page
    assert "?q=vpn%20drops" in page


async def test_names_are_only_in_tables_of_surveys_that_say_so(desk: Desk) -> None:
    await desk.answered(5)
    assert ">Person<" not in (await desk.editor.get(desk.address)).text
    await desk.keep(Identity.NAMED)
    assert ">Person<" in (await desk.editor.get(desk.address)).text


async def test_a_published_promise_only_becomes_stricter(desk: Desk) -> None:
    await publish_survey(desk.ports, desk.tenant, desk.survey, "test")
    address = f"{desk.address}/settings"
    refused = await desk.editor.post(address, data={"identity": "named"})
    assert refused.status_code == 303
    assert (await desk.api.get(f"/api/v1/surveys/{desk.survey}/responses-policy")).json()[
        "identity"
    ] == "confidential"
    answer = await desk.api.put(f"/api/v1/surveys/{desk.survey}/responses-policy", json={"identity": "named"})
    assert answer.status_code == 409
    assert (
        await desk.editor.post(address, data={"identity": "anonymous", "partial_days": "3"})
    ).status_code == 303
    assert (await desk.api.get(f"/api/v1/surveys/{desk.survey}/responses-policy")).json() == {
        "identity": "anonymous",
        "partial_days": 3,
    }


async def test_unfinished_answers_close_after_their_days(desk: Desk) -> None:
    await desk.keep(Identity.CONFIDENTIAL, partial_days=2)
    begun = await desk.answered(3, ResponseState.IN_PROGRESS)
    await desk.answered(1)
    desk.clock.advance(timedelta(days=1, hours=23).total_seconds())
    assert await close_unfinished(desk.ports) == 0
    desk.clock.advance(3600)
    assert await close_unfinished(desk.ports) == 3
    page = (await desk.api.get(f"/api/v1{desk.address}", params={"state": "partial"})).json()
    assert page["by_state"] == {"partial": 3, "recorded": 1}
    history = await desk.ports.db.read(lambda conn: conn.execute(response_history.select()).mappings().all())
    assert sorted((row["response"], row["revision"], row["state"]) for row in history) == sorted(
        (one, 2, "partial") for one in begun
    )
    assert await close_unfinished(desk.ports) == 0


@pytest.mark.parametrize(
    ("identity", "said"), [(Identity.NAMED, "with your name"), (Identity.CONFIDENTIAL, "confidential")]
)
async def test_the_persons_page_says_what_is_promised(
    db: Database, clock: ManualClock, identity: Identity, said: str
) -> None:
    async with ask_somebody(db, clock) as asked:
        policy = ResponsePolicy(asked.survey, identity)
        await db.write(upsert_policy, asked.tenant, policy)
        page = (await asked.open()).text
        assert said in page
        assert ("confidential" in page) is (identity is not Identity.NAMED)


async def invite(desk: Desk, ids: list[str]) -> None:
    """The invitations behind these responses, open for a day."""
    await desk.ports.db.write(_invite, desk, ids)


def _invite(conn: Connection, desk: Desk, ids: list[str]) -> None:
    now, of = desk.clock.now(), {"tenant": desk.tenant}
    insert_row(conn, directories, {**of, "id": "POOL_1", "is_default": True}, now)
    insert_row(conn, distributions, {**of, "id": "EMD_1", "survey": desk.survey, "version": 1}, now)
    for one in ids:
        person = {**of, "id": one, "directory": "POOL_1", "email_key": one, "ext_ref_key": one}
        insert_row(conn, contacts, person, now)
        asked = {**of, "id": one, "distribution": "EMD_1", "contact": one, "expires_at": now + DAY}
        insert_row(conn, invitations, asked, now)


async def test_anonymous_answers_are_cut_off_when_the_last_link_has_closed(desk: Desk) -> None:
    await desk.keep(Identity.ANONYMOUS)
    ids = [
        (await desk.answered(1, answers={"QID1": "4", "QID4_TEXT": f"word {number}"}))[0]
        for number in range(40)
    ]
    await desk.answered(2, ResponseState.LATE, answers={"QID1": "1"})
    await invite(desk, ids)
    before = await _said(desk)
    desk.clock.advance((DAY + timedelta(hours=1)).total_seconds())
    assert await cut_anonymous(desk.ports) == 0, "a page that was opened in time may still be sent"
    desk.clock.advance(timedelta(hours=1, minutes=1).total_seconds())
    assert await cut_anonymous(desk.ports) == 42
    after = await _said(desk)
    recorded = [after[one]["QID4_TEXT"] for one in ids]
    assert sorted(recorded) == sorted(f"word {number}" for number in range(40)), "nothing is lost"
    assert sum(after[one] == before[one] for one in ids) < 20, "and hardly any is where it was"
    assert [said for one, said in after.items() if one not in ids] == [{}, {}], "among two nobody is hidden"
    assert await cut_anonymous(desk.ports) == 0


async def _said(desk: Desk) -> dict[str, Any]:
    rows = await desk.ports.db.read(lambda conn: conn.execute(responses.select()).all())
    return {row.id: row.answers for row in rows}


async def test_who_began_and_did_not_finish_is_told_apart_in_the_distribution(desk: Desk) -> None:
    begun = await desk.answered(2, ResponseState.IN_PROGRESS)
    await invite(desk, begun)
    finished = update(invitations).where(invitations.c.id == begun[1]).values(progress="finished")
    await desk.ports.db.write(lambda conn: conn.execute(finished) and None)
    desk.clock.advance(timedelta(days=8).total_seconds())
    assert await close_unfinished(desk.ports) == 2
    rows = await desk.ports.db.read(lambda conn: conn.execute(select(invitations)).all())
    assert {row.id: row.progress for row in rows} == {begun[0]: "partial", begun[1]: "finished"}


async def test_a_file_holds_what_the_flow_has_set(db: Database, clock: ManualClock) -> None:
    flow = [
        {"type": "embedded_data", "id": "FL_1", "fields": [{"name": "wave", "value": "one"}]},
        {"type": "block", "block": "BL_aaaaaaaaaaa"},
        {"type": "block", "block": "BL_bbbbbbbbbbb"},
    ]
    blocks = [
        {"id": id_, "questions": [{"type": "text", "id": question, "text": "Say"}]}
        for id_, question in (("BL_aaaaaaaaaaa", "QID1"), ("BL_bbbbbbbbbbb", "QID2"))
    ]
    two_pages = {"title": "Two pages", "language": "en", "blocks": blocks, "flow": flow}
    async with ask_somebody(db, clock, SurveyDocument.model_validate(two_pages)) as asked:
        await db.write(upsert_policy, asked.tenant, ResponsePolicy(asked.survey, Identity.NAMED))
        page = await asked.open()
        for words in ("first", "second"):
            clock.advance(20)
            sent = await asked.press(page, **{f"QID{1 if words == 'first' else 2}_TEXT": words})
            page = await asked.client.get(sent.headers["location"]) if sent.status_code == 303 else sent
        export = await open_export(
            asked.ports, asked.tenant, asked.survey, AnswerFilter(), Format.NDJSON, "test"
        )
        lines = b"".join([piece async for piece in write_export(asked.ports, export)]).splitlines()
        [values] = [json.loads(line)["values"] for line in lines]
        assert (values["QID1_TEXT"], values["QID2_TEXT"], values["wave"]) == ("first", "second", "one")
