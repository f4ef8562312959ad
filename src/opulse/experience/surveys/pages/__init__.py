"""Pages of surveys: the list, one survey in each language, its texts, and the builder with its questions, flow and look."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.surveys.pages import blocks, builder, flows, listing, looks, questions

router = APIRouter(include_in_schema=False)
for part in (looks, builder, questions, blocks, flows, listing):
    router.include_router(part.router)
