"""What the pages of one survey share: who may, which survey, and saving it as a draft."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from opulse.experience.surveys import flow
from opulse.experience.surveys.models import SurveyDocument, SurveyRecord, SurveyVersion
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
MOST_FIELDS = 12_000
"""Fields of a posted form: every text of the longest document."""


async def find_survey(ports: Ports, caller: Caller, survey: str) -> tuple[SurveyRecord, SurveyVersion]:
    """The survey and its newest version; raises NotFound."""
    try:
        return await flow.find_survey(ports, caller.tenant, survey)
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error


async def save_document(ports: Ports, caller: Caller, record: SurveyRecord, document: SurveyDocument) -> None:
    """Keep an edited document as the draft; what is published stays as it is."""
    await flow.save_draft(ports, caller.tenant, record.id, record.name, document, caller.name)


async def posted_fields(request: Request) -> dict[str, str]:
    """The posted texts by name; of several under one name the last."""
    posted = await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=200_000)
    return {name: value for name, value in posted.multi_items() if isinstance(value, str)}


def may_edit(caller: Caller) -> bool:
    """Whether the caller may change surveys."""
    return caller.may(*needs_editor.roles)


def first_fault(error: ValidationError) -> str:
    """Where the document does not fit, in words: the first of its faults, and how many more there are."""
    faults = error.errors(include_url=False)
    where = " → ".join(str(part) for part in faults[0]["loc"])
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{where or 'The document'}: {faults[0]['msg']}{more}"
