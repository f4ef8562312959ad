"""What every page of the stage takes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from opulse.monitoring.sensors.pages.shared import EvaluatorDep, PortsDep, may_edit
from opulse.web.access import Caller, needs_editor, needs_viewer

Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

__all__ = ["Editor", "EvaluatorDep", "PortsDep", "Viewer", "may_edit"]
