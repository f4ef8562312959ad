"""What is decided without a database: the filters of a contact search, and our records in the product's words."""

from opulse.experience.api_v3.rules.filters import FilterRefused, read_filter

__all__ = ["FilterRefused", "read_filter"]
