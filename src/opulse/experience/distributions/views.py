"""Read-only selectables that later stages join, and look-ups."""

from opulse.experience.distributions.models import Counted
from opulse.experience.distributions.store.bounced import list_bounced
from opulse.experience.distributions.store.library import find_message, find_template
from opulse.experience.distributions.store.records import list_counted
from opulse.experience.distributions.store.returning import find_suppression, list_suppressions
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.experience.distributions.store.unreachable import list_unreachable

__all__ = [
    "Counted",
    "distributions",
    "find_message",
    "find_suppression",
    "find_template",
    "invitations",
    "list_bounced",
    "list_counted",
    "list_suppressions",
    "list_unreachable",
]
