"""Console pages of a recipient: the webhook form, a secret's rotation, switching it off and on."""

from fastapi import APIRouter

from opulse.monitoring.recipients.pages import recipients, secret
from opulse.web.joining import join

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
join(router, recipients.router)
join(router, secret.router)
