"""All SQL of activations: the rows with their affected sets as bitmaps, and what the decider remembers."""

from opulse.monitoring.activations.store.rows import (
    Opening,
    close_activation,
    find_activation,
    find_affected,
    find_current,
    find_ever,
    find_open,
    insert_activation,
    list_activations,
    list_counting,
    list_open,
    list_open_notifications,
    update_current,
)
from opulse.monitoring.activations.store.watches import find_watch, list_watches, save_watch

__all__ = [
    "Opening",
    "close_activation",
    "find_activation",
    "find_affected",
    "find_current",
    "find_ever",
    "find_open",
    "find_watch",
    "insert_activation",
    "list_activations",
    "list_counting",
    "list_open",
    "list_open_notifications",
    "list_watches",
    "save_watch",
    "update_current",
]
