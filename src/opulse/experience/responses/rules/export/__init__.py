"""Answers as a table: columns in the product's spelling, filled from recorded answers, written as CSV, JSON, NDJSON or XLSX."""

from opulse.experience.responses.rules.export.columns import Column, columns_of, union_of
from opulse.experience.responses.rules.export.head import HEAD, TAIL, HeadColumn, head_of
from opulse.experience.responses.rules.export.values import label_of, value_of

__all__ = [
    "HEAD",
    "TAIL",
    "Column",
    "HeadColumn",
    "columns_of",
    "head_of",
    "label_of",
    "union_of",
    "value_of",
]
