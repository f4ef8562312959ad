"""Groups, imports and users of systems in the console.

The pages of systems show what is triggered on them, so they stand downstream, in ``sensors.pages``.
"""

from fastapi import APIRouter

from opulse.monitoring.systems.pages import groups, importing, mapping, ruled, users
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
join(router, importing.router)
join(router, mapping.router)
join(router, ruled.router)
join(router, groups.router)
join(router, users.router)

__all__ = ["router"]
