"""Event subscriptions: programs that are told when a response comes in or a survey opens or closes (qualtrics-api.md 1.14).

In: facts of later stages, in the unit that writes them. Out: one job ``event.published`` per subscription and fact, and the form,
signed where a key was given, that it posts.
"""

from opulse.experience.subscriptions.models import Subscription

__all__ = ["Subscription"]
