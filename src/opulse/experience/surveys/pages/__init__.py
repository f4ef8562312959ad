"""Pages of surveys: the list, one survey in each language, its texts, and the builder with its questions, flow and look."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.surveys.pages import blocks, builder, flows, listing, looks, questions
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
for part in (looks, builder, questions, blocks, flows, listing):
    join(router, part.router)
