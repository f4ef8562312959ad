"""The column types and the one MetaData that every stage's ``store`` hangs its tables on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A point in time: microseconds since 1970 UTC in the database, an aware ``datetime`` in Python.

    The same integer on both dialects compares, indexes and adds alike, and no driver can guess a zone.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return stored_instant(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(value)


def stored_instant(moment: datetime) -> int:
    """What an :class:`Instant` column holds for ``moment``; raises ValueError when it has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("an Instant needs a timezone-aware datetime")
    return (moment - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """What an :class:`Instant` column holds, as Python has it."""
    return _EPOCH + timedelta(microseconds=int(stored))


JsonDoc = JSON().with_variant(JSONB(), "postgresql")
"""A JSON document. Embedded data stays flat and without nulls, so that both dialects merge it alike (``json_merge``)."""
