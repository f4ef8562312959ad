"""Whatever is no call of this API."""

from __future__ import annotations

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from opulse.experience.api_v3.api.edge.desk import request_id_of
from opulse.experience.api_v3.api.edge.paths import ROOT
from opulse.experience.api_v3.api.edge.route import V3Router
from opulse.web.access import Open
from opulse.wire.envelope import error_envelope

router = V3Router()
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
DOOR = Open("says only that there is no such call, whoever asks")


@router.api_route("/{rest:path}", methods=METHODS, include_in_schema=False, dependencies=[Depends(DOOR)])
async def unknown(rest: str, request: Request) -> JSONResponse:
    """404, without a code."""
    message = f"API call does not exist: {request.method} {ROOT}/{rest}"
    return JSONResponse(error_envelope(404, message, request_id_of(request)), 404)
