"""Groups, imports and users of systems in the console.

The pages of systems show what is triggered on them, so they stand downstream, in ``sensors.pages``.
"""

from fastapi import APIRouter

from opulse.monitoring.systems.pages import groups, importing, mapping, ruled, users

router = APIRouter(include_in_schema=False)
router.include_router(importing.router)
router.include_router(mapping.router)
router.include_router(ruled.router)
router.include_router(groups.router)
router.include_router(users.router)

__all__ = ["router"]
