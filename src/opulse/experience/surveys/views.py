"""Read-only selectables that later stages join."""

from opulse.experience.surveys.store import list_all_surveys, surveys

__all__ = ["list_all_surveys", "surveys"]
