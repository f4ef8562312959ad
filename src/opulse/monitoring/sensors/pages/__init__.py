"""Console pages of the stage: systems with what is triggered on them, and sensors."""

from fastapi import APIRouter

from opulse.monitoring.sensors.pages import in_groups, sensors, systems

router = APIRouter()
router.include_router(systems.router)
router.include_router(sensors.router)
router.include_router(in_groups.router)

__all__ = ["router"]
