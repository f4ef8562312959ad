"""QSF in the console: a file is looked at or imported, and a survey is downloaded as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from opulse.experience.surveys.flow import SurveyUnknown
from opulse.experience.surveys.qsf.downloads import as_file
from opulse.experience.surveys.qsf.flow import MOST_BYTES, export_qsf, import_qsf, look_at
from opulse.experience.surveys.qsf.mapping import Imported
from opulse.experience.surveys.qsf.models import Item, Outcome, QsfUnreadable
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
_TOO_LARGE = f"The file is larger than {MOST_BYTES // 1_000_000} MB."


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form, and after a file was sent what became of its questions. ``survey`` is the new draft; empty: only looked at."""

    name: str = ""
    file: str = ""
    survey: str = ""
    imported: Imported | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """How many questions are as they were."""
        return self._count(Outcome.TAKEN)

    @property
    def different(self) -> tuple[Item, ...]:
        """The questions that are asked in another way."""
        return self._items(Outcome.APPROXIMATED)

    @property
    def left(self) -> tuple[Item, ...]:
        """The questions that are not in the survey."""
        return self._items(Outcome.LEFT)

    def _items(self, outcome: Outcome) -> tuple[Item, ...]:
        items = self.imported.report.items if self.imported else ()
        return tuple(one for one in items if one.outcome is outcome)

    def _count(self, outcome: Outcome) -> int:
        return self.imported.report.count(outcome) if self.imported else 0


@router.get("/import")
async def show_import(
    request: Request, caller: Annotated[Caller, Depends(needs_editor)], name: str = ""
) -> Response:
    """The form for a file."""
    return await page(request, "qsf/import.html", ImportPage(name=name[:100]))


@router.post("/import")
async def save_import(
    request: Request, ports: PortsDep, caller: Annotated[Caller, Depends(needs_editor)]
) -> Response:
    """Look at the file, or make a draft of it, and say what became of each question."""
    async with request.form(max_files=1, max_fields=10) as sent:
        name, only_look = str(sent.get("name", "")).strip()[:100], sent.get("do") == "check"
        file, content = await _file(sent)
    if content is None or len(content) > MOST_BYTES:
        wrong = "Choose the QSF file." if content is None else _TOO_LARGE
        return await _refuse(request, ImportPage(name, file, errors={"file": wrong}))
    try:
        if only_look:
            context = ImportPage(name, file, imported=await look_at(content))
        else:
            record, imported = await import_qsf(ports, caller.tenant, content, name, caller.name)
            context = ImportPage(record.name, file, record.id, imported)
    except QsfUnreadable as error:
        return await _refuse(request, ImportPage(name, file, errors={"file": str(error)}))
    return await page(request, "qsf/import.html", context)


@router.get("/{survey_id}/export")
async def show_export(
    survey_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(needs_viewer)]
) -> Response:
    """The newest version as a file to keep."""
    try:
        record, content = await export_qsf(ports, caller.tenant, survey_id)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    return as_file(record.id, content)


async def _refuse(request: Request, context: ImportPage) -> Response:
    return await page(request, "qsf/import.html", context, 422)


async def _file(sent: FormData) -> tuple[str, bytes | None]:
    """The file's name and its bytes; none where no file was chosen."""
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return "", None
    return file.filename[:200], await file.read(MOST_BYTES + 1)
