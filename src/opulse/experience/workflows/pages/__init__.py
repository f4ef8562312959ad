"""Pages of workflows: the list, the editor, what ran and why not; extensions and their accounts; the ids to copy."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.workflows.pages import around, editor, events, extensions, history, ids, listing, tasks
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
for part in (listing, events, tasks, history, around, editor, extensions, ids):
    join(router, part.router)
