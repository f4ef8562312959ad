"""Audiences: segments, whose members a rule finds, and samples, which are drawn once.

In: contacts of the directory, what they were asked and have answered. Out: sets of contacts that every sending can use, kept as
mailing lists of the directory. Announces ``audiences.refresh`` {segment}.
"""

from opulse.experience.audiences.models import RuleUnreadable, SampleRefused

__all__ = ["RuleUnreadable", "SampleRefused"]
