"""What the Operational Pulse task forgets: whom it reached by name."""

from opulse.experience.extensions.operational_pulse.store import find_reach_of, forget_reach

__all__ = ["find_reach_of", "forget_reach"]
