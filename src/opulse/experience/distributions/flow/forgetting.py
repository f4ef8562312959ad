"""What distributions forget: a person's address and names, and those of all by age. In the caller's unit."""

from opulse.experience.distributions.store.forgetting import (
    blank_old,
    find_invitations_of,
    forget_invitations,
    mark_cut,
)

__all__ = ["blank_old", "find_invitations_of", "forget_invitations", "mark_cut"]
