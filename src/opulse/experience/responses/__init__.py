"""Responses: the pages that people answer, what they posted, and its history.

In comes an invitation's personal link; out go recorded responses, late and quarantined ones that do not count, and corrections of
who uses a computer. Announces the job ``response.recorded`` whenever a response begins, changes or stops to count.
"""

from opulse.experience.responses.flow.answering import RESPONSE_RECORDED
from opulse.experience.responses.flow.counting import take_uncounted_in

__all__ = ["RESPONSE_RECORDED", "take_uncounted_in"]
