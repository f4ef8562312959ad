"""A page that is drawn once and filled for each person: what stands in the slots, packed and plain."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opulse.experience.responses.pages.prepared import MOST, Prepared, PreparedPages, slot

TEXTS = st.text(max_size=300)


@example("", "", "x", b"", b"")  # letters right after a slot are not its name
@given(TEXTS, TEXTS, TEXTS, st.binary(max_size=200), st.binary(max_size=200))
def test_what_is_packed_unpacks_to_what_is_filled(
    head: str, middle: str, tail: str, one: bytes, two: bytes
) -> None:
    page = Prepared(f"{head}{slot('one')}{middle}{slot('two')}{slot('one')}{tail}")
    filled = page.fill({"one": one, "two": two})
    assert filled == b"".join((head.encode(), one, middle.encode(), two, one, tail.encode()))
    assert gzip.decompress(page.fill_packed({"one": one, "two": two})) == filled


def test_a_page_without_slots_is_itself() -> None:
    assert Prepared("<p>").fill({}) == b"<p>"
    assert gzip.decompress(Prepared("<p>").fill_packed({})) == b"<p>"


def test_a_slot_that_is_forgotten_or_too_long_is_an_error() -> None:
    page = Prepared(f"<a>{slot('one')}</a>")
    with pytest.raises(KeyError):
        page.fill({})
    with pytest.raises(ValueError, match="65535"):
        page.fill_packed({"one": b"x" * 65_536})


def test_no_text_of_a_survey_is_taken_for_a_slot() -> None:
    assert Prepared("slot one slotonex").fill({}) == b"slot one slotonex"


def test_the_page_that_was_unused_longest_makes_room() -> None:
    pages, drawn = PreparedPages(), []

    def get(number: int) -> None:
        pages.get(number, lambda: drawn.append(number) or str(number))  # type: ignore[func-returns-value]

    for number in range(MOST):
        get(number)
    get(0)
    get(MOST)
    drawn.clear()
    get(0)
    assert drawn == [], "it was used again lately"
    get(1)
    assert drawn == [1], "it had to go"
