"""All SQL of silences, inhibitions and mutes."""

from opulse.monitoring.silences.store.mutes import (
    end_mute,
    find_mute,
    insert_mute,
    list_waiting,
)
from opulse.monitoring.silences.store.silences import (
    delete_inhibition,
    end_silence,
    find_inhibition,
    find_silence,
    insert_inhibition,
    insert_silence,
    list_inhibitions,
    list_silences,
)

__all__ = [
    "delete_inhibition",
    "end_mute",
    "end_silence",
    "find_inhibition",
    "find_mute",
    "find_silence",
    "insert_inhibition",
    "insert_mute",
    "insert_silence",
    "list_inhibitions",
    "list_silences",
    "list_waiting",
]
