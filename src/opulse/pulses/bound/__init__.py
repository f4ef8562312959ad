"""One pulse: sensors, group, threshold, survey, message and whom it asks. Of it the guide's five procedures are made at once.

In comes a draft; out go the notification, the recipient and both workflows, made and changed through the flows of either wing in
one unit, so that nothing half-made stays. It announces no jobs: each wing announces its own.
"""

from opulse.pulses.bound.models import Pulse, PulseDraft, PulseRefused

__all__ = ["Pulse", "PulseDraft", "PulseRefused"]
