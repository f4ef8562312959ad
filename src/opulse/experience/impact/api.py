"""The result as JSON, and as a live stream of JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from opulse.experience.impact.flow.results import read_result
from opulse.experience.impact.models import Result
from opulse.ports import Ports
from opulse.web.access import Caller, api_viewer, ports_of

router = APIRouter(prefix="/api/v1", tags=["impact"])


@router.get("/activations/{activation}/impact", operation_id="get_impact")
async def get_impact(
    activation: str,
    ports: Annotated[Ports, Depends(ports_of)],
    caller: Annotated[Caller, Depends(api_viewer)],
    language: str = "en",
) -> dict[str, Any]:
    """Totals, counts per choice with intervals, comments. Groups under five are hidden; nobody is named."""
    return show_result(await read_result(ports, caller.tenant, activation, language))


def show_result(result: Result) -> dict[str, Any]:
    """The result as plain data."""
    return asdict(result)
