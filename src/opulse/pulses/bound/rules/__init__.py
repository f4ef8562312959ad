"""Pure decisions of pulses."""

from opulse.pulses.bound.rules.checklist import Said, checklist_of
from opulse.pulses.bound.rules.drafts import (
    PERCENTAGE,
    check_draft,
    compare,
    list_of,
    notes_on,
    read_threshold,
    tidy,
    write_threshold,
)
from opulse.pulses.bound.rules.where import asking_form, check_where, same_place

__all__ = [
    "PERCENTAGE",
    "Said",
    "asking_form",
    "check_draft",
    "check_where",
    "checklist_of",
    "compare",
    "list_of",
    "notes_on",
    "read_threshold",
    "same_place",
    "tidy",
    "write_threshold",
]
