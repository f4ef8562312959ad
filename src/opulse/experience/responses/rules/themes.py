"""What many comments speak of: words and pairs of words by the number of comments that hold them. No model, no guess."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST = 3
"""Comments that a theme must stand in: fewer are no theme, and could name their author."""

MOST = 30

_WORD = re.compile(r"[^\W\d_][\w'-]*", re.UNICODE)

# Words that carry no theme, in the languages that the respondent's pages speak: English, German, Arabic.
_CARRY_NOTHING = """
a about after again all also am an and any are as at be because been before being but by can cannot could did do does
doing don't down each even every few for from further get gets getting got had has have having he her here him his how i
i'm if in into is isn't it it's its just keep keeps let like made make many me more most much must my no nor not now of
off on once one only or other our out over own please quite really same she should since so some still such than thank
thanks that the their them then there these they thing things this those through to today too two under until up us very
was we were what when where which while who why will with without would yes you your
aber alle allem allen aller als also am an auch auf aus bei beim bin bis bitte da damit dann das dass dem den denn der
des die dies diese diesem dieser doch du durch ein eine einem einen einer eines er es etwas für gar geht habe haben hat
heute hier ich ihr im immer in ist ja jede jeder jetzt kann kein keine können man mehr mein meine mich mir mit muss nach
nicht nichts noch nun nur ob oder ohne schon sehr sein seit sich sie sind so über um und uns unter viel vom von vor war
warum was wegen weil wenn werden wie wieder wir wird wo zu zum zur
في من على إلى عن مع هذا هذه ذلك التي الذي لا ما لم لن أن إن كان كانت هو هي أنا نحن كل بعد قبل عند أو ثم قد هل
"""
_EMPTY = frozenset(_CARRY_NOTHING.split())


@dataclass(frozen=True, slots=True)
class Theme:
    """A word, or two that follow each other, and how many comments hold it."""

    words: str
    comments: int


def find_themes(comments: Iterable[str], most: int = MOST) -> list[Theme]:
    """The themes of these comments, the most frequent first; a word is left out when a pair with it says nearly as much."""
    counts: Counter[str] = Counter()
    for comment in comments:
        counts.update(_said(words_of(comment)))
    frequent = {words: count for words, count in counts.items() if count >= LEAST}
    pairs = {words: count for words, count in frequent.items() if " " in words}
    kept = {
        words: count
        for words, count in frequent.items()
        if " " in words or not any(words in pair.split() and pairs[pair] * 5 >= count * 4 for pair in pairs)
    }
    ranked = sorted(kept.items(), key=lambda one: (-one[1], one[0]))[:most]
    return [Theme(words, count) for words, count in ranked]


def words_of(comment: str) -> list[str]:
    """The words of a comment in lower case, in their order."""
    return [word.strip("'-") for word in _WORD.findall(fold(comment))]


def fold(text: str) -> str:
    """As texts are compared: composed alike, without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()


def matches(comment: str, wanted: str) -> bool:
    """Whether a comment holds every word of the search, in any order and also as the beginning of a longer word."""
    words = words_of(comment)
    return all(any(word.startswith(part) for word in words) for part in words_of(wanted))


def _said(words: Sequence[str]) -> set[str]:
    """Each theme that one comment holds, once."""
    single = {word for word in words if _tells(word)}
    return single | {f"{one} {other}" for one, other in pairwise(words) if _tells(one) and _tells(other)}


def _tells(word: str) -> bool:
    return len(word) > 2 and word not in _EMPTY
