"""All SQL of deliveries, their attempts, the log, and the hosts that asked for a pause."""

from opulse.monitoring.deliveries.store.holds import find_hold, hold_host
from opulse.monitoring.deliveries.store.log import list_failed, list_log
from opulse.monitoring.deliveries.store.reading import find_delivery, list_attempts, list_deliveries
from opulse.monitoring.deliveries.store.tables import attempts, deliveries, holds
from opulse.monitoring.deliveries.store.writing import (
    begin_round,
    end_attempt,
    give_up,
    insert_delivery,
    note_reason,
    sha256,
    start_attempt,
)

__all__ = [
    "attempts",
    "begin_round",
    "deliveries",
    "end_attempt",
    "find_delivery",
    "find_hold",
    "give_up",
    "hold_host",
    "holds",
    "insert_delivery",
    "list_attempts",
    "list_deliveries",
    "list_failed",
    "list_log",
    "note_reason",
    "sha256",
    "start_attempt",
]
