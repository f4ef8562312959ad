"""Pages of the directory: directories, contacts, mailing lists, frequency rules, import of tables."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.directory.pages import (
    columns,
    contacts,
    directories,
    fields,
    frequency,
    importing,
    lists,
    merging,
    one_contact,
    transactions,
)
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
for part in (
    directories,
    lists,
    fields,
    frequency,
    merging,
    columns,
    importing,
    transactions,
    contacts,
    one_contact,
):
    join(router, part.router)
