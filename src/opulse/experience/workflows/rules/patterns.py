"""Patterns of *matches regex*: regular expressions that cannot take long, whatever the pattern and the text.

An author's pattern runs inside a write, over a text that a stranger may have sent: it must not be able to backtrack for minutes.
It is made into a list of steps (Thompson's construction) of which all that are possible are followed at once: the work is at most
the length of the text times that of the list. Taken: literals, ``.``, classes ``[a-z]``, ``\\d \\w \\s`` and their opposites,
groups, ``|``, ``* + ? {m,n}``, ``^ $ \\b``, and ``(?i)`` at the beginning. Not taken: references back and looking around.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

LONGEST_PATTERN = 200
LONGEST_TEXT = 4_000
MOST_STEPS = 1_000
MOST_WORK = 300_000  # steps followed for one text: about a tenth of a second
_REPEAT = re.compile(r"\{(\d{1,3})(,(\d{0,3}))?\}")
_CLASSES = {name: re.compile(f"\\{name}") for name in "dDwWsS"}

Fits = Callable[[str], bool]
Holds = Callable[[str, int], bool]


@dataclass(slots=True)
class _Step:
    """One step: a character that ``fits`` and on to the next; a place that ``holds``; or any of ``others``. None: the end."""

    fits: Fits | None = None
    holds: Holds | None = None
    others: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Pattern:
    """A pattern ready to be asked."""

    steps: tuple[_Step, ...] = field(repr=False)

    def found_in(self, text: str) -> bool | None:
        """Whether some part of ``text`` fits; None: the text is too long, or it would take too long to say."""
        if len(text) > LONGEST_TEXT:
            return None
        current: set[int] = set()
        work = 0
        for place in range(len(text) + 1):
            if self._follow(0, text, place, current):
                return True
            work += len(current)
            if work > MOST_WORK:
                return None
            if place == len(text):
                return False
            following: set[int] = set()
            for number in current:
                fits = self.steps[number].fits
                if (
                    fits is not None
                    and fits(text[place])
                    and self._follow(number + 1, text, place + 1, following)
                ):
                    return True
            current = following
        return False

    def _follow(self, start: int, text: str, place: int, into: set[int]) -> bool:
        """Add ``start`` and all that is reached from it without a character. True when the end is reached."""
        waiting = [start]
        while waiting:
            number = waiting.pop()
            if number in into:
                continue
            into.add(number)
            step = self.steps[number]
            if step.others is not None:
                waiting.extend(step.others)
            elif step.holds is not None:
                if step.holds(text, place):
                    waiting.append(number + 1)
            elif step.fits is None:
                return True
        return False


@lru_cache(maxsize=500)
def compile_pattern(text: str) -> Pattern:
    """The pattern.

    Raises:
        ValueError: it is none, is too long, or needs what cannot be done in bounded time; the message says where.
    """
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    reader = _Reader(text)
    steps = [*reader.read(), _Step()]
    if len(steps) > MOST_STEPS:
        raise ValueError("the pattern repeats too much: make its {m,n} smaller")
    return Pattern(tuple(steps))


class _Reader:
    """Reads a pattern from left to right. Steps of a part count from its own beginning until they are put together."""

    def __init__(self, text: str) -> None:
        self.fold = text.startswith("(?i)")
        self._text = text[4:] if self.fold else text
        self._at = 0

    def read(self) -> list[_Step]:
        steps = self._choices()
        if self._at < len(self._text):
            raise ValueError("a ) closes no group")
        return steps

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _choices(self) -> list[_Step]:
        steps = self._sequence()
        while self._peek() == "|":
            self._at += 1
            steps = _either(steps, self._sequence())
        return steps

    def _sequence(self) -> list[_Step]:
        steps: list[_Step] = []
        while (mark := self._peek()) and mark not in "|)":
            steps += _moved(self._repeated(self._atom()), len(steps))
            if len(steps) > MOST_STEPS:
                raise ValueError("the pattern repeats too much: make its {m,n} smaller")
        return steps

    def _atom(self) -> list[_Step]:
        mark = self._peek()
        self._at += 1
        match mark:
            case "(":
                return self._group()
            case "[":
                return [_Step(fits=self._set())]
            case ".":
                return [_Step(fits=lambda one: one != "\n")]
            case "^":
                return [_Step(holds=lambda _, place: place == 0)]
            case "$":
                return [_Step(holds=lambda text, place: place == len(text))]
            case "\\":
                return [self._escaped()]
            case "*" | "+" | "?":
                raise ValueError(f"{mark} repeats nothing")
            case _:
                return [_Step(fits=self._literal(mark))]

    def _group(self) -> list[_Step]:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise ValueError("(?: is the only group with a question mark: patterns do not look around")
        steps = self._choices()
        if self._peek() != ")":
            raise ValueError("a ( is not closed")
        self._at += 1
        return steps

    def _set(self) -> Fits:
        start = self._at - 1
        end = start + 2 if self._text.startswith("^", start + 1) else start + 1
        end += 1  # a ] that stands first is a member
        while end < len(self._text) and self._text[end] != "]":
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            raise ValueError("a [ is not closed")
        self._at = end + 1
        try:
            members = re.compile(self._text[start : self._at], re.IGNORECASE if self.fold else 0)
        except re.error as error:
            raise ValueError(f"{self._text[start : self._at]} is no set of characters: {error}") from error
        return lambda one: members.fullmatch(one) is not None

    def _escaped(self) -> _Step:
        mark = self._peek()
        self._at += 1
        if mark in _CLASSES and mark:
            members = _CLASSES[mark]
            return _Step(fits=lambda one: members.match(one) is not None)
        if mark == "b":
            return _Step(holds=_at_border)
        if mark in ("n", "t"):
            return _Step(fits=self._literal({"n": "\n", "t": "\t"}[mark]))
        if not mark or mark.isalnum():
            raise ValueError(f"\\{mark} means nothing here")
        return _Step(fits=self._literal(mark))

    def _literal(self, mark: str) -> Fits:
        if self.fold:
            folded = mark.casefold()
            return lambda one: one.casefold() == folded
        return lambda one: one == mark

    def _repeated(self, steps: list[_Step]) -> list[_Step]:
        least, most = self._bounds()
        if (least, most) == (1, 1):
            return steps
        if most is not None and (most < least or most * len(steps) > MOST_STEPS):
            raise ValueError("the pattern repeats too much, or {m,n} has m above n")
        if least * len(steps) > MOST_STEPS:
            raise ValueError("the pattern repeats too much: make its {m,n} smaller")
        made: list[_Step] = []
        for _ in range(least):
            made += _moved(steps, len(made))
        if most is None:
            made += _moved(
                [_Step(others=(1, len(steps) + 2)), *_moved(steps, 1), _Step(others=(0,))], len(made)
            )
            return made
        for _ in range(most - least):
            made += _moved([_Step(others=(1, len(steps) + 1)), *_moved(steps, 1)], len(made))
        return made

    def _bounds(self) -> tuple[int, int | None]:
        """How often the atom before may stand; a lazy ``?`` behind it changes nothing here."""
        mark = self._peek()
        bounds: tuple[int, int | None] = (1, 1)
        if mark in ("*", "+", "?") and mark:
            self._at += 1
            bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}[mark]
        elif mark == "{" and (found := _REPEAT.match(self._text, self._at)):
            self._at = found.end()
            least = int(found[1])
            bounds = (least, least if not found[2] else int(found[3]) if found[3] else None)
        else:
            return bounds
        if self._peek() == "?":
            self._at += 1
        if self._peek() in ("*", "+") and self._peek():
            raise ValueError("two repetitions stand behind each other: put the first into ( )")
        return bounds


def _moved(steps: list[_Step], by: int) -> list[_Step]:
    """The steps as they are when ``by`` steps stand before them."""
    return [
        step if step.others is None else _Step(others=tuple(other + by for other in step.others))
        for step in steps
    ]


def _either(one: list[_Step], other: list[_Step]) -> list[_Step]:
    behind = len(one) + 2 + len(other)
    return [
        _Step(others=(1, len(one) + 2)),
        *_moved(one, 1),
        _Step(others=(behind,)),
        *_moved(other, len(one) + 2),
    ]


def _at_border(text: str, place: int) -> bool:
    def is_word(number: int) -> bool:
        return 0 <= number < len(text) and (text[number].isalnum() or text[number] == "_")

    return is_word(place - 1) != is_word(place)
