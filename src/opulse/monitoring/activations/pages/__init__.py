"""Console pages of activations: the list, who was affected, what is the matter now, and what counted one system."""

from fastapi import APIRouter

from opulse.monitoring.activations.pages import activations, issues, of_system
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
join(router, issues.router)
join(router, activations.router)
join(router, of_system.router)

__all__ = ["router"]
