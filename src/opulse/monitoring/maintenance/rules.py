"""When a window is under way, and whether a draft can be saved."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from opulse.clock import zone_names
from opulse.monitoring.maintenance.models import (
    LONGEST,
    MAX_NAME,
    PERIODS,
    MaintenanceWindow,
    Repeat,
    WindowDraft,
    WindowFault,
    WindowProblem,
)


class Span(NamedTuple):
    """One occurrence; ``end`` is no longer inside."""

    start: datetime
    end: datetime


def find_span(window: MaintenanceWindow, now: datetime) -> Span | None:
    """The occurrence that is under way, else the next one; None: it is over for good.

    A repeated window begins at the same wall-clock time of its zone through the year, and always lasts equally long.
    """
    if window.repeat is Repeat.ONCE:
        return Span(window.starts_at, window.ends_at) if now < window.ends_at else None
    zone, period = ZoneInfo(window.zone), PERIODS[window.repeat]
    first = window.starts_at.astimezone(zone).replace(tzinfo=None)
    passed = (now.astimezone(zone).replace(tzinfo=None) - first) // period
    for number in range(max(0, passed - 1), max(0, passed) + 2):
        start = (first + number * period).replace(tzinfo=zone)
        span = Span(start, start + (window.ends_at - window.starts_at))
        if window.until is not None and span.start >= window.until:
            return None
        if now < span.end:
            return span
    return None


def is_under_way(window: MaintenanceWindow, now: datetime) -> bool:
    """Whether its systems are being worked on at this moment."""
    span = find_span(window, now)
    return span is not None and span.start <= now


def check_draft(draft: WindowDraft, *, group_known: bool) -> tuple[WindowProblem, ...]:
    """Everything that keeps the draft from being saved, each in a sentence."""
    problems = [*_check_times(draft)]
    if not draft.name.strip() or len(draft.name) > MAX_NAME:
        text = f"Give the window a name of at most {MAX_NAME} characters: what is being done."
        problems.append(WindowProblem("name", WindowFault.NAME_MISSING, text))
    if not group_known:
        problems.append(
            WindowProblem("group_id", WindowFault.GROUP_UNKNOWN, "Select the group that is worked on.")
        )
    if draft.repeat not in set(Repeat):
        text = f"Select one of: {', '.join(Repeat)}."
        problems.append(WindowProblem("repeat", WindowFault.REPEAT_UNKNOWN, text))
    if draft.zone not in zone_names():
        text = f"There is no time zone {draft.zone!r}; name one as Europe/Berlin or UTC."
        problems.append(WindowProblem("zone", WindowFault.ZONE_UNKNOWN, text))
    return tuple(problems)


def _check_times(draft: WindowDraft) -> list[WindowProblem]:
    if draft.starts_at is None or draft.ends_at is None:
        text = "Say when it starts and when it ends."
        return [WindowProblem("starts_at", WindowFault.TIMES_INVALID, text)]
    length = draft.ends_at - draft.starts_at
    if draft.starts_at >= draft.ends_at or length > LONGEST:
        text = f"It ends after it starts, at most {LONGEST.days} days later."
        return [WindowProblem("ends_at", WindowFault.TIMES_INVALID, text)]
    if draft.repeat in PERIODS and length > PERIODS[Repeat(draft.repeat)]:
        text = f"A {draft.repeat} window lasts at most {PERIODS[Repeat(draft.repeat)].days} day(s)."
        return [WindowProblem("ends_at", WindowFault.TOO_LONG_TO_REPEAT, text)]
    if draft.until is not None and draft.until <= draft.starts_at:
        text = "The last day of a repeated window is after its first."
        return [WindowProblem("until", WindowFault.TIMES_INVALID, text)]
    return []
