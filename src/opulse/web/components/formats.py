"""Numbers, dates and durations as people of one locale read them (CLDR data by babel).

Every function takes the locale first. Absent values (`None`) read as a dash, so that templates need no `if`.
"""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

ABSENT = "–"
_HOURS = "HH:mm"  # in every language: whoever compares incidents must not read am for pm
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def parse_locale(tag: str) -> Locale:
    """`de`, `de-AT` or `ar` → babel's locale. A tag that CLDR does not know reads as English."""
    try:
        return Locale.parse(tag, sep="-" if "-" in tag else "_")
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en")


def preferred_locale(accept_language: str) -> str:
    """The first language of an `Accept-Language` header that CLDR knows, else `en`. The order of the header counts."""
    for part in accept_language.split(","):
        tag = part.split(";")[0].strip()
        try:
            return str(Locale.parse(tag, sep="-"))
        except (ValueError, UnknownLocaleError):
            continue
    return "en"


def direction_of(tag: str) -> str:
    """`rtl` or `ltr`: the value of the `dir` attribute for this language."""
    return str(parse_locale(tag).text_direction)


def format_number(locale: str, value: float | None, digits: int = 0) -> str:
    """1284 → `1,284`. `digits` is the most decimals shown."""
    if value is None:
        return ABSENT
    rounded = round(value, digits) if digits else round(value)
    return str(format_decimal(rounded, locale=parse_locale(locale), decimal_quantization=False))


def format_share(locale: str, fraction: float | None, digits: int = 0) -> str:
    """0.136 → `14%`; with one digit `13.6%`. The argument is a fraction of 1, not of 100."""
    if fraction is None:
        return ABSENT
    rounded = round(fraction, digits + 2)
    return str(format_percent(rounded, locale=parse_locale(locale), decimal_quantization=False))


def format_moment(locale: str, zone: str, moment: datetime | None) -> Markup | str:
    """A `<time>` element with date and time in the viewer's zone; machines read UTC from its attribute."""
    if moment is None:
        return ABSENT
    text = _date_and_time(locale, zone, moment)
    return _time_element(moment, text, text)


def format_clock(locale: str, zone: str, moment: datetime | None) -> Markup | str:
    """A `<time>` element with hours and minutes alone (`08:04`); the full date is its title."""
    if moment is None:
        return ABSENT
    text = format_time(moment, format=_HOURS, tzinfo=_zone(zone), locale=parse_locale(locale))
    return _time_element(moment, text, _date_and_time(locale, zone, moment))


def format_day(locale: str, zone: str, moment: datetime | None) -> Markup | str:
    """A `<time>` element with day and month alone (`Nov 23`); the full date is its title."""
    if moment is None:
        return ABSENT
    text = format_skeleton("MMMd", moment, tzinfo=_zone(zone), locale=parse_locale(locale))
    return _time_element(moment, text, _date_and_time(locale, zone, moment))


def format_ago(locale: str, zone: str, now: datetime, moment: datetime | None) -> Markup | str:
    """A `<time>` element such as `2 minutes ago` or `in 3 hours`; the full date is its title."""
    if moment is None:
        return ABSENT
    text = format_timedelta(moment - now, add_direction=True, locale=parse_locale(locale))
    return _time_element(moment, text, _date_and_time(locale, zone, moment))


def format_span(locale: str, span: timedelta | float | None) -> str:
    """Seconds or a timedelta → its two largest units: `2 min 11 sec`. Below ten seconds one decimal is kept."""
    if span is None:
        return ABSENT
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    known = parse_locale(locale)
    if abs(seconds) < 10:
        return str(format_unit(round(seconds, 1), "second", length="short", locale=known))
    parts = []
    rest = round(abs(seconds))
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(str(format_unit(count, unit, length="short", locale=known)))
    return ("-" if seconds < 0 else "") + " ".join(parts[:2])


def _date_and_time(locale: str, zone: str, moment: datetime) -> str:
    known = parse_locale(locale)
    date = format_date(moment.astimezone(_zone(zone)), format="medium", locale=known)
    clock = format_time(moment, format=_HOURS, tzinfo=_zone(zone), locale=known)
    return str(known.datetime_formats["medium"]).replace("{1}", date).replace("{0}", clock)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def _time_element(moment: datetime, text: str, title: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), title, text)
