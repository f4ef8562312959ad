"""What every page of the stage takes: ports, the evaluator, and a caller of the right role."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of


async def evaluator_of(request: Request) -> Evaluator:
    """The process's evaluator, put there by ``bootstrap``."""
    evaluator: Evaluator = request.app.state.evaluator
    return evaluator


PortsDep = Annotated[Ports, Depends(ports_of)]
EvaluatorDep = Annotated[Evaluator, Depends(evaluator_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]


def may_edit(caller: Caller) -> bool:
    """Whether the page offers buttons that change something."""
    return caller.may(*needs_editor.roles)
