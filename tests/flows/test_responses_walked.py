"""A survey of several pages, answered without a script: page by page, back, on another day, and to its end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.store.tables import contacts
from opulse.experience.distributions.models import LinkType
from opulse.experience.responses.flow.turning import forget_ways
from opulse.experience.responses.models import QuarantineReason, ResponseState
from opulse.experience.responses.store.tables import response_walks
from opulse.experience.surveys.flow import publish_survey, save_draft
from opulse.experience.surveys.models import SurveyDocument
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.responses.asked_people import Asked, ask_somebody, filled_in
from tests.unit.experience.surveys.kinds import ABC, CHOSEN, question

pytestmark = pytest.mark.stores


def document(**more: Any) -> SurveyDocument:
    """Three pages: what happened; for those hit, how badly; then last words with what they said before."""
    blocks = [
        {
            "id": "BL_aaaaaaaaaaa",
            "questions": [
                {"type": "single_choice", "id": "QID1", "text": "Hit?", "choices": ABC, "required": True}
            ],
        },
        {
            "id": "BL_bbbbbbbbbbb",
            "questions": [
                question("nps", "QID2", text="How badly, ${m://FirstName}?"),
                {"type": "timing", "id": "QID3", "text": "Time"},
                {"type": "meta", "id": "QID4", "text": "Browser"},
            ],
        },
        {
            "id": "BL_ccccccccccc",
            "questions": [
                {
                    "type": "text",
                    "id": "QID5",
                    "text": "You said <i>${q://QID1/SelectedChoices}</i>. Why?",
                    "request": True,
                }
            ],
        },
    ]
    flow = [
        {"type": "embedded_data", "id": "FL_1", "fields": [{"name": "site"}]},
        {"type": "block", "block": "BL_aaaaaaaaaaa"},
        {
            "type": "branch",
            "id": "FL_2",
            "when": CHOSEN,
            "flow": [{"type": "block", "block": "BL_bbbbbbbbbbb"}],
        },
        {"type": "block", "block": "BL_ccccccccccc"},
        {
            "type": "branch",
            "id": "FL_3",
            "when": {"conditions": [{"question": "QID1", "choice": "2"}]},
            "flow": [
                {
                    "type": "end",
                    "id": "FL_4",
                    "message": "Bye from ${e://Field/site}",
                    "redirect": "https://intranet.example/?s=${e://Field/site}",
                }
            ],
        },
    ]
    whole = {
        "title": "A longer survey",
        "intro": "Please.",
        "language": "en",
        "blocks": blocks,
        "flow": flow,
        "end_text": "That was all.",
    }
    return SurveyDocument.model_validate({**whole, **more})


@asynccontextmanager
async def asking(
    db: Database, clock: ManualClock, survey: SurveyDocument | None = None, **more: Any
) -> AsyncIterator[Asked]:
    async with ask_somebody(db, clock, survey or document(), **more) as one:
        known = {"first_name": "Maya", "embedded": {"site": "Graz & <b>", "salary": "secret"}}
        await db.write(lambda conn: conn.execute(update(contacts).values(known)) and None)
        yield one


async def send(asked: Asked, page: httpx2.Response, /, **fields: Any) -> httpx2.Response:
    """Fill in a page, send it 20 s after it was opened, and go where it leads."""
    asked.clock.advance(20)
    sent = await asked.client.post(
        asked.path, data=filled_in(page.text, fields), headers={"User-Agent": FIREFOX}
    )
    if sent.status_code != 303:
        return sent
    return await asked.client.get(sent.headers["location"])


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def walks(asked: Asked) -> list[dict[str, Any]]:
    rows = await asked.ports.db.read(lambda conn: conn.execute(select(response_walks)).mappings().all())
    return [dict(row) for row in rows]


async def test_page_by_page_to_a_recorded_answer(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        before = await asked.everything()
        first = await asked.open()
        assert await asked.everything() == before, "looking writes nothing"
        assert "Page 1 of about 2" in first.text
        assert "Please." in first.text
        assert 'value="back"' not in first.text
        second = await send(asked, first, QID1="1")
        assert "How badly, Maya?" in second.text
        assert "Page 2 of about 3" in second.text
        assert "Please." not in second.text
        (row,) = await asked.stored()
        assert (row["state"], row["answers"]) == (ResponseState.IN_PROGRESS, {"QID1": "1"})
        third = await send(asked, second, QID2="9")
        assert "You said &lt;i&gt;Apples&lt;/i&gt;. Why?" in third.text, "escaped for the page"
        done = await send(asked, third, QID5_TEXT="Because")
        assert "That was all." in done.text
        (row,) = await asked.stored()
        assert row["state"] == ResponseState.RECORDED
        assert row["answers"] == {
            "QID1": "1",
            "QID2": 9,
            "QID3_PAGE_SUBMIT": 20,
            "QID4_BROWSER": "Firefox",
            "QID4_VERSION": "140",
            "QID4_OS": "Linux",
            "QID4_DEVICE": "desktop",
            "QID5_TEXT": "Because",
        }
        (kept,) = await walks(asked)
        assert kept["embedded"] == {"site": "Graz & <b>"}, "only what the survey names is kept of a contact"
        assert len(await asked.announced()) == 1


async def test_the_way_back_keeps_what_was_typed_and_another_answer_leads_elsewhere(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock) as asked:
        second = await send(asked, await asked.open(), QID1="1")
        first = await send(asked, second, QID2="3", intent="back")
        assert re.search(r'id="QID1-1"[^>]*checked', first.text), "the former answer is filled in"
        assert "Page 1 of" in first.text
        second = await send(asked, first, QID1="1")
        assert re.search(r'id="QID2-3"[^>]*checked', second.text), "what was typed before going back is kept"
        first = await send(asked, second, intent="back")
        third = await send(asked, first, QID1="3")
        assert "You said &lt;i&gt;Coffee" in third.text, "the page about how badly is not on this way"
        await send(asked, third, QID5_TEXT="x")
        (row,) = await asked.stored()
        assert row["answers"] == {"QID1": "3", "QID5_TEXT": "x"}, "what the way does not meet does not count"


async def test_an_answer_that_is_missing_comes_back_and_one_that_is_only_requested_comes_back_once(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock) as asked:
        refused = await send(asked, await asked.open())
        assert refused.status_code == 422
        assert "Please answer this question." in refused.text
        last = await send(asked, refused, QID1="3")
        once = await send(asked, last)
        assert once.status_code == 422
        assert "You left this out" in once.text
        done = await send(asked, once)
        assert "your answer has arrived" in done.text
        assert [row["answers"] for row in await asked.stored(ResponseState.RECORDED)] == [{"QID1": "3"}]


async def test_somebody_comes_back_later_and_goes_on_where_they_were(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock) as asked:
        await send(asked, await asked.open(), QID1="1")
        clock.advance(3600)
        again = await asked.open()
        assert "How badly, Maya?" in again.text
        asked.client.cookies.clear()
        assert "How badly, Maya?" in (await asked.open("?lang=en")).text, "on any device"


async def test_an_older_tab_goes_back_to_its_page(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        first = await asked.open()
        second = await send(asked, first, QID1="1")
        await send(asked, second, QID2="9")
        other = await send(asked, first, QID1="3")
        assert "Coffee" in other.text
        assert await asked.stored(ResponseState.RECORDED) == []


async def test_a_page_that_is_not_on_the_way_takes_nothing(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        first = await asked.open()
        stayed = await send(asked, first, QID1="1", page="BL_ccccccccccc/1", QID5_TEXT="no")
        assert "Hit?" in stayed.text
        assert await asked.stored() == []


async def test_a_changed_answer_counts_when_it_is_confirmed_and_not_before(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock) as asked:
        last = await send(asked, await asked.open(), QID1="3")
        await send(asked, last, QID5_TEXT="first")
        assert "your answer has arrived" in (await asked.open()).text
        clock.advance(60)
        again = await asked.open("?change=1")
        assert re.search(r'id="QID1-3"[^>]*checked', again.text)
        last = await send(asked, again, QID1="3")
        assert 'value="first"' in last.text
        assert [row["answers"]["QID5_TEXT"] for row in await asked.stored(ResponseState.RECORDED)] == [
            "first"
        ]
        await send(asked, last, QID5_TEXT="second")
        (row,) = await asked.stored(ResponseState.RECORDED)
        assert (row["answers"]["QID5_TEXT"], row["revision"]) == ("second", 3)


async def test_the_end_says_its_own_words_and_leads_on_to_an_escaped_address(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock) as asked:
        last = await send(asked, await asked.open(), QID1="2")
        done = await send(asked, last, QID5_TEXT="x")
        assert "Bye from Graz &amp; &lt;b&gt;" in done.text
        assert "That was all." not in done.text
        assert 'content="0;url=https://intranet.example/?s=Graz%20%26%20%3Cb%3E"' in done.text


async def test_a_machine_that_presses_at_once_is_asked_once_more(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        page = await asked.open()
        pressed = await asked.client.post(asked.path, data=filled_in(page.text, {"QID1": "1"}))
        assert "One more press" in pressed.text
        (row,) = await asked.stored()
        assert (row["state"], row["quarantine"].split()[0]) == (
            ResponseState.QUARANTINED,
            QuarantineReason.NO_DWELL,
        )
        second = await send(asked, pressed)
        assert "How badly, Maya?" in second.text


async def test_a_double_press_on_the_last_button_records_once(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        last = await send(asked, await asked.open(), QID1="3")
        done = await send(asked, last, QID5_TEXT="x")
        twice = await send(asked, last, QID5_TEXT="x")
        assert "your answer has arrived" in done.text
        assert "your answer has arrived" in twice.text
        assert [row["revision"] for row in await asked.stored(ResponseState.RECORDED)] == [2]


async def test_who_began_in_time_may_finish_and_who_did_not_is_late(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        first = await asked.open()
        clock.advance((asked.expires_at - timedelta(minutes=1) - clock.now()).total_seconds())
        last = await send(asked, await asked.open(), QID1="3")
        clock.advance((asked.expires_at + timedelta(minutes=30) - clock.now()).total_seconds())
        assert "Coffee" in (await asked.open()).text
        done = await send(asked, last, QID5_TEXT="just")
        assert "your answer has arrived" in done.text
        assert first.status_code == 200


async def test_a_late_first_page_is_kept_and_does_not_count(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        first = await asked.open()
        clock.advance((asked.expires_at + timedelta(hours=3) - clock.now()).total_seconds())
        late = await send(asked, first, QID1="1")
        assert "came after closing" in late.text
        assert [row["state"] for row in await asked.stored()] == [ResponseState.LATE]


async def test_a_shared_link_goes_on_in_the_same_browser_and_begins_anew_for_the_next_person(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock, link_type=LinkType.ANONYMOUS) as asked:
        link = "cd" * 16
        await asked.set_distribution(shared_link=link)
        asked.invitation = link
        last = await send(asked, await asked.open(), QID1="3")
        assert "Coffee" in last.text
        assert "Coffee" in (await asked.open()).text
        assert await asked.stored() == [], "nobody but this browser could finish it"
        done = await send(asked, last, QID5_TEXT="x")
        assert "That was all." in done.text
        assert [row["state"] for row in await asked.stored()] == [ResponseState.RECORDED]
        assert "Hit?" in (await asked.open()).text
        second = await send(asked, await asked.open(), QID1="3")
        await send(asked, second, QID5_TEXT="y")
        assert [row["answers"]["QID5_TEXT"] for row in await asked.stored()] == ["x", "y"]


async def test_a_shared_link_works_in_a_browser_that_keeps_no_cookie(
    db: Database, clock: ManualClock
) -> None:
    async with asking(db, clock, link_type=LinkType.ANONYMOUS) as asked:
        link = "cd" * 16
        await asked.set_distribution(shared_link=link)
        asked.invitation = link
        page = await asked.open()
        asked.client.cookies.clear()
        clock.advance(20)
        last = await asked.client.post(asked.path, data=filled_in(page.text, {"QID1": "3"}))
        assert last.status_code == 200
        assert "Coffee" in last.text
        asked.client.cookies.clear()
        clock.advance(20)
        done = await asked.client.post(asked.path, data=filled_in(last.text, {"QID5_TEXT": "z"}))
        assert done.status_code == 303
        assert [row["answers"] for row in await asked.stored()] == [{"QID1": "3", "QID5_TEXT": "z"}]


async def test_not_me_on_the_first_page_is_noted(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        noted = await send(asked, await asked.open(), intent="not_me")
        assert "not meant for you" in noted.text
        assert len(await asked.corrections()) == 1


async def test_a_session_keeps_the_version_it_started_with(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        second = await send(asked, await asked.open(), QID1="1")
        other = document(title="Quite another")
        await save_draft(asked.ports, asked.tenant, asked.survey, "Other", other, "test")
        await publish_survey(asked.ports, asked.tenant, asked.survey, "test")
        third = await send(asked, second, QID2="9")
        assert "A longer survey" in third.text
        assert [row["version"] for row in await walks(asked)] == [1]


async def test_a_preview_shows_the_first_page_and_keeps_nothing(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        before = await asked.everything()
        preview = await asked.client.get(asked.address(LinkPurpose.PREVIEW))
        assert "Preview. Nothing is stored." in preview.text
        assert "Hit?" in preview.text
        posted = await asked.client.post(asked.address(LinkPurpose.PREVIEW), data={"QID1": "1"})
        assert posted.status_code == 200
        assert await asked.everything() == before


async def test_an_order_by_chance_stays_for_a_person(db: Database, clock: ManualClock) -> None:
    many = [{"id": str(number), "text": f"Choice {number}"} for number in range(1, 13)]
    mixed = {"type": "single_choice", "id": "QID1", "text": "?", "choices": many, "order": {"kind": "random"}}
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": [mixed]}]
    survey = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})
    async with asking(db, clock, survey) as asked:
        orders = {tuple(re.findall(r'value="(\d+)"><span>', (await asked.open()).text)) for _ in range(5)}
        assert len(orders) == 1
        (order,) = orders
        assert sorted(order, key=int) == [choice["id"] for choice in many]
        assert list(order) != sorted(order, key=int)
        done = await send(asked, await asked.open(), QID1="7")
        assert "your answer has arrived" in done.text


async def test_an_end_that_keeps_nothing_keeps_nothing(db: Database, clock: ManualClock) -> None:
    flow = [
        {"type": "block", "block": "BL_aaaaaaaaaaa"},
        {"type": "end", "id": "FL_9", "message": "Not for you.", "flag": "screened", "record": False},
    ]
    async with asking(db, clock, document(flow=flow)) as asked:
        done = await send(asked, await asked.open(), QID1="1")
        assert "Not for you." in done.text
        assert [(row["state"], row["answers"]) for row in await asked.stored()] == [
            (ResponseState.IN_PROGRESS, {})
        ]
        assert [row["answers"] for row in await walks(asked)] == [{}]


async def test_a_way_is_forgotten_when_no_link_can_lead_back_to_it(db: Database, clock: ManualClock) -> None:
    async with asking(db, clock) as asked:
        await send(asked, await asked.open(), QID1="1")
        assert await forget_ways(asked.ports) == 0
        clock.advance(61 * 86_400)
        assert await forget_ways(asked.ports) == 1
        assert await walks(asked) == []
        assert len(await asked.stored()) == 1, "what was answered is the response's own"
