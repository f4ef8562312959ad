"""The pages around the questions: done, late, expired, closed, not for you, noted, one more press."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from opulse.experience.responses.models import AccessReason, CorrectionKind, LinkFacts
from opulse.experience.responses.pages.contexts import (
    ConfirmPage,
    HiddenField,
    LanguageLink,
    Link,
    MessagePage,
)
from opulse.experience.responses.wording import wording_in
from opulse.experience.surveys.models import LocalisedSurvey

CHANGE_QUERY = "change=1"


def zone_of(name: str) -> ZoneInfo:
    """The person's zone; UTC, which the page then names, when it is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def say_when(language: str, moment: datetime, zone: str) -> str:
    """The minute as the person reads it in their own zone; said once for all who are asked until then."""
    return _say_minute(language, moment.replace(second=0, microsecond=0), zone)


@lru_cache(maxsize=4_096)
def _say_minute(language: str, minute: datetime, zone: str) -> str:
    return wording_in(language).time(minute, zone_of(zone))


def show_done(
    survey: LocalisedSurvey,
    facts: LinkFacts,
    access: AccessReason,
    path: str,
    languages: tuple[LanguageLink, ...],
) -> MessagePage:
    """The answer has arrived; until closing it may be changed."""
    words = wording_in(survey.language)
    may_change = access is AccessReason.OPEN and facts.asked.individual
    until = _expiry(survey, facts)
    texts = (survey.end_text, words.done.change_until.format(time=until) if may_change else "")
    change = Link(f"{path}?{CHANGE_QUERY}&lang={survey.language}", words.done.change)
    return MessagePage(
        words=words,
        title=words.done.title,
        paragraphs=tuple(text for text in texts if text),
        languages=languages,
        link=change if may_change else None,
        sign="✓",
        tone="ok",
        look=survey.look,
    )


def show_late(survey: LocalisedSurvey, facts: LinkFacts, languages: tuple[LanguageLink, ...]) -> MessagePage:
    """The answer is kept and does not count."""
    words = wording_in(survey.language)
    text = words.late.text.format(time=_expiry(survey, facts))
    return MessagePage(words, words.late.title, (text,), languages, None, "✓", "warn", look=survey.look)


def show_expired(
    survey: LocalisedSurvey, facts: LinkFacts, languages: tuple[LanguageLink, ...]
) -> MessagePage:
    """The time is over."""
    words = wording_in(survey.language)
    text = words.expired.text.format(time=_expiry(survey, facts))
    return MessagePage(words, words.expired.title, (text, words.expired.still), languages)


def show_closed(survey: LocalisedSurvey, languages: tuple[LanguageLink, ...]) -> MessagePage:
    """Those who ask have stopped asking."""
    words = wording_in(survey.language)
    return MessagePage(words, words.closed.title, (words.closed.text, words.expired.still), languages)


def show_not_for_you(language: str) -> MessagePage:
    """The token is not one of ours."""
    words = wording_in(language)
    return MessagePage(words, words.not_for_you.title, (words.not_for_you.text,))


def show_noted(
    survey: LocalisedSurvey, kind: CorrectionKind, path: str, languages: tuple[LanguageLink, ...]
) -> MessagePage:
    """*Not my computer* or *not me* was taken; a way back for those who pressed by mistake."""
    words = wording_in(survey.language)
    text = words.noted.device if kind is CorrectionKind.NOT_MY_DEVICE else words.noted.person
    undo = Link(f"{path}?{CHANGE_QUERY}&lang={survey.language}", words.noted.undo)
    return MessagePage(words, words.noted.title, (text,), languages, undo, "✓", "ok", look=survey.look)


def ask_once_more(
    survey: LocalisedSurvey, fields: Iterable[tuple[str, str]], stamp: str, path: str
) -> ConfirmPage:
    """The press looked like a machine's: the same form behind one more button."""
    words = wording_in(survey.language)
    kept = tuple(HiddenField(name, value) for name, value in fields if name != "stamp")
    return ConfirmPage(
        words=words,
        title=words.confirm.title,
        text=words.confirm.text,
        button=words.confirm.button,
        action=path,
        fields=(*kept, HiddenField("stamp", stamp)),
    )


def _expiry(survey: LocalisedSurvey, facts: LinkFacts) -> str:
    return say_when(survey.language, facts.asked.expires_at, facts.asked.time_zone)
