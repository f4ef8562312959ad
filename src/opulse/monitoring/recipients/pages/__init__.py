"""Console pages of recipients: the Recipients tab and the webhook form."""

from opulse.monitoring.recipients.pages.recipients import router

__all__ = ["router"]
