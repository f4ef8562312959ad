"""Read-only selectables that later stages join."""

from opulse.experience.surveys.store import surveys

__all__ = ["surveys"]
