"""The page *Names from SysTrack*: choose by which workflow to ask, look, and take over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.jobs import JobRetry
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.pulses.names.flow import list_choices, take_names
from opulse.pulses.names.models import Choice, NamesRefused, Taken, Wish
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.layout import page

router = APIRouter(prefix="/systrack-names", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]


@dataclass(frozen=True)
class NamesPage:
    """``taken`` None: nothing was asked yet."""

    choices: tuple[Choice, ...]
    wish: Wish
    taken: Taken | None = None
    problem: str = ""

    @property
    def options(self) -> list[tuple[str, str]]:
        """Of the field *By the workflow*."""
        return [(one.workflow, f"{one.name} ({one.cloud_url})") for one in self.choices]


@router.get("")
async def show_names(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Which workflows can be asked by."""
    choices = tuple(await list_choices(ports, caller.tenant))
    first = choices[0].workflow if choices else ""
    return await page(request, "names/names.html", NamesPage(choices, Wish(first)))


@router.post("")
async def save_names(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """Look, or take over: the button says."""
    sent = await request.form()
    wish = Wish(
        str(sent.get("workflow") or ""), "sensors" in sent, "groups" in sent, sent.get("do") != "take"
    )
    choices = tuple(await list_choices(ports, caller.tenant))
    if not wish.sensors and not wish.groups:
        context = NamesPage(choices, wish, problem="Choose sensors, groups, or both.")
        return await page(request, "names/names.html", context, 422)
    try:
        taken = await take_names(ports, caller.tenant, wish, caller.name)
    except NamesRefused as error:
        context = NamesPage(choices, wish, problem=f"SysTrack cannot be asked: {error}.")
        return await page(request, "names/names.html", context, 422)
    except JobRetry as error:
        context = NamesPage(
            choices, wish, problem=f"SysTrack does not answer now: {error}. Try again in a minute."
        )
        return await page(request, "names/names.html", context, 503)
    if not wish.check:
        await evaluator.follow(caller.tenant)
    return await page(request, "names/names.html", NamesPage(choices, wish, taken))
