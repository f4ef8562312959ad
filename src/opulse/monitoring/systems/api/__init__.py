"""JSON routes of systems and groups, ours under ``/api/v1`` and SysTrack's own."""

from fastapi import APIRouter

from opulse.monitoring.systems.api import groups, systems, systrack

router = APIRouter()
router.include_router(systems.router)
router.include_router(groups.router)
router.include_router(systrack.router)

__all__ = ["router"]
