"""Read-only look-ups that the console uses."""

from opulse.experience.impact.store import read_totals

__all__ = ["read_totals"]
