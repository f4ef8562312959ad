"""Read-only look-ups that the console uses."""

from opulse.experience.impact.store import read_share, read_totals

__all__ = ["read_share", "read_totals"]
