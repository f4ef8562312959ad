"""Addresses that get no mail: the list with rule and date, a file of it, and the buttons that add and lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response, StreamingResponse

from opulse.experience.distributions.flow import suppressing
from opulse.experience.distributions.flow.exporting import suppressions_table
from opulse.experience.distributions.models import Suppression
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/distributions/suppressions", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]
SHOWN = 100


@dataclass(frozen=True)
class SuppressionsPage:
    """Some of the tenant's suppressed addresses, by address."""

    found: tuple[Suppression, ...]
    total: int
    next: str


@router.get("")
async def show_suppressions(
    request: Request, caller: Editor, ports: PortsDep, after: Annotated[str, Query(max_length=320)] = ""
) -> Response:
    """The list. Addresses are names, so it is for editors."""
    found = await suppressing.list_suppressions(ports, caller.tenant, after=after, limit=SHOWN + 1)
    total = await suppressing.count_suppressions(ports, caller.tenant)
    onward = found[SHOWN - 1].email if len(found) > SHOWN else ""
    context = SuppressionsPage(tuple(found[:SHOWN]), total, onward)
    return await page(request, "distributions/suppressions.html", context)


@router.get("/list.csv")
async def show_suppressions_table(caller: Editor, ports: PortsDep) -> Response:
    """All of them, as a file."""
    named = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    lines = suppressions_table(ports, caller.tenant, names=True)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/add")
async def save_suppression(
    caller: Editor, ports: PortsDep, email: Annotated[str, Form(max_length=320)] = ""
) -> Response:
    """No more mail to this address."""
    try:
        await suppressing.suppress_address(ports, caller.tenant, email, caller.name)
    except ValueError as error:
        return see_other("/distributions/suppressions", f"Nothing was changed: {error}.", "red")
    return see_other("/distributions/suppressions", "This address gets no more mail.")


@router.post("/lift")
async def save_lift(
    caller: Editor, ports: PortsDep, email: Annotated[str, Form(max_length=320)] = ""
) -> Response:
    """Mail to this address again."""
    try:
        await suppressing.lift_suppression(ports, caller.tenant, email, caller.name)
    except LookupError:
        return see_other("/distributions/suppressions", "This address was not suppressed.", "red")
    return see_other("/distributions/suppressions", "This address may be mailed again.")
