"""The words of a rule's text, each with the place where it begins. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from opulse.experience.audiences.models import RuleUnreadable

_WORD = re.compile(
    r"""\s*(?: (?P<sign> <= | >= | != | [=<>(),] )
    | "(?P<quoted> (?:[^"\\]|\\.)* )"
    | (?P<field> data\."(?:[^"\\]|\\.)*" )
    | (?P<plain> [^\s()=<>,!"]+ )
    | (?P<end> $ ) )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """``at`` counts characters from 1; ``end`` stands for what comes behind the last word."""

    text: str
    at: int
    quoted: bool = False
    end: bool = False


def split_words(text: str) -> list[Token]:
    """The words of the text, and one that stands for its end.

    Raises:
        RuleUnreadable: a quotation is never closed, or a sign means nothing.
    """
    tokens: list[Token] = []
    at = 0
    while True:
        found = _WORD.match(text, at)
        if found is None:
            raise RuleUnreadable(
                f"At character {at + 1}: a closing quotation mark, or = behind a !, is missing."
            )
        place = found.start(cast(str, found.lastgroup)) + 1
        if found.lastgroup == "end":
            return [*tokens, Token("", place, end=True)]
        if found.lastgroup == "quoted":
            tokens.append(Token(re.sub(r"\\(.)", r"\1", found["quoted"]), place, quoted=True))
        else:
            tokens.append(Token(found[cast(str, found.lastgroup)], place))
        at = found.end()
