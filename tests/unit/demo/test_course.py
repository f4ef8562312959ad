"""The unattended run's course: most systems come after the threshold, in a fixed number of waves."""

from __future__ import annotations

import pytest

from opulse.cli.demo.once import BATCHES, LATER_WAVES, course_of, threshold_for
from opulse.emulators.estate import Symptom, plan_incident

SYSTEMS = [f"s{number}" for number in range(5_000)]


@pytest.mark.parametrize("affected", [1, 2, 7, 8, 30, 60, 300, 2_000, 5_000])
def test_the_opening_crosses_the_threshold_and_the_rest_comes_later(affected: int) -> None:
    plan = plan_incident((Symptom("High Retransmission Rate"),), SYSTEMS, affected, "seed", batches=BATCHES)
    threshold = threshold_for(affected)
    course = course_of(plan, threshold)
    opening = [len(batch) for batch in course.opening]
    assert sum(opening) >= threshold > sum(opening[:-1])
    later = [batch for part in course.later for batch in part]
    assert (*course.opening, *later) == plan.batches
    assert course.waves <= 1 + LATER_WAVES
    if affected >= 60:
        assert len(plan.batches) >= 20
        assert sum(len(batch) for batch in later) > affected / 2
        assert course.waves == 1 + LATER_WAVES
