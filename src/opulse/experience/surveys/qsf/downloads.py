"""A QSF file as the answer to a request, the same for page and API."""

from __future__ import annotations

from fastapi.responses import Response

FILE_TYPE = "application/json"


def as_file(survey_id: str, content: bytes) -> Response:
    """The file as a browser keeps it: under the survey's id, which needs no quoting."""
    headers = {"Content-Disposition": f'attachment; filename="{survey_id}.qsf"'}
    return Response(content, media_type=FILE_TYPE, headers=headers)
