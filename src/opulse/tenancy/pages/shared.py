"""What every page of tenancy takes: ports and a caller of the right role."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form

from opulse.ports import Ports
from opulse.web.access import Caller, needs_admin, needs_viewer, ports_of

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(needs_admin)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Text = Annotated[str, Form()]
