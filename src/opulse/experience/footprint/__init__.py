"""What stands between us and one person: every touchpoint in order, and whether they may be asked now, or why not, until when.

In: contacts, invitations, responses, changes, by the views of their stages. Out: pages and JSON. It announces no jobs.
"""

from opulse.experience.footprint.models import MayAsk, Touchpoint

__all__ = ["MayAsk", "Touchpoint"]
