"""Pure decisions of the directory: reading tables of contacts, plain addresses."""

from opulse.experience.directory.rules.addresses import is_plain_address
from opulse.experience.directory.rules.fields import (
    ValueRefused,
    check_declaration,
    read_value,
    read_values,
)
from opulse.experience.directory.rules.frequency import rules_for
from opulse.experience.directory.rules.hours import (
    DAYS,
    ShiftUnreadable,
    next_allowed,
    read_minutes,
    read_shift,
)
from opulse.experience.directory.rules.merging import check_merge_rules, merge_values
from opulse.experience.directory.rules.table import (
    Heading,
    Table,
    TableUnreadable,
    guess_targets,
    read_heading,
    read_lines,
    read_table,
    split_heading,
)

__all__ = [
    "DAYS",
    "Heading",
    "ShiftUnreadable",
    "Table",
    "TableUnreadable",
    "ValueRefused",
    "check_declaration",
    "check_merge_rules",
    "guess_targets",
    "is_plain_address",
    "merge_values",
    "next_allowed",
    "read_heading",
    "read_lines",
    "read_minutes",
    "read_shift",
    "read_table",
    "read_value",
    "read_values",
    "rules_for",
    "split_heading",
]
