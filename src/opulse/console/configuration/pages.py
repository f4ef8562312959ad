"""The page *Export and import*: download the document; look at what one would change; apply exactly that."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from opulse.ports import Ports
from opulse.pulses.configuration import ImportDone, ImportWanted, export_configuration, import_configuration
from opulse.pulses.configuration.models import MOST_BYTES, EntryChange, ImportRefused, Mend, PlanOutdated
from opulse.web.access import Caller, needs_admin, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/admin/configuration", include_in_schema=False)
ADDRESS = "/admin/configuration"
TEMPLATE = "configuration/configuration.html"
SECRET_FIELD = "secret:"  # noqa: S105  # the beginning of the names of fields
SHOWN = 160  # characters of a value
MOST_SHOWN = 500  # entries; a page of more is read by nobody

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(needs_admin)]


@dataclass(frozen=True, slots=True)
class Line:
    """One value that differs, as texts; empty: it is not there."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that differs."""

    section: str
    key: str
    doing: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationPage:
    """The form as it was sent, and what would happen. ``token``: of the plan that is shown; ``more``: entries not shown."""

    document: str = ""
    prune: bool = False
    open_mail: bool = False
    looked: bool = False
    entries: tuple[Entry, ...] = ()
    more: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    token: str = ""
    mends: tuple[Mend, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_configuration(request: Request, caller: Admin) -> Response:
    """Export, and the empty form of an import."""
    return await page(request, TEMPLATE, ConfigurationPage())


@router.post("/export")
async def save_export(ports: PortsDep, caller: Admin) -> Response:
    """The document as a file. That it was taken is audited, so it is no GET."""
    text = await export_configuration(ports, caller.tenant, caller.name)
    named = {
        "Content-Disposition": 'attachment; filename="opulse-configuration.yaml"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type="application/yaml", headers=named)


@router.post("/import")
async def save_import(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Look at what would change, or apply exactly what was looked at."""
    async with request.form(max_files=1, max_fields=2_000, max_part_size=MOST_BYTES) as sent:
        document = await _document(sent)
    wanted = ImportWanted(
        document=document,
        secrets=_secrets(sent),
        prune="prune" in sent,
        open_mail="open_mail" in sent,
        dry_run=sent.get("do") != "apply",
        expect=str(sent.get("token", "")) if sent.get("do") == "apply" else "",
    )
    form = ConfigurationPage(document, wanted.prune, wanted.open_mail)
    if not document.strip():
        errors = {"document": "Choose a file, or paste the document."}
        return await page(request, TEMPLATE, ConfigurationPage(errors=errors), 422)
    try:
        done = await import_configuration(ports, caller.tenant, caller.name, wanted)
    except ImportRefused as refused:
        context = ConfigurationPage(
            document, wanted.prune, wanted.open_mail, mends=refused.mends, errors=_summary(refused)
        )
        return await page(request, TEMPLATE, context, 422)
    except PlanOutdated:
        again = await _look(ports, caller, wanted)
        errors = {"document": "The configuration was changed meanwhile. This is what would happen now."}
        return await page(request, TEMPLATE, _looked_at(form, again, errors), 409)
    if done.applied:
        return see_other(ADDRESS, "The configuration was taken, all of it.")
    errors = {}
    if not wanted.dry_run and done.plan.secrets:
        errors = {"document": "Some secrets are missing still; nothing was changed."}
    return await page(request, TEMPLATE, _looked_at(form, done, errors), 422 if errors else 200)


async def _look(ports: Ports, caller: Caller, wanted: ImportWanted) -> ImportDone:
    dry = ImportWanted(wanted.document, wanted.secrets, wanted.prune, wanted.open_mail, dry_run=True)
    return await import_configuration(ports, caller.tenant, caller.name, dry)


def _looked_at(form: ConfigurationPage, done: ImportDone, errors: dict[str, str]) -> ConfigurationPage:
    changes = done.plan.changes
    counts: dict[str, int] = {}
    for one in changes:
        counts[one.doing.value] = counts.get(one.doing.value, 0) + 1
    return ConfigurationPage(
        form.document,
        form.prune,
        form.open_mail,
        looked=True,
        entries=tuple(_entry(one) for one in changes[:MOST_SHOWN]),
        more=max(0, len(changes) - MOST_SHOWN),
        counts=counts,
        secrets=done.plan.secrets,
        token=done.plan.token if done.plan.changes_something else "",
        errors=errors,
    )


def _entry(change: EntryChange) -> Entry:
    lines = tuple(Line(one.path, _short(one.before), _short(one.after)) for one in change.fields)
    return Entry(change.section, change.key, change.doing.value, lines)


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)})"


def _summary(refused: ImportRefused) -> dict[str, str]:
    count = len(refused.mends)
    return {
        "document": f"Nothing was changed: {count} thing{'' if count == 1 else 's'} to mend, listed below."
    }


def _secrets(sent: FormData) -> dict[str, str]:
    """What was typed; a field that was left empty gives none."""
    named = {name: value for name, value in sent.multi_items() if name.startswith(SECRET_FIELD)}
    return {name.removeprefix(SECRET_FIELD): str(value) for name, value in named.items() if value}


async def _document(sent: FormData) -> str:
    """The file where one was chosen, else what stands in the field. Browsers send CR LF for a break of a line."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return (await file.read(MOST_BYTES + 1)).decode("utf-8", "replace")
    return str(sent.get("document", "")).replace("\r\n", "\n")
