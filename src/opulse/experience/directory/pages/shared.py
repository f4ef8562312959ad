"""What every page of the directory takes: ports, a caller of the right role, the directory of the address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Form
from sqlalchemy import Connection

from opulse.experience.directory import Directory, MailingList, views
from opulse.experience.directory.models import ListKind, viewer_of
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Text = Annotated[str, Form()]
PAGE = 50


async def find_directory(ports: Ports, caller: Caller, directory: str) -> Directory:
    """The directory of the address.

    Raises:
        NotFound: none of this tenant has the id.
    """
    found = await ports.db.read(views.find_directory, caller.tenant, directory)
    if found is None:
        raise NotFound("directory")
    return found


async def fillable_lists(ports: Ports, caller: Caller, directory: str) -> list[MailingList]:
    """The mailing lists of the directory that the caller may put people on."""

    def read(conn: Connection) -> list[MailingList]:
        viewer = viewer_of(caller)
        found = views.list_lists(conn, caller.tenant, directory, viewer)
        return [
            one
            for one in found
            if one.kind is ListKind.LIST and views.may_edit(conn, caller.tenant, one.id, viewer)
        ]

    return await ports.db.read(read)


def may_edit(caller: Caller) -> bool:
    return caller.may(*needs_editor.roles)


def sentence(error: Exception) -> str:
    """What an error says, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def shown_value(value: Any) -> str:
    """Embedded data as text: members of a list with semicolons between them."""
    return "; ".join(str(one) for one in value) if isinstance(value, list) else str(value)
