"""All directories, and the form for a new one."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import Directory, views
from opulse.experience.directory.flow.lists import create_directory
from opulse.experience.directory.models import Viewer as ListViewer
from opulse.experience.directory.models import viewer_of
from opulse.experience.directory.pages.shared import Editor, PortsDep, Text, Viewer, may_edit
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory")


@dataclass(frozen=True, slots=True)
class ListedDirectory:
    """A directory, how many contacts it has, and how many mailing lists."""

    directory: Directory
    contacts: int
    lists: int


@dataclass(frozen=True, slots=True)
class DirectoriesPage:
    """All directories of the tenant."""

    directories: tuple[ListedDirectory, ...]
    may_edit: bool
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_directories(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """All directories."""
    return await _show(request, ports, caller, {})


@router.post("")
async def save_directory(request: Request, ports: PortsDep, caller: Editor, name: Text = "") -> Response:
    """Make a directory; the first one is the default."""
    if not name.strip():
        return await _show(request, ports, caller, {"name": "Give the directory a name."})
    made = await create_directory(ports, caller.tenant, name.strip()[:100], caller.name)
    return see_other(f"/directory/{made.id}", "The directory is made. Add contacts, or import a table.")


async def _show(request: Request, ports: Ports, caller: Caller, errors: dict[str, str]) -> Response:
    listed = await ports.db.read(_listed, caller.tenant, viewer_of(caller))
    context = DirectoriesPage(tuple(listed), may_edit(caller), errors)
    return await page(request, "directory/directories.html", context, 422 if errors else 200)


def _listed(conn: Connection, tenant: int, viewer: ListViewer) -> list[ListedDirectory]:
    lists = views.list_lists(conn, tenant, viewer=viewer)
    return [
        ListedDirectory(
            one, views.count_contacts(conn, tenant, one.id), sum(a.directory == one.id for a in lists)
        )
        for one in views.list_directories(conn, tenant)
    ]
