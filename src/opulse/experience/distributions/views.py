"""Read-only selectables that later stages join, and look-ups."""

from opulse.experience.distributions.store.tables import distributions, invitations

__all__ = ["distributions", "invitations"]
