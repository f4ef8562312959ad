"""What people wrote in their own words, with a search and the themes that many share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from opulse.experience.responses.flow.comments import MOST_SHOWN, CommentPage, list_comments
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.ports import Ports
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys/{survey_id}/comments")

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]


@dataclass(frozen=True, slots=True)
class CommentsPage:
    """The comments that a search finds."""

    listed: CommentPage
    search: str
    activation: str
    most: int


@router.get("")
async def show_comments(
    request: Request,
    survey_id: str,
    caller: Viewer,
    ports: PortsDep,
    q: Annotated[str, Query(max_length=200)] = "",
    activation: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    """Comments and themes of the survey, or of one incident."""
    try:
        listed = await list_comments(
            ports, caller.tenant, survey_id, activation=activation, search=q.strip(), language=caller.locale
        )
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    context = CommentsPage(listed, q.strip(), activation, MOST_SHOWN)
    return await page(request, "responses/comments.html", context)
