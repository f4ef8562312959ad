"""What those who ask see of a survey's responses: the table, the files, the comments, and how responses are kept."""

from fastapi import APIRouter

from opulse.experience.responses.pages.console import answers, comments, policy
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
for _one in (answers.router, comments.router, policy.router):
    join(router, _one)

__all__ = ["router"]
