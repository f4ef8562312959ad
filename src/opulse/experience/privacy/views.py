"""Look-ups for the pages."""

from opulse.experience.privacy.store.tables import find_erasure, find_terms, list_erasures

__all__ = ["find_erasure", "find_terms", "list_erasures"]
