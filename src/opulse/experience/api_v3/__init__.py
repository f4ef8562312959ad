"""The Qualtrics API v3 (qualtrics-api.md part 1) over the stages' flows: the same contacts, lists and surveys, in its spelling.

In: requests of clients that were written for Qualtrics. Out: what the stages' views and flows say, in the envelope. No jobs, no
decision of its own: whatever a request changes is changed by the flow that the console calls.
"""

from opulse.experience.api_v3.models import BRAND_PER_MINUTE

__all__ = ["BRAND_PER_MINUTE"]
