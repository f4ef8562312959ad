"""JSON routes of responses."""

from opulse.experience.responses.api.responses import router

__all__ = ["router"]
