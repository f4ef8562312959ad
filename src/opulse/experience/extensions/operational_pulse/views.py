"""Read-only selectables that the ledger joins."""

from opulse.experience.extensions.operational_pulse.store import count_reach, list_surveys_there, reach

__all__ = ["count_reach", "list_surveys_there", "reach"]
