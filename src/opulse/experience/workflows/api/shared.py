"""Who calls, and the workflow of the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from opulse.experience.workflows.flow.sharing import find_shared
from opulse.experience.workflows.models import ShareLevel, Workflow
from opulse.ports import Ports
from opulse.web.access import Caller, NotAllowed, api_admin, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(api_admin)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


async def open_workflow(
    ports: Ports, caller: Caller, workflow: str, level: ShareLevel = ShareLevel.READ
) -> Workflow:
    """The workflow of the address.

    Raises:
        NotFound: it does not exist for this caller.
        NotAllowed: it is shared with them for less than this.
    """
    found = await find_shared(ports, caller, workflow)
    if found is None:
        raise NotFound("workflow")
    if found[1] < level:
        raise NotAllowed(f"this workflow is shared with you to {found[1].name.lower()} it")
    return found[0]


async def level_of(ports: Ports, caller: Caller, workflow: str) -> ShareLevel | None:
    """What the caller may do with a workflow; None where it does not exist for them, deleted ones included."""
    found = await find_shared(ports, caller, workflow)
    return found[1] if found else None
