"""``/api/v1/recipients``: secrets go in and never come out (a generated one is in the answer that made it, once)."""

from opulse.monitoring.recipients.api.routes import router

__all__ = ["router"]
