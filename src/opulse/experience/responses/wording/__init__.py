"""What the respondent's pages say, one file per language; a key that a language lacks fails when it is loaded."""

from __future__ import annotations

import tomllib
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from importlib import resources

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from pydantic import BaseModel, ConfigDict

from opulse.experience.surveys.models import FieldProblem
from opulse.experience.surveys.rules import resolve_language

LANGUAGES = ("en", "de", "ar")
"""The languages the pages speak; a survey in another one is shown inside English buttons."""


class _Texts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Plural(_Texts):
    """Forms of a counted noun by CLDR category; ``{n}`` is the number."""

    zero: str | None = None
    one: str | None = None
    two: str | None = None
    few: str | None = None
    many: str | None = None
    other: str


class NotMineTexts(_Texts):
    """The choice *not my computer, not me* under the questions."""

    title: str
    explain: str
    device: str
    person: str


class DoneTexts(_Texts):
    """The page after an answer."""

    title: str
    change: str
    change_until: str


class LateTexts(_Texts):
    """The page after an answer that came too late to count."""

    title: str
    text: str


class ExpiredTexts(_Texts):
    """The page of a link whose time is over."""

    title: str
    text: str
    still: str


class PlainTexts(_Texts):
    """A page of one heading and one sentence."""

    title: str
    text: str


class NotedTexts(_Texts):
    """The page after *not my computer, not me*."""

    title: str
    device: str
    person: str
    undo: str


class ConfirmTexts(_Texts):
    """The page that asks for one more press when the first one looked like a machine's."""

    title: str
    text: str
    button: str


class UnsubscribeTexts(_Texts):
    """The page that asks before it unsubscribes, and the one after."""

    title: str
    text: str
    confirm: str
    done_title: str
    done_text: str


class Wording(_Texts):
    """All texts of the respondent's pages in one language."""

    language: str
    language_name: str
    change_language: str
    required: str
    send: str
    send_change: str
    choose: str
    say_more: str
    optional_comment: str
    answer_until: str
    confidential: str
    with_names: str
    preselected: str
    more_questions: str
    problem_title: str
    preview: str
    no_answer: str
    only_if: str
    you_answered: str
    logo: str
    next: str
    back: str
    page_of: str
    point_of: str
    choose_place: str
    rank_hint: str
    sum_hint: str
    test_run: str
    test_done: str
    number_of_questions: Plural
    number_of_stars: Plural
    problem: dict[str, str]
    not_mine: NotMineTexts
    done: DoneTexts
    late: LateTexts
    expired: ExpiredTexts
    closed: PlainTexts
    not_for_you: PlainTexts
    noted: NotedTexts
    unsubscribe: UnsubscribeTexts
    confirm: ConfirmTexts

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.language)

    def count(self, noun: Plural, number: int) -> str:
        """``3 questions``, in the language's own plural form."""
        form = getattr(noun, self._locale.plural_form(number)) or noun.other
        return str(form).format(n=number)

    def time(self, moment: datetime, zone: tzinfo) -> str:
        """A moment as the person reads it: date, minute and zone, e.g. ``23.11.2026, 14:30 MEZ``."""
        local = moment.astimezone(zone)
        clock = format_time(local, "short", locale=self._locale)
        zone_name = get_timezone_name(local, "short", locale=self._locale)
        if zone_name.startswith(("+", "-")):  # CLDR has no short name for this zone in this language
            zone_name = f"UTC{zone_name[:3]}:{zone_name[3:]}"
        pattern: str = self._locale.datetime_formats["medium"]
        return pattern.format(f"{clock} {zone_name}", format_date(local, "medium", locale=self._locale))

    def problem_text(self, problem: FieldProblem) -> str:
        """The sentence for one answer that was not accepted: the author's own when there is one."""
        if problem.words:
            return problem.words
        limits = {
            "minimum": _plain(problem.minimum),
            "maximum": _plain(problem.maximum),
            "step": _plain(problem.step),
        }
        return self.problem[problem.reason.value].format(**limits)


def _plain(number: float | None) -> str:
    """``5`` for 5.0: limits are whole numbers nearly always."""
    return "" if number is None else f"{number:.10f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=len(LANGUAGES))
def wording_in(language: str) -> Wording:
    """The texts in the closest language there is, else in English."""
    chosen = resolve_language(LANGUAGES, language)
    return _load(chosen)


def name_of_language(code: str) -> str:
    """A language's name in itself, whether or not the pages speak it."""
    if code in LANGUAGES:
        return _load(code).language_name
    try:
        return Locale.parse(code, sep="-").get_display_name() or code
    except (ValueError, UnknownLocaleError):
        return code


@lru_cache(maxsize=len(LANGUAGES))
def _load(language: str) -> Wording:
    text = resources.files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return Wording(language=language, **tomllib.loads(text))
