"""Import of a Prometheus rule file: pasted or uploaded, looked at first, then taken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from opulse.monitoring.sources.flow.importing import Imported, check_rules, import_rules
from opulse.monitoring.sources.pages.shared import Editor, EvaluatorDep, PortsDep
from opulse.monitoring.sources.prometheus_rules.models import MOST_BYTES
from opulse.monitoring.sources.prometheus_rules.rules import SEVERITIES, read_rules
from opulse.web.layout import page
from opulse.wire.errors import UnreadableBody

router = APIRouter(prefix="/sources/import", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form, and what became of the rules (``checked``: what would)."""

    rules: str = ""
    severities: str = SEVERITIES
    instanced: bool = False
    result: Imported | None = None
    checked: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_import(request: Request, caller: Editor) -> Response:
    """The empty form."""
    return await page(request, "sources/import.html", ImportPage())


@router.post("")
async def save_import(request: Request, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep) -> Response:
    """Look at the rules, or take them."""
    async with request.form(max_files=1, max_part_size=MOST_BYTES) as sent:
        text = await _text(sent)
    severities, instanced = str(sent.get("severities", SEVERITIES)), "instanced" in sent
    checked = sent.get("do") != "import"
    try:
        read = await asyncio.to_thread(read_rules, text, severities)
    except UnreadableBody as error:
        errors = {"rules": f"{str(error)[:1].upper()}{str(error)[1:]}."}
        return await _refuse(request, ImportPage(text, severities, instanced, errors=errors))
    except ValueError as error:
        errors = {"severities": f"{str(error)[:1].upper()}{str(error)[1:]}."}
        return await _refuse(request, ImportPage(text, severities, instanced, errors=errors))
    if checked:
        result = await check_rules(ports, caller.tenant, read)
    else:
        result = await import_rules(ports, evaluator, caller.tenant, read, caller.name, instanced=instanced)
    return await page(
        request, "sources/import.html", ImportPage(text, severities, instanced, result, checked)
    )


async def _refuse(request: Request, context: ImportPage) -> Response:
    return await page(request, "sources/import.html", context, 422)


async def _text(sent: FormData) -> str:
    """The file where one was chosen, else what was pasted."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return (await file.read(MOST_BYTES + 1)).decode("utf-8", "replace")
    return str(sent.get("rules", ""))
