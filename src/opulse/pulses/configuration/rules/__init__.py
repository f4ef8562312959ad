"""The document as text and as data, and how two of them differ. Pure."""

from opulse.pulses.configuration.rules.differing import compare_entries, leaves, secrets_in, token_of
from opulse.pulses.configuration.rules.reading import Document, read_document
from opulse.pulses.configuration.rules.writing import write_document

__all__ = [
    "Document",
    "compare_entries",
    "leaves",
    "read_document",
    "secrets_in",
    "token_of",
    "write_document",
]
