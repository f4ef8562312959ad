"""Responses: the pages that people answer, what they posted, and its history.

In comes an invitation's personal link; out go recorded responses, late and quarantined ones that do not count, and corrections of
who uses a computer. Announces the job ``response.recorded`` {activation} whenever responses begin, change or stop to count: one
waits per activation. Whoever keeps counts takes the changes by :func:`take_uncounted_in` and adds up their :func:`tally`.
"""

from opulse.experience.responses.flow.answering import RESPONSE_RECORDED
from opulse.experience.responses.flow.counting import take_uncounted_in
from opulse.experience.responses.rules import tally

__all__ = ["RESPONSE_RECORDED", "take_uncounted_in", "tally"]
