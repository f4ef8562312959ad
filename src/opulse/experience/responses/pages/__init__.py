"""The routes that respondents open: ``/s/{token}`` to answer, ``/u/{token}`` to be asked no more."""

from fastapi import APIRouter

from opulse.experience.responses.pages import answering, unsubscribing

router = APIRouter()
router.include_router(answering.router)
router.include_router(unsubscribing.router)

__all__ = ["router"]
