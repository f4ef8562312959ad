"""Console pages of pulses."""

from opulse.pulses.bound.pages.pulses import router

__all__ = ["router"]
