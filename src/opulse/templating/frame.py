"""A piped text made ready for one place (HTML, text, header): literals that are final, and slots that know their escape.

A bulk sender parses and frames a message once, and then fills the same few slots per person.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from opulse.templating.escape import ESCAPES, Escape, escape_header, escape_html
from opulse.templating.piped import LINK, Piped, Slot

_URL_ATTRIBUTE_OPEN: Final = re.compile(r"(?:href|src|action|formaction)\s*=\s*[\"']?\s*\Z", re.IGNORECASE)
_LINKS: Final = {"SurveyLink": "SurveyURL", "OptOutLink": "OptOutURL"}
"""A link with words is its bare address between fixed markup: the sender fills one key for both forms."""


class Place(Enum):
    """Where a piped text lands. The text itself is the author's: HTML that was cleaned on save, or plain text."""

    HTML = "html"
    TEXT = "text"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class FrameSlot:
    """``key`` as of :class:`~opulse.templating.piped.Slot`; links always ask for the bare address (``l://SurveyURL``)."""

    key: str
    escape: Escape


@dataclass(frozen=True, slots=True)
class Frame:
    """``literals[0] slots[0] literals[1] ... literals[n]``; literals are final bytes of the message, never escaped again."""

    literals: tuple[str, ...]
    slots: tuple[FrameSlot, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The distinct keys that :meth:`fill` asks for, in order of first use."""
        return tuple(dict.fromkeys(slot.key for slot in self.slots))

    def fill(self, values: Mapping[str, str]) -> str:
        """The finished text. A key without a value gives nothing; a value is escaped once and never read as a pipe."""
        return "".join(self._parts(values))

    def marked(self, marker_of: Callable[[str], str]) -> str:
        """The text with a marker in place of each slot, for a sender that fills and escapes by itself (the mail frame)."""
        return "".join(
            part + behind
            for part, behind in zip(
                ("", *(marker_of(slot.key) for slot in self.slots)), self.literals, strict=True
            )
        )

    def _parts(self, values: Mapping[str, str]) -> Iterator[str]:
        yield self.literals[0]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            yield ESCAPES[slot.escape](values.get(slot.key, ""))
            yield literal


def frame_piped(piped: Piped, place: Place) -> Frame:
    """Make a piped text ready for a place; links with words become markup (HTML) or ``words: address`` (text)."""
    literals, slots = [_literal(piped.literals[0], place)], []
    for slot, after in zip(piped.slots, piped.literals[1:], strict=True):
        for before, frame_slot, behind in _lowered(slot, place, literals[-1]):
            literals[-1] += before
            slots.append(frame_slot)
            literals.append(behind)
        literals[-1] += _literal(after, place)
    return Frame(tuple(literals), tuple(slots))


def _literal(text: str, place: Place) -> str:
    return re.sub(r"[\r\n\x00]+", " ", text) if place is Place.HEADER else text


def _lowered(slot: Slot, place: Place, before: str) -> list[tuple[str, FrameSlot, str]]:
    """The frame slots of one slot, each with the literal text before and behind it."""
    key = html.unescape(slot.key) if place is Place.HTML else slot.key
    address = _LINKS.get(slot.path) if slot.source == LINK else None
    if address is None:
        return [("", FrameSlot(key, _escape_of(place, before)), "")]
    key = f"{LINK}://{address}"
    if place is Place.HTML and not _URL_ATTRIBUTE_OPEN.search(before):
        return _anchor(key, slot.words)
    words = slot.words if place is Place.TEXT else None
    return [(f"{words}: " if words else "", FrameSlot(key, _escape_of(place, before)), "")]


def _anchor(key: str, words: str | None) -> list[tuple[str, FrameSlot, str]]:
    href = FrameSlot(key, Escape.HTML_URL)
    if words:
        # The words stand in cleaned HTML, where an & may be written as an entity; then they are text like any other.
        return [('<a href="', href, f'">{escape_html(html.unescape(words))}</a>')]
    return [('<a href="', href, '">'), ("", FrameSlot(key, Escape.HTML), "</a>")]


def _escape_of(place: Place, before: str) -> Escape:
    match place:
        case Place.TEXT:
            return Escape.TEXT
        case Place.HEADER:
            return Escape.HEADER
        case Place.HTML:
            return Escape.HTML_URL if _URL_ATTRIBUTE_OPEN.search(before) else Escape.HTML


def header_text(piped: Piped, values: Mapping[str, str]) -> str:
    """One header's text (a subject, a display name) for one person: framed, filled, on one line."""
    return escape_header(frame_piped(piped, Place.HEADER).fill(values))
