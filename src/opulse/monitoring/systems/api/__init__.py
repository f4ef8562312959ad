"""JSON routes of systems and groups, ours under ``/api/v1`` and SysTrack's own, and people by SCIM."""

from fastapi import APIRouter

from opulse.monitoring.systems.api import groups, imports, scim, systems, systrack, users

router = APIRouter()
router.include_router(imports.router)  # before a system's own path, which would take its word for an ID
router.include_router(systems.router)
router.include_router(users.router)
router.include_router(groups.router)
router.include_router(systrack.router)
router.include_router(scim.router)

__all__ = ["router"]
