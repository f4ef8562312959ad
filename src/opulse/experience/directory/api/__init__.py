"""JSON routes of the directory: contacts, lists and rules; files of contacts."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.directory.api import contacts, imports

router = APIRouter()
for _part in (contacts, imports):
    router.include_router(_part.router)

__all__ = ["router"]
