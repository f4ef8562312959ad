"""Pure decisions of the directory: reading tables of contacts, plain addresses."""

from opulse.experience.directory.rules.addresses import is_plain_address
from opulse.experience.directory.rules.table import (
    Heading,
    Table,
    TableUnreadable,
    read_heading,
    read_lines,
    read_table,
)

__all__ = [
    "Heading",
    "Table",
    "TableUnreadable",
    "is_plain_address",
    "read_heading",
    "read_lines",
    "read_table",
]
