"""The console's pages of silences, maintenance windows and causes."""

from fastapi import APIRouter

from opulse.monitoring.silences.pages import causes, silences, windows

router = APIRouter()
router.include_router(causes.router)
router.include_router(windows.router)
router.include_router(silences.router)
