"""Moments as the product writes and reads them: three forms, by endpoint (qualtrics-api.md 1.6)."""

from __future__ import annotations

from datetime import UTC, datetime

NEVER = "0000-00-00 00:00:00"


def iso(moment: datetime | None) -> str | None:
    """``2026-11-29T23:05:00Z``."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(moment: datetime | None) -> str | None:
    """``2026-11-29T23:05:00.123Z``: histories and responses."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(moment: datetime | None) -> str:
    """``2026-11-29 23:05:00``, UTC: survey definitions and QSF."""
    return NEVER if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def read_moment(text: object) -> datetime:
    """Either form; without a zone it is UTC.

    Raises:
        ValueError: it is no moment.
    """
    if not isinstance(text, str):
        raise ValueError("a moment is written 2026-11-29T23:05:00Z")
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment: write 2026-11-29T23:05:00Z") from error
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
