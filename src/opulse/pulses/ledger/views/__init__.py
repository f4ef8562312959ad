"""Queries over the doors of the stages: the ledger's rows, and the facts around them."""

from opulse.pulses.ledger.views.facts import (
    count_reached_systems,
    find_reached,
    has_false_conditions,
    has_job,
    has_pending_changes,
    list_changed_directories,
    list_reaching_tasks,
    was_switched_off,
)
from opulse.pulses.ledger.views.found import find_rows_of
from opulse.pulses.ledger.views.listed import (
    filter_systems,
    find_reached_by,
    read_systems,
    search_systems,
    walk_systems,
)
from opulse.pulses.ledger.views.rows import count_by_state, ranked_rows

__all__ = [
    "count_by_state",
    "count_reached_systems",
    "filter_systems",
    "find_reached",
    "find_reached_by",
    "find_rows_of",
    "has_false_conditions",
    "has_job",
    "has_pending_changes",
    "list_changed_directories",
    "list_reaching_tasks",
    "ranked_rows",
    "read_systems",
    "search_systems",
    "walk_systems",
    "was_switched_off",
]
