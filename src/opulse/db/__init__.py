"""Storage: one :class:`Database` with two dialects, the table types, and the set-based statements both share.

SQLite has one writer thread (group commit, synchronous FULL) and many readers; PostgreSQL has a pool. Flows hand either
of them a *unit*: a plain function that gets a connection, does its SQL and returns. What it wrote is durable when ``write``
returns.
"""

from opulse.db.bulk import (
    as_json,
    chunked,
    insert_fast,
    insert_ignoring_known,
    json_list,
    json_merge,
    listed,
    upsert,
)
from opulse.db.compiled import CompiledLookUp
from opulse.db.engine import Database, Priority, open_database
from opulse.db.seeking import seek
from opulse.db.storable import why_unstorable
from opulse.db.types import Instant, JsonDoc, instant, metadata, stored_instant
from opulse.db.wake import Wakes, wake

__all__ = [
    "CompiledLookUp",
    "Database",
    "Instant",
    "JsonDoc",
    "Priority",
    "Wakes",
    "as_json",
    "chunked",
    "insert_fast",
    "insert_ignoring_known",
    "instant",
    "json_list",
    "json_merge",
    "listed",
    "metadata",
    "open_database",
    "seek",
    "stored_instant",
    "upsert",
    "wake",
    "why_unstorable",
]
