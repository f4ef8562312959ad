"""When a failed job runs again."""

from __future__ import annotations

from opulse.jobs.retry import LAST_ATTEMPT, decide_delay


def test_the_pause_doubles_up_to_five_minutes() -> None:
    delays = [decide_delay(attempt) for attempt in range(1, LAST_ATTEMPT)]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_after_the_last_attempt_there_is_none() -> None:
    assert decide_delay(LAST_ATTEMPT) is None
    assert decide_delay(LAST_ATTEMPT + 7) is None
