"""A filter's text as words, each with the place where it begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from opulse.monitoring.systems.models import MOST_CHARACTERS, FilterError

_WORD = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<sign> <= | >= | != | <> | [=<>(),] )
    | (?P<quoted> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )
    | (?P<plain> [^\s()=<>,!"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Kind(Enum):
    """What a word is made of."""

    SIGN = auto()
    QUOTED = auto()
    PLAIN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """``text`` of a quoted word is without its marks; ``at`` counts from 1, ``end`` is where the next one could begin."""

    kind: Kind
    text: str
    at: int
    end: int

    @property
    def shown(self) -> str:
        """The word in a message."""
        if self.kind is Kind.END:
            return "the end"
        text = self.text if len(self.text) <= 40 else self.text[:40] + "…"
        return f"“{text}”"

    def says(self, *texts: str) -> bool:
        """Whether it is one of these signs or plain words, in whatever case."""
        return self.kind in (Kind.SIGN, Kind.PLAIN) and self.text.lower() in texts


def split_words(text: str) -> list[Word]:
    """The words of the text, and one that stands for its end.

    Raises:
        FilterError: the text is too long, or holds a sign that means nothing.
    """
    if len(text) > MOST_CHARACTERS:
        raise FilterError(
            MOST_CHARACTERS + 1, f"a filter of at most {MOST_CHARACTERS:,} characters", f"{len(text):,}"
        )
    words: list[Word] = []
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise _unreadable(text, at)
        if not found["space"]:
            words.append(_word(found))
        at = found.end()
    return [*words, Word(Kind.END, "", len(text) + 1, len(text) + 1)]


def _word(found: re.Match[str]) -> Word:
    at, end = found.start() + 1, found.end() + 1
    if quoted := found["quoted"]:
        return Word(Kind.QUOTED, _ESCAPED.sub(r"\1", quoted[1:-1]), at, end)
    if sign := found["sign"]:
        return Word(Kind.SIGN, sign, at, end)
    return Word(Kind.PLAIN, found["plain"], at, end)


def _unreadable(text: str, at: int) -> FilterError:
    if text[at] in "\"'":
        return FilterError(at + 1, f"a closing {text[at]} behind this one", "the end")
    return FilterError(at + 1, "a field, a value or != (not equal)", f"“{text[at]}”")
