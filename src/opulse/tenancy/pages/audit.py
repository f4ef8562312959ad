"""The audit trail, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.tenancy import views
from opulse.tenancy.pages.shared import Admin, PortsDep
from opulse.web.layout import page

router = APIRouter(prefix="/admin/audit")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: who, what, and each value before and after that differs."""

    at: datetime
    actor: str
    action: str
    what: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the trail; ``next``: the address of older entries, empty at the end."""

    entries: tuple[Entry, ...]
    newest: bool
    next: str


@router.get("")
async def show_audit(request: Request, ports: PortsDep, caller: Admin, before: int = 0) -> Response:
    """Who changed what, from what, to what."""
    rows = await ports.db.read(views.list_audit, caller.tenant, PAGE + 1, before or None)
    shown = rows[:PAGE]
    older = f"/admin/audit?before={shown[-1]['id']}" if len(rows) > PAGE else ""
    context = AuditPage(tuple(_entry(row) for row in shown), not before, older)
    return await page(request, "tenancy/audit.html", context)


def _entry(row: Mapping[str, Any]) -> Entry:
    before, after = row["before"] or {}, row["after"] or {}
    names = dict.fromkeys([*before, *after])
    values = tuple((name, _text(before, name), _text(after, name)) for name in names)
    differing = tuple(value for value in values if value[1] != value[2])
    return Entry(row["at"], row["actor"], row["action"], row["what"], differing)


def _text(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return ""
    value = values[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
