"""Console pages of notifications, and the assignment of notifications to a recipient."""

from fastapi import APIRouter

from opulse.monitoring.notifications.pages import assigning, notifications

router = APIRouter(include_in_schema=False)
router.include_router(notifications.router)
router.include_router(assigning.router)

__all__ = ["router"]
