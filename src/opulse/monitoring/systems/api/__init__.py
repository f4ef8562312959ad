"""JSON routes of systems and groups, ours under ``/api/v1`` and SysTrack's own, and people by SCIM."""

from fastapi import APIRouter

from opulse.monitoring.systems.api import groups, imports, scim, systems, systrack, users
from opulse.web.joining import join

router = APIRouter()
join(router, imports.router)  # before a system's own path, which would take its word for an ID
join(router, systems.router)
join(router, users.router)
join(router, groups.router)
join(router, systrack.router)
join(router, scim.router)

__all__ = ["router"]
