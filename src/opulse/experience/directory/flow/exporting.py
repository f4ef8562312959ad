"""Contacts of a directory or a list as a stream of lines, read 1,000 at a time: no reader holds a transaction open meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import Contact
from opulse.experience.directory.rules.exporting import COLUMNS, csv_line, csv_row, json_row
from opulse.experience.directory.store import exporting as store
from opulse.experience.directory.store.members import list_private
from opulse.experience.directory.store.reading import list_members_page
from opulse.experience.directory.store.searching import list_contacts
from opulse.ports import Ports

AT_ONCE = 1_000
_Page = list[tuple[Contact, Mapping[str, Any]]]


async def export_csv(ports: Ports, tenant: int, directory: str, list_id: str = "") -> AsyncIterator[str]:
    """A table that an import takes again: standard columns, then embedded data, then the data of the list."""
    embedded = await ports.db.read(store.list_names, tenant, directory)
    own = await ports.db.read(store.list_private_names, tenant, list_id) if list_id else []
    yield csv_line([*COLUMNS, *embedded, *own])
    async for page in _pages(ports, tenant, directory, list_id):
        yield "".join(csv_row(one, embedded, private, own) for one, private in page)


async def export_ndjson(ports: Ports, tenant: int, directory: str, list_id: str = "") -> AsyncIterator[str]:
    """One JSON object per line, with the types that the values have."""
    async for page in _pages(ports, tenant, directory, list_id):
        yield "".join(json_row(one, private if list_id else None) for one, private in page)


async def _pages(ports: Ports, tenant: int, directory: str, list_id: str) -> AsyncIterator[_Page]:
    after = ""
    while page := await ports.db.read(_page, tenant, directory, list_id, after):
        yield page
        after = page[-1][0].id


def _page(conn: Connection, tenant: int, directory: str, list_id: str, after: str) -> _Page:
    if not list_id:
        found = list_contacts(conn, tenant, directory, after=after, limit=AT_ONCE)
        return [(one, {}) for one in found]
    members = [one for one, _ in list_members_page(conn, tenant, list_id, after, AT_ONCE)]
    private = list_private(conn, tenant, list_id, [one.id for one in members])
    return [(one, private.get(one.id, {})) for one in members]
