"""The routes that respondents open: ``/s/{token}`` to answer, ``/u/{token}`` to be asked no more; previews in the console."""

from fastapi import APIRouter

from opulse.experience.responses.pages import answering, trying, unsubscribing
from opulse.experience.responses.pages.at_once import PREFIX, AtOnce

FRONT = (answering.router, unsubscribing.router)
"""Tried before all others: a whole staff opens these pages within a minute."""

AT_ONCE = {PREFIX: AtOnce}
"""What is answered before the application is asked: by the first segment of the path."""

router = APIRouter()
for _one in FRONT:
    router.include_router(_one)
router.include_router(trying.router)

__all__ = ["AT_ONCE", "FRONT", "router"]
