"""Where in the HTML a slot stands, and so how its value must be escaped."""

from __future__ import annotations

import re
from enum import StrEnum
from html import escape
from urllib.parse import quote

from opulse.mail.headers import checked_link
from opulse.mail.models import MessageRefused, Refusal

_OPEN_ATTRIBUTE = re.compile(r"""\s([a-zA-Z-]+)\s*=\s*(?:"([^"]*)|'([^']*))\Z""")
_LINKS = frozenset({"href", "src", "action", "background"})
_RAW = re.compile(r"<(/?)(style|script)\b", re.IGNORECASE)


class Place(StrEnum):
    """The surroundings of one slot."""

    PLAIN = "plain"
    """The text part: as it is."""
    HTML = "html"
    """Between tags or in an ordinary quoted attribute: HTML escaping."""
    LINK = "link"
    """The beginning of a link: must be http, https or mailto; HTML escaping."""
    IN_LINK = "in_link"
    """Further on in a link: percent-encoding."""


def place_of(before: str) -> Place:
    """The place of a slot that follows ``before`` (all of the HTML up to it). Raises MessageRefused (UNSAFE_PLACE)."""
    raw = list(_RAW.finditer(before))
    if raw and not raw[-1].group(1):
        raise MessageRefused(Refusal.UNSAFE_PLACE, "html")
    tag_start = before.rfind("<")
    if tag_start <= before.rfind(">"):
        return Place.HTML
    attribute = _OPEN_ATTRIBUTE.search(before, tag_start)
    if attribute is None or attribute.group(1).lower().startswith("on"):
        raise MessageRefused(Refusal.UNSAFE_PLACE, "html")
    if attribute.group(1).lower() not in _LINKS:
        return Place.HTML
    return Place.IN_LINK if attribute.group(2) or attribute.group(3) else Place.LINK


def escaped(place: Place, value: str, where: str) -> str:
    """``value`` of slot ``where`` as it may stand in ``place``. Raises MessageRefused (BAD_LINK, NOT_TEXT)."""
    match place:
        case Place.PLAIN:
            return value
        case Place.HTML:
            return escape(value)
        case Place.LINK:
            return escape(checked_link(where, value))
        case Place.IN_LINK:
            try:
                return quote(value, safe="")
            except UnicodeEncodeError:
                raise MessageRefused(Refusal.NOT_TEXT, where) from None
