"""What every JSON route of the directory takes: ports, a caller of the right role, the directory of the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from opulse.experience.directory import Contact, Directory, MailingList, views
from opulse.experience.directory.flow.lists import find_editable_in
from opulse.experience.directory.models import ListRefused, viewer_of
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


async def find_directory(ports: Ports, caller: Caller, directory: str) -> Directory:
    """The directory of the address.

    Raises:
        NotFound: none of this tenant has the id.
    """
    found = await ports.db.read(views.find_directory, caller.tenant, directory)
    if found is None:
        raise NotFound("directory")
    return found


async def find_fillable(ports: Ports, caller: Caller, directory: str, list_id: str) -> MailingList:
    """A mailing list of the directory that the caller may put people on.

    Raises:
        NotFound: none that the caller may see.
        Problem: they may only look at it, or it fills itself.
    """
    try:
        found = await ports.db.read(find_editable_in, caller.tenant, list_id, viewer_of(caller))
    except LookupError as error:
        raise NotFound("mailing list") from error
    except ListRefused as error:
        raise Problem(403, "not your mailing list", str(error)) from error
    if found.directory != directory:
        raise NotFound("mailing list")
    return found


async def find_contact(ports: Ports, caller: Caller, directory: str, contact: str) -> Contact:
    """The contact of the address.

    Raises:
        NotFound: none in this directory has the id.
    """
    found = await ports.db.read(views.find_contact, caller.tenant, directory, contact)
    if found is None:
        raise NotFound("contact")
    return found
