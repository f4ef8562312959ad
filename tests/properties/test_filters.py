"""The language of dynamic groups: whatever is typed is read or refused at a place, and what was read is what was meant."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.systems.models import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_TERMS,
    MOST_VALUES,
    Filter,
    FilterError,
    InNetworks,
)
from opulse.monitoring.systems.rules.filters import has_age, read_filter
from opulse.monitoring.systems.rules.filters.facts import ordered
from opulse.monitoring.systems.rules.filters.judging import matches
from tests.properties.filters import filters, text_of

WORDS = ["name", "attributes.", "user.email", "lastReported", "ipAddress", "=", "!=", "<", "in", "not", "and"]
WORDS += ["or", "(", ")", ",", '"a b"', '"', "30d", "never", "10.0.0.0/8", "matches", "*x*", " ", "\0", "é"]


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        read_filter(text)
    except FilterError as error:
        assert 1 <= error.position <= len(text) + 1
        assert error.expected
        assert error.found


@given(filters().filter(lambda term: not _has_network(term)))
def test_what_is_written_down_is_read_as_it_was_meant(term: Filter) -> None:
    text = text_of(term)
    assert read_filter(text) == term
    assert read_filter(f"  ( {text} )  ") == term


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_stars_stand_for_anything(pattern: str, text: str) -> None:
    assert matches(text, pattern) == fnmatchcase(text, pattern)


@given(st.lists(st.integers(0, 10**12), min_size=1), st.lists(st.integers(0, 10**12), min_size=1))
def test_versions_are_ordered_by_their_numbers(left: list[int], right: list[int]) -> None:
    versions = [".".join(map(str, one)) for one in (left, right)]
    assert (ordered(versions[0]) < ordered(versions[1])) == (left < right)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a field"),
        ("name", 5, "=, !="),
        ("name is x", 6, "=, !="),
        ("nam = x", 1, "a field"),
        ("name = ", 8, "a value"),
        ("name = a b", 10, "and, or, or the end"),
        ("(name = a", 10, "and, or, or )"),
        ("name = a or", 12, "a field"),
        ('name = "a', 8, 'a closing "'),
        ("name in a", 9, "( and values"),
        ("name in (a b)", 12, ", or )"),
        ("name not a", 10, "in, behind"),
        ('name contains ""', 15, "not empty"),
        ("user.email < x", 12, "for a user"),
        ("lastReported = 30d", 16, "never"),
        ("lastReported > 30", 16, "an age"),
        ("lastReported contains 3", 14, "<, <=, > or >="),
        ("ipAddress = 10.0.0.0/33", 13, "an address"),
        ("ipAddress > 10.0.0.0", 11, "a range is a network"),
        ("attributes. = x", 12, "attribute's name"),
        ("name ! x", 6, "!="),
        ("name = " + "x" * 256, 8, "at most 255"),
        ("name matches " + "*" * 11, 14, "at most 10 stars"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, position: int, expected: str) -> None:
    with pytest.raises(FilterError, match=f"^At character {position}: expected .*{re.escape(expected)}"):
        read_filter(text)


def test_abuse_is_refused() -> None:
    deep = "(" * DEEPEST + "name = x" + ")" * DEEPEST
    read_filter(deep)
    many = " or ".join(["name = x"] * MOST_TERMS)
    read_filter(many)
    listed = ", ".join(["x"] * MOST_VALUES)
    read_filter(f"name in ({listed})")
    for text, expected in (
        (f"({deep})", "parentheses"),
        ("not " * 100_000 + "name = x", "characters"),
        ("not " * (DEEPEST + 1) + "name = x", "nots inside"),
        (f"{many} or name = x", "comparisons"),
        (f"name in ({listed}, x)", "values"),
        ("x" * (MOST_CHARACTERS + 1), "characters"),
    ):
        with pytest.raises(FilterError, match=expected):
            read_filter(text)


def test_only_filters_of_age_are_looked_at_by_the_clock() -> None:
    assert has_age(read_filter("name = x and not (site = y or lastReported > 3d)"))
    assert has_age(read_filter("lastReported = never"))
    assert not has_age(read_filter("name = lastReported and not (site = y or platform in (a, b))"))


def _has_network(term: Filter) -> bool:
    inner = getattr(term, "terms", None) or ([term.term] if hasattr(term, "term") else [])
    return isinstance(term, InNetworks) or any(_has_network(one) for one in inner)
