"""The names of a real SysTrack's sensors and groups, taken over: conditions and pulses are then chosen from them, not typed.

In comes a workflow whose Operational Pulse task says where SysTrack is and as whom; out go custom sensors and empty groups of
those names. What is here already stays as it is. It announces no jobs.
"""

from opulse.pulses.names.models import NamesRefused, Taken, Wish

__all__ = ["NamesRefused", "Taken", "Wish"]
