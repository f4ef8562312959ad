"""A file of responses as an answer, for the API and the pages alike."""

from __future__ import annotations

from fastapi.responses import StreamingResponse

from opulse.experience.responses.flow.exporting import MEDIA_TYPES, Format, open_export, write_export
from opulse.experience.responses.models import AnswerFilter
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.errors import NotFound


async def answer_file(
    ports: Ports,
    caller: Caller,
    survey: str,
    wanted: AnswerFilter,
    form: Format,
    *,
    labels: bool,
    zone: str = "UTC",
) -> StreamingResponse:
    """The file as an answer. Raises NotFound, FilterForbidden, TooFew."""
    try:
        export = await open_export(
            ports,
            caller.tenant,
            survey,
            wanted,
            form,
            caller.name,
            labels=labels,
            zone=zone,
            language=caller.locale,
        )
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in export.name).strip(
        "-"
    )
    headers = {"Content-Disposition": f'attachment; filename="{name or "responses"}.{form.value}"'}
    return StreamingResponse(write_export(ports, export), media_type=MEDIA_TYPES[form], headers=headers)
