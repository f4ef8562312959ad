"""Console pages of the stage: systems with what is triggered on them, and sensors."""

from fastapi import APIRouter

from opulse.monitoring.sensors.pages import in_groups, sensors, systems
from opulse.web.joining import join

router = APIRouter()
join(router, systems.router)
join(router, sensors.router)
join(router, in_groups.router)

__all__ = ["router"]
