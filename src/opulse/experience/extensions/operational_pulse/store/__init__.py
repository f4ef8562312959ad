"""All SQL of the Operational Pulse task: whom it reached, and who is handed over to a Qualtrics directory."""

from opulse.experience.extensions.operational_pulse.store.handed import (
    Batch,
    HandedPerson,
    abandon_batch,
    find_batch,
    find_ends,
    forget_people,
    handed_batches,
    handed_people,
    insert_batch,
    list_people,
    set_import,
    settle_people,
    update_people,
)
from opulse.experience.extensions.operational_pulse.store.reached import (
    count_reach,
    find_known_systems,
    find_reach_of,
    forget_reach,
    insert_reach,
    last_wave,
    reach,
)

__all__ = [
    "Batch",
    "HandedPerson",
    "abandon_batch",
    "count_reach",
    "find_batch",
    "find_ends",
    "find_known_systems",
    "find_reach_of",
    "forget_people",
    "forget_reach",
    "handed_batches",
    "handed_people",
    "insert_batch",
    "insert_reach",
    "last_wave",
    "list_people",
    "reach",
    "set_import",
    "settle_people",
    "update_people",
]
