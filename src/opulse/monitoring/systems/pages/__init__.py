"""Groups and imports in the console.

The pages of systems show what is triggered on them, so they stand downstream, in ``sensors.pages``.
"""

from fastapi import APIRouter

from opulse.monitoring.systems.pages import groups, importing, ruled

router = APIRouter(include_in_schema=False)
router.include_router(importing.router)
router.include_router(ruled.router)
router.include_router(groups.router)

__all__ = ["router"]
