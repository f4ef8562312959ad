"""What waits on the path, and how long its stages took: read from the rows, so right after a restart and across processes."""

from opulse.pulses.watch.flow import Watch, behind
from opulse.pulses.watch.models import FirstTimes
from opulse.pulses.watch.views import find_first_times

__all__ = ["FirstTimes", "Watch", "behind", "find_first_times"]
