"""Read-only selectables that the ledger joins."""

from opulse.experience.extensions.operational_pulse.store import count_reach, reach

__all__ = ["count_reach", "reach"]
