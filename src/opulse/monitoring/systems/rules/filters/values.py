"""The right-hand side of a comparison."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network

from opulse.monitoring.systems.models import Comparison, FilterError
from opulse.monitoring.systems.rules.filters.facts import range_of
from opulse.monitoring.systems.rules.filters.words import Word

_MOST_STARS = 10
_LONGEST = 255
_AGE = re.compile(r"(\d{1,4})(h|d|w)", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}


def read_text(word: Word, how: Comparison) -> str:
    """A text, folded as the facts are.

    Raises:
        FilterError: it is too long, empty where every system would match, or cannot be kept.
    """
    text = word.text.casefold()
    if len(text) > _LONGEST:
        raise FilterError(word.at, f"a value of at most {_LONGEST} characters", f"{len(text)}")
    if not text and how is not Comparison.EQUALS:
        raise FilterError(word.at, 'a value that is not empty (an empty field is asked for by = "")', '""')
    if how is Comparison.MATCHES and text.count("*") > _MOST_STARS:
        raise FilterError(word.at, f"at most {_MOST_STARS} stars", str(text.count("*")))
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise FilterError(word.at, "characters that can be kept", "NUL or half a character")
    return text


def read_age(word: Word) -> timedelta:
    """Hours, days or weeks.

    Raises:
        FilterError: it is none of these.
    """
    found = _AGE.fullmatch(word.text)
    if found is None:
        raise FilterError(word.at, "an age as 12h, 30d or 4w", word.shown)
    return timedelta(hours=int(found[1]) * _HOURS[found[2].lower()])


def read_network(word: Word) -> tuple[str, str]:
    """First and last address of a network, or of one address.

    Raises:
        FilterError: it is neither.
    """
    try:
        return range_of(ip_network(word.text.strip(), strict=False))
    except ValueError as error:
        raise FilterError(
            word.at, "an address as 10.1.2.3 or a network as 10.1.0.0/16", word.shown
        ) from error
