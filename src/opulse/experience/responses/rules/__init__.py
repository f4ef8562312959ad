"""Decisions about posted answers: pure."""

from opulse.experience.responses.rules.access import decide_access
from opulse.experience.responses.rules.quarantine import find_quarantine
from opulse.experience.responses.rules.stamp import make_stamp, read_stamp
from opulse.experience.responses.rules.tally import tally

__all__ = ["decide_access", "find_quarantine", "make_stamp", "read_stamp", "tally"]
