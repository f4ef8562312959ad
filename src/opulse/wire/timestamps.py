"""Times as they are written on the wire.

Lakeside's webhook page prints ``yyyy-mm-ddThh:mm:ss.ffffffffZ``; .NET yields at most seven fraction digits, so seven
are written and zero to nine are read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[Tt ](?P<clock>\d{2}:\d{2}:\d{2})(?:\.(?P<fraction>\d{0,9}))?"
    r"(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def activation_time(moment: datetime) -> str:
    """``2026-03-03T16:31:07.1234560Z``: UTC, exactly seven fraction digits.

    Raises ``ValueError`` for a naive time, which could mean any zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time on the wire has a zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def parse_time(text: str) -> datetime:
    """The UTC time in ``text``: RFC 3339 with 0 to 9 fraction digits; without a zone it is taken as UTC.

    Digits below a microsecond are cut, never rounded, so that a time is never later than what was written.
    Raises ``ValueError`` for anything else.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a time of the form 2026-03-03T16:31:07.1234567Z")
    zone = match["zone"] or "Z"
    moment = datetime.fromisoformat(f"{match['date']}T{match['clock']}{'+00:00' if zone in 'Zz' else zone}")
    micro = int((match["fraction"] or "0").ljust(6, "0")[:6])
    return _as_utc(moment) + timedelta(microseconds=micro)


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999") from error
