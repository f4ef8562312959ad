"""Pure decisions of the directory: reading tables of contacts, cutting a stream into steps, plain addresses."""

from opulse.experience.directory.rules.addresses import is_plain_address
from opulse.experience.directory.rules.steps import STEP_LINES, StepCutter
from opulse.experience.directory.rules.table import (
    Heading,
    Table,
    TableUnreadable,
    read_heading,
    read_lines,
    read_table,
)

__all__ = [
    "STEP_LINES",
    "Heading",
    "StepCutter",
    "Table",
    "TableUnreadable",
    "is_plain_address",
    "read_heading",
    "read_lines",
    "read_table",
]
