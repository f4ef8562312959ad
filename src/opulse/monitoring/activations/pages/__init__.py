"""Console pages of activations: the list, who was affected, what is the matter now, and what counted one system."""

from fastapi import APIRouter

from opulse.monitoring.activations.pages import activations, issues, of_system

router = APIRouter(include_in_schema=False)
router.include_router(issues.router)
router.include_router(activations.router)
router.include_router(of_system.router)

__all__ = ["router"]
