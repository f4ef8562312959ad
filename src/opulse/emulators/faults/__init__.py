"""What goes wrong on the way, on purpose: from the text of ``--faults`` to one decision per request, the same for the same seed.

In: an ASGI application of an emulator. Out: the same one, slow, busy, broken and forgetful as asked, and a log of what it did.
"""

from opulse.emulators.faults.middleware import Answerer, Faulty
from opulse.emulators.faults.models import NO_FAULTS, Decision, Fault, Faults, Rate
from opulse.emulators.faults.reading import FaultsUnreadable, parse_faults
from opulse.emulators.faults.recording import Exchange, Recorder, read_log
from opulse.emulators.faults.rules import decide_faults

__all__ = [
    "NO_FAULTS",
    "Answerer",
    "Decision",
    "Exchange",
    "Fault",
    "Faults",
    "FaultsUnreadable",
    "Faulty",
    "Rate",
    "Recorder",
    "decide_faults",
    "parse_faults",
    "read_log",
]
