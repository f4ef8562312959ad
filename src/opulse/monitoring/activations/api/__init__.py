"""Routes of activations: our own under ``/api/v1``, and the product's two affected-systems addresses."""

from fastapi import APIRouter

from opulse.monitoring.activations.api import activations, affected

router = APIRouter()
router.include_router(activations.router)
router.include_router(affected.router)

__all__ = ["router"]
