"""Console pages of deliveries: the details of an activation, and the delivery log."""

from fastapi import APIRouter

from opulse.monitoring.deliveries.pages import activation, log

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
router.include_router(activation.router)
router.include_router(log.router)
