"""Decisions about posted answers: pure."""

from opulse.experience.responses.rules.access import decide_access
from opulse.experience.responses.rules.browsers import browser_of, device_of
from opulse.experience.responses.rules.carried import Carried, pack, unpack
from opulse.experience.responses.rules.quarantine import Evidence, Suspicion, weigh_press
from opulse.experience.responses.rules.stamp import make_stamp, read_stamp
from opulse.experience.responses.rules.tally import tally
from opulse.experience.responses.rules.visits import new_visit, read_visit, seed_of

__all__ = [
    "Carried",
    "Evidence",
    "Suspicion",
    "browser_of",
    "decide_access",
    "device_of",
    "make_stamp",
    "new_visit",
    "pack",
    "read_stamp",
    "read_visit",
    "seed_of",
    "tally",
    "unpack",
    "weigh_press",
]
