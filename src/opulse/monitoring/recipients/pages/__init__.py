"""Console pages of recipients: the Recipients tab, the webhook form, a secret's rotation."""

from fastapi import APIRouter

from opulse.monitoring.recipients.pages import recipients, secret

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
router.include_router(recipients.router)
router.include_router(secret.router)
