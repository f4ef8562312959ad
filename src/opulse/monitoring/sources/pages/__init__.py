"""Console pages of the stage: sources, one source with its receiver, and the import of rule files."""

from fastapi import APIRouter

from opulse.monitoring.sources.pages import importing, sources
from opulse.web.joining import join

router = APIRouter()
join(router, importing.router)
join(router, sources.router)

__all__ = ["router"]
