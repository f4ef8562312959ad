"""JSON routes of the directory: contacts, lists, fields, opt-outs, rules and hours; files of contacts."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.directory.api import (
    contacts,
    exports,
    fields,
    imports,
    limits,
    lists,
    merging,
    subscriptions,
    transactions,
)
from opulse.web.joining import join

router = APIRouter()
for _part in (contacts, exports, imports, fields, limits, lists, merging, subscriptions, transactions):
    join(router, _part.router)

__all__ = ["router"]
