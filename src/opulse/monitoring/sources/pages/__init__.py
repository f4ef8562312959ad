"""Console pages of the stage: sources, one source with its receiver, and the import of rule files."""

from fastapi import APIRouter

from opulse.monitoring.sources.pages import importing, sources

router = APIRouter()
router.include_router(importing.router)
router.include_router(sources.router)

__all__ = ["router"]
