"""Console pages of deliveries: the details of an activation, and the delivery log."""

from fastapi import APIRouter

from opulse.monitoring.deliveries.pages import activation, log
from opulse.web.joining import join

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
join(router, activation.router)
join(router, log.router)
