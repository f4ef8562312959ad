"""All SQL of impact."""

from opulse.experience.impact.store.counts import add_counts, answer_counts, read_counts, read_share
from opulse.experience.impact.store.totals import (
    count_answered,
    count_asked,
    list_words,
    read_totals,
    sum_states,
)

__all__ = [
    "add_counts",
    "answer_counts",
    "count_answered",
    "count_asked",
    "list_words",
    "read_counts",
    "read_share",
    "read_totals",
    "sum_states",
]
