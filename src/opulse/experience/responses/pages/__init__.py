"""The routes that respondents open: ``/s/{token}`` to answer, ``/u/{token}`` to be asked no more."""

from fastapi import APIRouter

from opulse.experience.responses.pages import answering, unsubscribing

FRONT = (answering.router, unsubscribing.router)
"""Tried before all others: a whole staff opens these pages within a minute."""

router = APIRouter()
for _one in FRONT:
    router.include_router(_one)

__all__ = ["FRONT", "router"]
