"""On which systems enough of several sensors are triggered, against the plain count of each system."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.rules.together import systems_with

SETS = st.lists(st.frozensets(st.integers(0, 30)), max_size=6)


@given(SETS, st.integers(1, 7), st.frozensets(st.integers(0, 30)))
def test_it_is_what_counting_each_system_gives(
    sets: list[frozenset[int]], needed: int, among: frozenset[int]
) -> None:
    plain = {system for system in among if sum(system in one for one in sets) >= needed}
    assert set(systems_with([BitMap(one) for one in sets], needed, BitMap(among))) == plain


@pytest.mark.parametrize(("needed", "systems"), [(1, {1, 2, 3, 4}), (2, {2, 3}), (3, {3}), (4, set())])
def test_any_some_all_and_more_than_there_are(needed: int, systems: set[int]) -> None:
    sets = [BitMap([1, 2, 3]), BitMap([2, 3, 4]), BitMap([3])]
    assert set(systems_with(sets, needed, BitMap(range(10)))) == systems


def test_the_sets_that_are_given_stay_as_they_are() -> None:
    sets, among = [BitMap([1]), BitMap([2])], BitMap([1, 2])
    systems_with(sets, 1, among)
    assert (sets, among) == ([BitMap([1]), BitMap([2])], BitMap([1, 2]))
