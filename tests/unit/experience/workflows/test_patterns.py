"""*Matches regex*: the same answers as the standard library's engine, in bounded time."""

from __future__ import annotations

import random
import re
import time

import pytest

from opulse.experience.workflows.rules.patterns import LONGEST_TEXT, compile_pattern

ATOMS = ["a", "b", "1", r"\d", r"\w", ".", "[ab]", "[^a]", r"\s", r"\-", "^", "$", r"\b", "[]a]"]
TIMES = ["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?"]


def _pattern(luck: random.Random, depth: int) -> str:
    turn = luck.random()
    if depth == 0 or turn < 0.35:
        return luck.choice(ATOMS)
    if turn < 0.5:
        return f"({_pattern(luck, depth - 1)}|{_pattern(luck, depth - 1)})"
    if turn < 0.75:
        return f"(?:{_pattern(luck, depth - 1)}){luck.choice(TIMES)}"
    return _pattern(luck, depth - 1) + _pattern(luck, depth - 1)


def test_it_agrees_with_the_standard_library() -> None:
    luck = random.Random(5)
    for _ in range(3_000):
        pattern, text = _pattern(luck, 3), "".join(luck.choices("ab1 -", k=luck.randrange(8)))
        wanted = re.search(pattern, text) is not None
        assert compile_pattern(pattern).found_in(text) is wanted, (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)disk full", "DISK FULL on C:", True),
        ("disk full", "DISK FULL", False),
        ("^VPN-[0-9]{3}$", "VPN-042", True),
        ("^VPN-[0-9]{3}$", "VPN-0421", False),
        (r"\bhang\b", "Application hang!", True),
        ("(Teams|Zoom) .*slow", "Zoom is slow", True),
        ("", "anything", True),
    ],
)
def test_what_authors_write(pattern: str, text: str, found: bool) -> None:
    assert compile_pattern(pattern).found_in(text) is found


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a+)+$b", ".*.*.*.*.*.*b"])
def test_a_pattern_that_backtracks_for_ages_elsewhere_takes_no_time(pattern: str) -> None:
    before = time.process_time()
    assert compile_pattern(pattern).found_in("a" * LONGEST_TEXT) is not True
    assert time.process_time() - before < 2


def test_it_says_that_it_cannot_say() -> None:
    assert compile_pattern("a").found_in("b" * (LONGEST_TEXT + 1)) is None
    assert compile_pattern("(.{1,20}){1,20}x").found_in("a" * LONGEST_TEXT) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "not closed"),
        (")", "closes no group"),
        ("[a", "not closed"),
        ("[z-a]", "no set of characters"),
        ("*a", "repeats nothing"),
        ("a**", "two repetitions"),
        ("(?=a)", "do not look around"),
        (r"(a)\1", "means nothing here"),
        ("a{900,999}{1,9}|(b{99}){99}", "repeats too much"),
        ("a{3,2}", "m above n"),
        ("x" * 201, "at most 200"),
    ],
)
def test_what_is_no_pattern_says_where(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words) if "\\" not in words else words):
        compile_pattern(pattern)
