"""JSON routes of the stage: sources, what they receive, previews, rule files."""

from fastapi import APIRouter

from opulse.monitoring.sources.api import importing, receiving, sources

router = APIRouter()
router.include_router(importing.router)
router.include_router(receiving.router)
router.include_router(sources.router)

__all__ = ["router"]
