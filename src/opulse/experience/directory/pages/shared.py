"""What every page of the directory takes: ports, a caller of the right role, the directory of the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form

from opulse.experience.directory import Directory, views
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


def may_edit(caller: Caller) -> bool:
    return caller.may(*needs_editor.roles)


def sentence(error: Exception) -> str:
    """What an error says, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
