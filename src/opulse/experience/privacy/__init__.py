"""Forgetting: one person wholly, when they ask for it; and what is kept by age, regularly.

In: keys of a person, the tenant's terms. Out: rows of all stages of the wing without the person, and a report of what was done.
Announces ``privacy.erase`` {erasure}.
"""

from opulse.experience.privacy.models import Erasure, Terms

__all__ = ["Erasure", "Terms"]
