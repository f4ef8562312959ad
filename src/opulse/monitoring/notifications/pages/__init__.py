"""Console pages of notifications, and the Recipients tab with the assignment of notifications."""

from fastapi import APIRouter

from opulse.monitoring.notifications.pages import assigning, listing, notifications, recipients_tab

router = APIRouter(include_in_schema=False)
router.include_router(listing.router)
router.include_router(notifications.router)
router.include_router(assigning.router)
router.include_router(recipients_tab.router)

__all__ = ["router"]
