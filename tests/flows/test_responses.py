"""From a personal link to a recorded answer: what is kept, what counts, and what the person reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.models import DistributionState, LinkType
from opulse.experience.responses import flow
from opulse.experience.responses.models import CorrectionKind, CountChange, QuarantineReason, ResponseState
from opulse.experience.surveys.flow import close_survey
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.responses.asked_people import ACTIVATION, Asked, ask_somebody, filled_in

pytestmark = pytest.mark.stores


@pytest.fixture
async def asked(db: Database, clock: ManualClock) -> AsyncIterator[Asked]:
    async with ask_somebody(db, clock) as one:
        yield one


async def test_get_and_head_write_nothing_however_often(asked: Asked) -> None:
    before = await asked.everything()
    for query in ("", "?q=QID1&c=4", "?change=1", "?lang=ar", "?q=QID1&c=99"):
        assert (await asked.open(query)).status_code == 200
        assert (await asked.client.head(f"{asked.path}{query}")).status_code == 200
    assert (await asked.client.get(asked.address(LinkPurpose.UNSUBSCRIBE))).status_code == 200
    assert await asked.everything() == before


async def test_an_answer_is_recorded_once_and_announced(asked: Asked) -> None:
    answer = await asked.press(QID1="4", QID2="3", QID4_TEXT="No VPN since nine")
    assert answer.status_code == 303
    done = await asked.client.get(answer.headers["location"])
    assert "Thank you, your answer has arrived" in done.text
    (row,) = await asked.stored()
    assert row["state"] == ResponseState.RECORDED
    assert row["answers"] == {"QID1": "4", "QID2": "3", "QID4_TEXT": "No VPN since nine"}
    assert (row["version"], row["activation"], row["language"]) == (1, ACTIVATION, "en")
    assert (row["recorded_at"] - row["started_at"]).total_seconds() == 20, "begun when the page was served"
    assert await asked.announced() == [ACTIVATION]


async def test_a_second_answer_updates_the_first_and_the_first_is_history(asked: Asked) -> None:
    await asked.press(QID1="4")
    page = await asked.open("?change=1")
    assert "You answered on" in page.text
    assert "Send changed answer" in page.text
    asked.clock.advance(30)
    await asked.press(page, QID1="2")
    (row,) = await asked.stored()
    assert (row["answers"], row["revision"]) == ({"QID1": "2"}, 2)
    assert [(one["revision"], one["answers"]) for one in await asked.history()] == [
        (1, {"QID1": "4"}),
        (2, {"QID1": "2"}),
    ]
    assert await asked.announced() == [ACTIVATION], "one job waits, however often people answer"


async def test_a_change_starts_from_the_former_answer(asked: Asked) -> None:
    await asked.press(QID1="4", QID3="2", QID4_TEXT="kept")
    page = await asked.open("?q=QID1&c=1")
    fields = filled_in(page.text, {})
    assert (fields["QID1"], fields["QID3"]) == (["1"], ["2"]), "the mail's choice lies over the former answer"
    assert ">\nkept</textarea>" in page.text


async def test_two_first_answers_at_once_are_one_record(asked: Asked) -> None:
    page = await asked.open()
    asked.clock.advance(20)
    answers = await asyncio.gather(*(asked.press(page, QID1=choice) for choice in "1234"))
    assert [answer.status_code for answer in answers] == [303] * 4
    (row,) = await asked.stored()
    assert (row["state"], row["revision"], len(await asked.history())) == (ResponseState.RECORDED, 4, 4)


async def test_a_missing_answer_comes_back_with_a_summary_and_is_kept_as_begun(asked: Asked) -> None:
    answer = await asked.press(QID2="3", QID4_TEXT="<b>")
    assert answer.status_code == 422
    assert '<a href="#QID1-1">' in answer.text
    assert ">\n&lt;b&gt;</textarea>" in answer.text
    (row,) = await asked.stored()
    assert (row["state"], row["answers"]) == (ResponseState.IN_PROGRESS, {"QID2": "3", "QID4_TEXT": "<b>"})
    assert await asked.announced() == []
    asked.clock.advance(15)
    await asked.press(answer, QID1="1")
    (row,) = await asked.stored()
    assert (row["state"], row["revision"]) == (ResponseState.RECORDED, 2)


async def test_an_unfinished_change_leaves_the_recorded_answer(asked: Asked) -> None:
    await asked.press(QID1="4")
    answer = await asked.press(QID1="9")
    assert answer.status_code == 422
    (row,) = await asked.stored()
    assert (row["state"], row["answers"]) == (ResponseState.RECORDED, {"QID1": "4"})


async def test_after_closing_an_answer_is_kept_late_and_the_page_says_so(asked: Asked) -> None:
    page = await asked.open()
    asked.clock.advance(26 * 3600 + 1)
    answer = await asked.press(page, QID1="4")
    late = await asked.client.get(answer.headers["location"])
    assert "Your answer came after closing" in late.text
    assert "kept, but it is not counted" in late.text
    (row,) = await asked.stored()
    assert row["state"] == ResponseState.LATE
    assert await asked.announced() == []
    expired = await asked.press(page, QID1="3")
    assert expired.status_code == 303
    assert [one["revision"] for one in await asked.stored()] == [2], "one late row, however often"


async def test_what_was_begun_in_time_may_finish_within_two_hours(asked: Asked) -> None:
    asked.clock.advance(24 * 3600 - 60)
    page = await asked.open()
    asked.clock.advance(7000)
    assert "This question has closed" in (await asked.open()).text
    await asked.press(page, QID1="4")
    (row,) = await asked.stored()
    assert row["state"] == ResponseState.RECORDED
    done = await asked.open()
    assert "your answer has arrived" in done.text
    assert "Change my answer" not in done.text


async def test_a_forged_stamp_buys_no_time(asked: Asked) -> None:
    page = await asked.open()
    asked.clock.advance(24 * 3600 + 60)
    await asked.press(page, QID1="4", stamp="1795000000000.00000000000000000000000000000000")
    (row,) = await asked.stored()
    assert row["state"] == ResponseState.LATE


async def test_an_empty_late_post_keeps_nothing(asked: Asked) -> None:
    asked.clock.advance(30 * 3600)
    answer = await asked.client.post(asked.path, data={})
    assert "This question has closed" in (await asked.client.get(answer.headers["location"])).text
    assert await asked.stored() == []


async def test_a_late_change_leaves_the_answer_that_counts(asked: Asked) -> None:
    await asked.press(QID1="4")
    asked.clock.advance(30 * 3600)
    await asked.client.post(asked.path, data={"QID1": "1"})
    recorded = await asked.stored(ResponseState.RECORDED)
    assert [row["answers"] for row in recorded] == [{"QID1": "4"}]
    assert "your answer has arrived" in (await asked.open()).text


@pytest.mark.parametrize(
    ("field", "wait", "reason"),
    [
        ({"website": "http://spam.example"}, 20, QuarantineReason.TRAP_TOUCHED),
        ({}, 0.5, QuarantineReason.NO_DWELL),
    ],
)
async def test_a_quarantined_answer_takes_no_slot_and_one_more_press_records_it(
    asked: Asked, field: dict[str, str], wait: float, reason: QuarantineReason
) -> None:
    page = await asked.open("?q=QID1&c=1")
    asked.clock.advance(wait)
    again = await asked.press(page, **field)
    assert again.status_code == 200
    assert "One more press, please" in again.text
    (row,) = await asked.stored()
    assert (row["state"], row["quarantine"]) == (ResponseState.QUARANTINED, reason)
    assert await asked.announced() == []
    asked.clock.advance(4)
    assert (await asked.press(again)).status_code == 303
    recorded = await asked.stored(ResponseState.RECORDED)
    assert [row["answers"] for row in recorded] == [{"QID1": "1"}]


async def test_a_scanner_that_presses_first_leaves_the_person_their_answer(asked: Asked) -> None:
    for _ in range(3):
        page = await asked.open("?q=QID1&c=1")
        asked.clock.advance(0.2)
        await asked.press(page)
    await asked.press(QID1="4")
    assert [row["answers"] for row in await asked.stored(ResponseState.RECORDED)] == [{"QID1": "4"}]
    assert len(await asked.stored(ResponseState.QUARANTINED)) == 1


async def test_not_my_computer_is_noted_and_stops_the_answer_from_counting(asked: Asked) -> None:
    await asked.press(QID1="4")
    answer = await asked.press(intent="not_my_device")
    noted = await asked.client.get(answer.headers["location"])
    assert "you do not use this computer" in noted.text
    (correction,) = await asked.corrections()
    assert (correction["kind"], correction["activation"]) == (CorrectionKind.NOT_MY_DEVICE, ACTIVATION)
    (row,) = await asked.stored()
    assert (row["state"], row["revision"]) == (ResponseState.WITHDRAWN, 2)
    assert await asked.announced() == [ACTIVATION], "one job waits, however often people answer"


async def test_an_answer_takes_back_a_mistaken_not_me(asked: Asked) -> None:
    await asked.press(intent="not_me")
    assert "was not meant for you" in (await asked.open()).text
    await asked.press(QID1="2")
    assert await asked.corrections() == []
    assert "your answer has arrived" in (await asked.open()).text


async def test_a_scanner_cannot_press_not_me(asked: Asked) -> None:
    page = await asked.open()
    again = await asked.press(page, intent="not_me")
    assert "One more press, please" in again.text
    assert await asked.corrections() == []


async def test_closed_by_those_who_ask(asked: Asked) -> None:
    page = await asked.open()
    asked.clock.advance(20)
    await close_survey(asked.ports, asked.tenant, asked.survey, "test")
    assert "closed at the moment" in (await asked.open()).text
    await asked.press(page, QID1="4")
    assert await asked.stored() == []


async def test_a_cancelled_distribution_takes_no_answers(asked: Asked) -> None:
    await asked.set_distribution(state=DistributionState.CANCELLED.value)
    assert "closed at the moment" in (await asked.open()).text


async def test_a_forged_or_foreign_token_leads_nowhere(asked: Asked) -> None:
    for path in ("/s/forged", asked.path[:-1] + ("A" if asked.path[-1] != "A" else "B"), "/u/forged"):
        answer = await asked.client.get(path, headers={"accept-language": "de-AT,en;q=0.5"})
        assert answer.status_code == 404
        assert "Dieser Link führt zu keiner Frage an Sie" in answer.text
    unsubscribing = asked.address(LinkPurpose.UNSUBSCRIBE)
    assert (await asked.client.get(unsubscribing.replace("/u/", "/s/"))).status_code == 404


async def test_a_preview_keeps_nothing(asked: Asked) -> None:
    path = asked.address(LinkPurpose.PREVIEW)
    page = await asked.client.get(path)
    assert "Nothing is stored" in page.text
    before = await asked.everything()
    assert (await asked.client.post(path, data={"QID1": "4"})).status_code == 200
    assert await asked.everything() == before


async def test_a_link_answered_more_often_than_people_change_their_mind(asked: Asked) -> None:
    for _ in range(flow.MOST_REVISIONS + 2):
        await asked.client.post(asked.path, data={"QID1": "1"})
    assert len(await asked.history()) == flow.MOST_REVISIONS


async def test_pages_of_a_personal_link_stay_private(asked: Asked) -> None:
    page = await asked.open()
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_unsubscribing_asks_first_and_then_opts_out(asked: Asked) -> None:
    path = asked.address(LinkPurpose.UNSUBSCRIBE)
    page = await asked.client.get(path)
    asked.clock.advance(0.3)
    pressed = await asked.client.post(path, data=filled_in(page.text, {}))
    assert "No more questions by mail?" in pressed.text, "a press of a machine is asked again"
    assert not (await asked.contact())["unsubscribed"]
    asked.clock.advance(5)
    done = await asked.client.post(path, data=filled_in(pressed.text, {}))
    assert "You will not be asked again" in done.text
    assert (await asked.contact())["unsubscribed"]


async def test_a_mail_programs_one_click_opts_out_at_once_without_redirect(asked: Asked) -> None:
    path = asked.address(LinkPurpose.UNSUBSCRIBE)
    for _ in range(2):
        answer = await asked.client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert (await asked.contact())["unsubscribed"]


async def test_each_change_is_counted_exactly_once(asked: Asked) -> None:
    async def take() -> list[tuple[dict[str, object], dict[str, object]]]:
        changes: list[CountChange] = await asked.ports.db.write(
            flow.take_uncounted_in, asked.tenant, ACTIVATION
        )
        return [(dict(change.before), dict(change.after)) for change in changes]

    await asked.press()
    assert await take() in ([], [({}, {})]), "what is only begun counts nothing"
    await asked.press(QID1="4")
    assert await take() == [({}, {"QID1": "4"})]
    assert await take() == []
    await asked.press(QID1="3")
    await asked.press(QID1="2", QID3="1")
    assert await take() == [({"QID1": "4"}, {"QID1": "2", "QID3": "1"})]
    await asked.press(intent="not_me")
    assert await take() == [({"QID1": "2", "QID3": "1"}, {})]
    await asked.press(QID1="1")
    assert await take() == [({}, {"QID1": "1", "QID3": "1"})]
    asked.clock.advance(30 * 3600)
    await asked.client.post(asked.path, data={"QID1": "4"})
    assert await take() == []


async def test_a_link_for_many_records_every_answer(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, link_type=LinkType.MULTIPLE) as asked:
        for choice in "123":
            answer = await asked.press(QID1=choice)
            assert "your answer has arrived" in (await asked.client.get(answer.headers["location"])).text
        assert [row["answers"] for row in await asked.stored()] == [{"QID1": choice} for choice in "123"]
        assert "your answer has arrived" not in (await asked.open()).text
