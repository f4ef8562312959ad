"""Which language a person reads, and questions that come up by what they answer."""

from __future__ import annotations

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.models import ResponseState
from opulse.experience.surveys.models import SurveyDocument
from tests.unit.experience.responses.asked_people import ask_somebody


@pytest.mark.parametrize(
    ("contact", "query", "headers", "language"),
    [
        ("AR", "", {}, "ar"),
        ("AR", "?lang=de", {}, "de"),
        ("DE", "", {"accept-language": "en"}, "de"),
        ("", "", {"accept-language": "de-AT, en;q=0.5"}, "de"),
        ("FR", "", {"accept-language": "fr"}, "en"),
        ("", "", {}, "en"),
    ],
)
async def test_the_page_speaks_the_persons_language(
    db: Database, clock: ManualClock, contact: str, query: str, headers: dict[str, str], language: str
) -> None:
    async with ask_somebody(db, clock, language=contact) as asked:
        page = await asked.open(query, **headers)
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text


async def test_the_language_that_was_switched_to_stays(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, language="DE") as asked:
        page = await asked.open("?lang=ar")
        clock.advance(20)
        problem = await asked.press(page)
        assert 'lang="ar" dir="rtl"' in problem.text
        clock.advance(20)
        answer = await asked.press(problem, QID1="4")
        assert "شكرًا لك، وصلت إجابتك" in (await asked.client.get(answer.headers["location"])).text
        assert (await asked.stored())[0]["language"] == "ar"
        assert 'lang="ar"' in (await asked.open()).text, "also when they come back"


async def test_times_are_the_persons_own(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, language="DE", time_zone="Europe/Berlin") as asked:
        assert "Sie können bis 24.11.2026, 13:00 MEZ antworten." in (await asked.open()).text


async def test_an_unknown_zone_reads_as_utc_and_says_so(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, time_zone="Mars/Olympus") as asked:
        assert "12:00\u202fPM UTC" in (await asked.open()).text


CHOICES = [{"id": "1", "text": "Yes"}, {"id": "2", "text": "No"}]
BOTH_YES = {"conditions": [{"question": "QID1", "choice": "1"}, {"question": "QID2", "choice": "1"}]}
TWO_STEPS = SurveyDocument.model_validate(
    {
        "title": "T",
        "language": "en",
        "blocks": [
            {
                "id": "BL_aaaaaaaaaaa",
                "questions": [
                    {"type": "single_choice", "id": "QID1", "text": "A?", "choices": CHOICES},
                    {"type": "single_choice", "id": "QID2", "text": "B?", "choices": CHOICES},
                    {"type": "text", "id": "QID3", "text": "Which?", "required": True, "display": BOTH_YES},
                ],
            }
        ],
    }
)


async def test_a_question_that_comes_up_is_asked_before_the_answer_is_recorded(
    db: Database, clock: ManualClock
) -> None:
    async with ask_somebody(db, clock, TWO_STEPS) as asked:
        page = await asked.open()
        assert "Which?" not in page.text
        clock.advance(20)
        further = await asked.press(page, QID1="1", QID2="1")
        assert further.status_code == 200
        assert "Your answer leads to a further question" in further.text
        assert "Please answer this question." not in further.text, "asked, not blamed"
        clock.advance(20)
        missing = await asked.press(further)
        assert missing.status_code == 422
        clock.advance(20)
        await asked.press(missing, QID3_TEXT="the printer")
        (row,) = await asked.stored()
        assert row["state"] == ResponseState.RECORDED
        assert row["answers"] == {"QID1": "1", "QID2": "1", "QID3_TEXT": "the printer"}


async def test_a_question_that_does_not_come_up_is_not_asked(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, TWO_STEPS) as asked:
        await asked.press(QID1="1", QID2="2", QID3_TEXT="ignored")
        (row,) = await asked.stored()
        assert (row["state"], row["answers"]) == (ResponseState.RECORDED, {"QID1": "1", "QID2": "2"})
