"""When a failed job runs again."""

from __future__ import annotations

LAST_ATTEMPT = 12


def decide_delay(attempt: int) -> float | None:
    """Seconds until the try after ``attempt``; None when the job is dead. Doubles from 1 s to 5 min."""
    if attempt >= LAST_ATTEMPT:
        return None
    return float(min(2 ** (attempt - 1), 300))
