"""Impact: what the answers say, while they come in.

In: ``response.recorded``. Out: counts per question and choice, totals with honest intervals, the result page and its live stream.
Groups under five are hidden and no page of this stage shows a name.
"""

from opulse.experience.impact.flow.results import read_result
from opulse.experience.impact.models import Result

__all__ = ["Result", "read_result"]
