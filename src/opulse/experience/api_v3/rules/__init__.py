"""Our records in the product's words, and the filters of a contact search: pure translations, one module per kind of thing."""

from opulse.experience.api_v3.rules.filters import FilterRefused, read_filter

__all__ = ["FilterRefused", "read_filter"]
