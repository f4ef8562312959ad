"""Topics and forms of event subscriptions, against the recorded vector."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from opulse.experience.subscriptions.models import COMPLETED, Event
from opulse.experience.subscriptions.rules import (
    body_of,
    is_about,
    refuse_topic,
    response_event,
    sign,
    survey_event,
)

SURVEY = "SV_1AmkKSDmoZ4XlQx"
BRAND = "sapdevelopment"
DONE = datetime(2019, 6, 25, 7, 58, 25, tzinfo=UTC)
RECORDED = (
    "c2c585a404c239aa3063b462cc33551d3ed3ed2de0899f58d456fc0ef7ebef6f"
    "3c3af44957989bd0592603e41edde9528f7d9ed09ee128bf719aa12f46e5c598"
)


def completed() -> Event:
    return response_event(COMPLETED, "Complete", SURVEY, "R_0B7IcnXszjEUHLP", 1, DONE)


def test_the_recorded_event_is_signed_as_recorded() -> None:
    event = completed()
    body = body_of(event.topic, event.message, BRAND, "kyma4ever")
    assert body.startswith(f"HMAC={RECORDED}&MSG=%7B%22Status%22%3A%22Complete%22%2C%22SurveyID%22")
    assert [name for name, _ in parse_qsl(body)] == ["HMAC", "MSG", "Topic"]
    assert len(sign("kyma4ever", "")) == 128


def test_without_a_key_the_fields_are_plain() -> None:
    event = completed()
    assert parse_qsl(body_of(event.topic, event.message, BRAND, "")) == [
        ("Topic", f"{BRAND}.surveyengine.completedResponse.{SURVEY}"),
        ("Status", "Complete"),
        ("SurveyID", SURVEY),
        ("ResponseID", "R_0B7IcnXszjEUHLP"),
        ("CompletedDate", "2019-06-25 07:58:25"),
        ("BrandID", BRAND),
    ]


def test_a_survey_that_opens_or_closes_is_another_topic() -> None:
    opened, closed = (survey_event(SURVEY, active=one) for one in (True, False))
    assert (opened.topic, dict(opened.message)) == (
        "controlpanel.activateSurvey",
        {"Status": "Active", "SurveyID": SURVEY},
    )
    assert (closed.topic, closed.message["Status"]) == ("controlpanel.deactivateSurvey", "Inactive")


@pytest.mark.parametrize(
    "topic",
    [
        "*",
        "surveyengine.*",
        "surveyengine.completedResponse.*",
        f"surveyengine.completedResponse.{SURVEY}",
        f"surveyengine.partialResponse.{SURVEY}",
        "surveyengine.completedResponse.SV_1*",
        "controlpanel.*",
        "controlpanel.activateSurvey",
        "controlpanel.deactivateSurvey",
    ],
)
def test_what_happens_here_may_be_subscribed_to(topic: str) -> None:
    assert refuse_topic(topic) == ""


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "threesixty.created",
        "threesixty.*",
        "surveyengine.completedResponse",
        "surveyengine.completedResponse.SV_1",
        f"surveyengine.startedRecipientSession.{SURVEY}",
        "controlpanel.activateSurvey.*",
        "*.completedResponse",
    ],
)
def test_what_never_happens_here_is_refused(topic: str) -> None:
    assert "is none of the topics" in refuse_topic(topic)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("*", True),
        ("surveyengine.*", True),
        ("surveyengine.completedResponse.*", True),
        (f"surveyengine.completedResponse.{SURVEY}", True),
        ("surveyengine.completedResponse.SV_000000000000000", False),
        ("surveyengine.partialResponse.*", False),
        ("controlpanel.activateSurvey", False),
    ],
)
def test_a_star_at_the_end_stands_for_anything(wanted: str, expected: bool) -> None:
    assert is_about(wanted, completed().topic) is expected
