"""Where a page of touchpoints ends, as a text in an address. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_cursor(at: datetime, key: str) -> str:
    """The place behind the touchpoint of this moment and key."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{key}"


def read_cursor(text: str) -> tuple[datetime, str] | None:
    """The place; None for the beginning.

    Raises:
        ValueError: the text is no such place.
    """
    if not text:
        return None
    moment, _, key = text.partition(".")
    if not moment.isdigit() or len(moment) > 18 or not key:
        raise ValueError("`before` is the `next` of the page before")
    return _EPOCH + timedelta(microseconds=int(moment)), key
