"""Decisions about posted answers: pure."""

from opulse.experience.responses.rules.access import decide_access
from opulse.experience.responses.rules.quarantine import Evidence, Suspicion, weigh_press
from opulse.experience.responses.rules.stamp import make_stamp, read_stamp
from opulse.experience.responses.rules.tally import tally

__all__ = ["Evidence", "Suspicion", "decide_access", "make_stamp", "read_stamp", "tally", "weigh_press"]
