"""The routes that respondents open (``/s/{token}`` to answer, ``/u/{token}`` to be asked no more), and the console's."""

from fastapi import APIRouter

from opulse.experience.responses.pages import answering, console, trying, unsubscribing
from opulse.experience.responses.pages.at_once import PREFIX, AtOnce
from opulse.web.joining import join

FRONT = (answering.router, unsubscribing.router)
"""Tried before all others: a whole staff opens these pages within a minute."""

AT_ONCE = {PREFIX: AtOnce}
"""What is answered before the application is asked: by the first segment of the path."""

BEHIND = (console.router, trying.router)
"""Tried in their turn, as the pages of other stages are."""

router = APIRouter()
for _one in (*FRONT, *BEHIND):
    join(router, _one)

__all__ = ["AT_ONCE", "BEHIND", "FRONT", "router"]
