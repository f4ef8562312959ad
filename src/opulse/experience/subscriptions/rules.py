"""Which topics there are, who hears of one, and the form that is posted (qualtrics-api.md 1.14). Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha512
from urllib.parse import urlencode

from opulse.experience.subscriptions.models import (
    ACTIVATED,
    COMPLETED,
    DEACTIVATED,
    PARTIAL,
    Event,
    Subscription,
)
from opulse.wire.identifiers import Prefix, is_id

KEY_MAX = 1_000
_OF_A_SURVEY = (COMPLETED, PARTIAL)
_ANY_SURVEY = f"{Prefix.SURVEY.value}_"


def refuse_topic(topic: str) -> str:
    """Why nobody can subscribe to it; empty: they can. What never happens here is refused, not kept and never told."""
    for family in _OF_A_SURVEY:
        if topic.startswith(f"{family}.") and is_id(Prefix.SURVEY, topic.removeprefix(f"{family}.")):
            return ""
    if topic in (ACTIVATED, DEACTIVATED):
        return ""
    if topic.endswith("*") and any(_meets(topic, family) for family in _known()):
        return ""
    known = ", ".join([*(f"{one}.{{surveyId or *}}" for one in _OF_A_SURVEY), ACTIVATED, DEACTIVATED, "*"])
    return f"{topic[:200] or 'the empty text'} is none of the topics {known}; a * at the end stands for anything."


def is_about(wanted: str, topic: str) -> bool:
    """Whether somebody who asked for ``wanted`` hears of ``topic``; a ``*`` at the end stands for anything."""
    return topic.startswith(wanted[:-1]) if wanted.endswith("*") else topic == wanted


def told_of(subscriptions: Sequence[Subscription], events: Iterable[Event]) -> list[tuple[str, Event]]:
    """Id of the subscription and the event, for all that are to be told."""
    return [(one.id, event) for event in events for one in subscriptions if is_about(one.topics, event.topic)]


def response_event(
    topic: str, status: str, survey: str, response: str, revision: int, completed: datetime
) -> Event:
    """A response came in. Sent again, it is another event: the answers are others."""
    message = {
        "Status": status,
        "SurveyID": survey,
        "ResponseID": response,
        "CompletedDate": completed.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
    return Event(f"{topic}.{survey}", f"{response} {revision}", message)


def survey_event(survey: str, *, active: bool) -> Event:
    """A survey began or ended to collect answers. The vendor's words for these two were not recorded; they are ours."""
    topic, status = (ACTIVATED, "Active") if active else (DEACTIVATED, "Inactive")
    return Event(topic, "", {"Status": status, "SurveyID": survey})


def body_of(topic: str, message: Mapping[str, str], brand: str, shared_key: str) -> str:
    """The form that is posted: plain fields, or with a key the signed message."""
    named = f"{brand}.{topic}"
    told = {**message, "BrandID": brand}
    if not shared_key:
        return urlencode({"Topic": named, **told})
    text = json.dumps(told, separators=(",", ":"))
    return urlencode({"HMAC": sign(shared_key, text), "MSG": text, "Topic": named})


def sign(shared_key: str, text: str) -> str:
    """HMAC-SHA512 in lower-case hex."""
    return hmac.new(shared_key.encode(), text.encode(), sha512).hexdigest()


def _known() -> list[str]:
    return [*(f"{one}.{_ANY_SURVEY}" for one in _OF_A_SURVEY), ACTIVATED, DEACTIVATED]


def _meets(wanted: str, known: str) -> bool:
    """A pattern that is shorter than what is known, or that goes on within the id of a survey."""
    begin = wanted[:-1]
    return known.startswith(begin) or (known.endswith(_ANY_SURVEY) and begin.startswith(known))
