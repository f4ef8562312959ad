"""Distributions in the console: what is being asked, of whom, what became of each, and the buttons that stop it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from opulse.experience.distributions.flow import following, reading, steering
from opulse.experience.distributions.flow.reading import Shown
from opulse.experience.distributions.models import (
    Distribution,
    Invitation,
    InvitationState,
)
from opulse.experience.distributions.models.following import FollowUp
from opulse.experience.distributions.pages.lines import Line, Share, line_of, shares_of, statuses_of
from opulse.experience.distributions.rules import Outlook
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/distributions", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

PEOPLE = 50  # on one page


@dataclass(frozen=True)
class DistributionPage:
    """One distribution. ``people`` is empty for those who may not see names; ``outlook`` says how long the rest takes."""

    line: Line
    shares: tuple[Share, ...]
    statuses: tuple[tuple[str, int], ...]
    outlook: Outlook
    parent: Shown | None
    children: Mapping[str, Shown]
    follow_ups: tuple[FollowUp, ...]
    cap: int
    languages: tuple[str, ...]
    language: str
    people: tuple[Invitation, ...]
    state: str
    next: str
    may_edit: bool


@router.get("/{distribution}")
async def show_distribution(
    request: Request,
    distribution: str,
    caller: Viewer,
    ports: PortsDep,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=32)] = "",
    language: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """One distribution; ``state`` chooses whom the list of people shows, ``language`` which mail."""
    may_edit = caller.may(Role.EDITOR)
    chosen = [one for one in InvitationState if one.value == state]
    try:
        shown = await reading.get_distribution(ports, caller.tenant, distribution)
        people = (
            await reading.list_invitations(
                ports, caller.tenant, distribution, states=chosen, after=after, limit=PEOPLE + 1
            )
            if may_edit
            else []
        )
    except LookupError as error:
        raise NotFound("distribution") from error
    line, one = line_of(shown), shown.distribution
    children = await reading.list_children(ports, caller.tenant, distribution)
    languages = await reading.list_languages(ports, one)
    context = DistributionPage(
        line=line,
        shares=shares_of(shown),
        statuses=statuses_of(shown),
        outlook=reading.outlook_of(ports, shown),
        parent=await reading.get_distribution(ports, caller.tenant, one.parent) if one.parent else None,
        children={child.distribution.id: child for child in children},
        follow_ups=tuple(await following.list_follow_ups(ports, caller.tenant, distribution)),
        cap=(await reading.get_switches(ports, caller.tenant)).cap_per_activation,
        languages=languages,
        language=language if language in languages else languages[0],
        people=tuple(people[:PEOPLE]),
        state=chosen[0].value if chosen else "",
        next=f"?state={state}&after={people[PEOPLE - 1].id}#people" if len(people) > PEOPLE else "",
        may_edit=may_edit,
    )
    return await page(request, "distributions/show.html", context)


@router.post("/{distribution}/pause")
async def save_pause(
    distribution: str, caller: Editor, ports: PortsDep, next: Annotated[str, Form()] = ""
) -> Response:
    """Stop for now."""
    step = steering.pause(ports, caller.tenant, distribution, caller.name)
    return await _steered(step, distribution, next, "Paused. Nothing more leaves until you resume it.")


@router.post("/{distribution}/resume")
async def save_resume(
    distribution: str, caller: Editor, ports: PortsDep, next: Annotated[str, Form()] = ""
) -> Response:
    """Go on."""
    step = steering.resume(ports, caller.tenant, distribution, caller.name)
    return await _steered(step, distribution, next, "Resumed. What is not too late leaves now.")


@router.post("/{distribution}/cancel")
async def save_cancel(
    distribution: str, caller: Editor, ports: PortsDep, next: Annotated[str, Form()] = ""
) -> Response:
    """Stop for good."""
    step = steering.cancel(ports, caller.tenant, distribution, caller.name)
    return await _steered(step, distribution, next, "Stopped for good. Its links are closed.")


@router.post("/{distribution}/confirm")
async def save_confirm(
    distribution: str, caller: Editor, ports: PortsDep, next: Annotated[str, Form()] = ""
) -> Response:
    """Ask that many."""
    step = steering.confirm(ports, caller.tenant, distribution, caller.name)
    return await _steered(step, distribution, next, "Confirmed. They are asked now.")


async def _steered(step: Awaitable[Distribution], distribution: str, onward: str, said: str) -> Response:
    own = onward.startswith("/") and not onward.startswith(("//", "/\\"))
    address = onward if own else f"/distributions/{distribution}"
    try:
        await step
    except LookupError as error:
        raise NotFound("distribution") from error
    except steering.NotSteerable as error:
        return see_other(address, f"Not possible now: {error}.", "red")
    return see_other(address, said)
