"""The Wilson interval with finite-population correction (evidence-and-standards.md, rule 19)."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opulse.experience.impact.models import Interval
from opulse.experience.impact.rules.intervals import Z_95, wilson


@pytest.mark.parametrize(
    ("successes", "answers", "low", "high"),
    [
        (0, 10, 0.0, 0.278),
        (5, 10, 0.237, 0.763),
        (10, 10, 0.722, 1.0),
        (3, 30, 0.035, 0.256),
        (15, 30, 0.332, 0.668),
        (60, 100, 0.502, 0.691),
    ],
)
def test_the_check_values_of_the_evidence_file(successes: int, answers: int, low: float, high: float) -> None:
    interval = wilson(successes, answers)
    assert round(interval.low, 3) == pytest.approx(low, abs=1e-9)
    assert round(interval.high, 3) == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize(
    ("population", "answers", "points"),
    [
        (20, 20, 5), (20, 17, 10), (20, 14, 15),
        (50, 45, 5), (50, 34, 10), (50, 24, 15),
        (100, 80, 5), (100, 50, 10), (100, 31, 15),
        (200, 132, 5), (200, 66, 10), (200, 36, 15),
        (500, 218, 5), (500, 81, 10), (500, 40, 15),
        (1000, 278, 5), (1000, 88, 10), (1000, 41, 15),
        (5000, 357, 5), (5000, 95, 10), (5000, 43, 15),
        (20000, 377, 5), (20000, 96, 10), (20000, 43, 15),
    ],
)  # fmt: skip
def test_the_sample_sizes_of_the_evidence_file_give_what_they_promise(
    population: int, answers: int, points: int
) -> None:
    """Rule 20: so many answers for ±5, ±10, ±15 points at one half, where Wilson is never wider than that formula."""
    interval = wilson(answers // 2, answers, population)
    assert (interval.high - interval.low) / 2 <= points / 100 + 0.002


def test_everybody_answered_leaves_no_doubt() -> None:
    assert wilson(3, 10, 10) == Interval(0.3, 0.3)
    assert wilson(1, 1, 1) == Interval(1.0, 1.0)


def test_nobody_answered_leaves_every_doubt() -> None:
    assert wilson(0, 0) == wilson(0, 0, 100) == Interval(0.0, 1.0)


def test_a_population_that_does_not_matter_is_no_correction() -> None:
    one, other = wilson(30, 100), wilson(30, 100, 10**9)
    assert one.low == pytest.approx(other.low, abs=1e-6)
    assert one.high == pytest.approx(other.high, abs=1e-6)


@pytest.mark.parametrize(("successes", "answers"), [(-1, 10), (11, 10), (1, 0)])
def test_counts_that_do_not_fit_together_are_refused(successes: int, answers: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, answers)


COUNTS = st.tuples(st.integers(0, 400), st.integers(1, 400), st.integers(1, 2_000))


@given(COUNTS)
def test_the_share_lies_inside_and_the_bounds_between_0_and_1(counts: tuple[int, int, int]) -> None:
    successes, answers, population = counts
    assume(successes <= answers)
    interval = wilson(successes, answers, population)
    assert 0.0 <= interval.low <= successes / answers + 1e-12
    assert successes / answers - 1e-12 <= interval.high <= 1.0


@given(COUNTS)
def test_knowing_more_of_the_population_never_widens_it(counts: tuple[int, int, int]) -> None:
    successes, answers, population = counts
    assume(successes <= answers)
    small, large = (
        wilson(successes, answers, population),
        wilson(successes, answers, population * 2 + answers),
    )
    assert small.high - small.low <= large.high - large.low + 1e-12


@given(COUNTS)
def test_it_is_the_same_seen_from_the_other_side(counts: tuple[int, int, int]) -> None:
    successes, answers, population = counts
    assume(successes <= answers)
    yes, no = wilson(successes, answers, population), wilson(answers - successes, answers, population)
    assert yes.low == pytest.approx(1 - no.high, abs=1e-9)
    assert yes.high == pytest.approx(1 - no.low, abs=1e-9)


@given(st.integers(0, 200), st.integers(1, 200))
def test_without_a_population_it_is_the_textbook_formula(successes: int, answers: int) -> None:
    assume(successes <= answers)
    z, share = Z_95, successes / answers
    middle = (share + z * z / (2 * answers)) / (1 + z * z / answers)
    half = z / (1 + z * z / answers) * sqrt(share * (1 - share) / answers + z * z / (4 * answers * answers))
    interval = wilson(successes, answers)
    assert interval.low == pytest.approx(max(0.0, middle - half), abs=1e-12)
    assert interval.high == pytest.approx(min(1.0, middle + half), abs=1e-12)
