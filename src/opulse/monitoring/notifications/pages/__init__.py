"""Console pages of notifications, and the Recipients tab with the assignment of notifications."""

from fastapi import APIRouter

from opulse.monitoring.notifications.pages import assigning, listing, notifications, recipients_tab
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
join(router, listing.router)
join(router, notifications.router)
join(router, assigning.router)
join(router, recipients_tab.router)

__all__ = ["router"]
