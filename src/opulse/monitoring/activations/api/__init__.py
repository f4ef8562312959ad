"""Routes of activations: our own under ``/api/v1``, and the product's two affected-systems addresses."""

from fastapi import APIRouter

from opulse.monitoring.activations.api import activations, affected
from opulse.web.joining import join

router = APIRouter()
join(router, activations.router)
join(router, affected.router)

__all__ = ["router"]
