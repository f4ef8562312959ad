"""``/api/v1/pulses``."""

from opulse.pulses.bound.api.routes import router

__all__ = ["router"]
