"""Console pages of a recipient: the webhook form, a secret's rotation, switching it off and on."""

from fastapi import APIRouter

from opulse.monitoring.recipients.pages import recipients, secret

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
router.include_router(recipients.router)
router.include_router(secret.router)
