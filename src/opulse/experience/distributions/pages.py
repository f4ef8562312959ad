"""Distributions in the console: what is being asked, of whom, what became of each, and the buttons that stop it."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from opulse.experience.distributions.flow import reading, steering
from opulse.experience.distributions.flow.reading import Shown
from opulse.experience.distributions.models import (
    SLOT_STATES,
    WAITING_STATES,
    Distribution,
    Invitation,
    InvitationState,
)
from opulse.experience.distributions.rules import incident_code
from opulse.mail.rate import time_to_send
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
_ON_THE_WAY = WAITING_STATES | {InvitationState.SENDING}
_FAILED = (InvitationState.REFUSED, InvitationState.BOUNCED, InvitationState.TOO_LATE)


@dataclass(frozen=True)
class Line:
    """One distribution as a line, and as the numbers at the head of its page."""

    shown: Shown
    code: str  # by which the mails' subjects name the incident

    @property
    def asked(self) -> int:
        """People whom it asked, or is asking; those who are held are not asked yet."""
        return self._people(SLOT_STATES - {InvitationState.HELD})

    @property
    def accepted(self) -> int:
        return self._people({InvitationState.ACCEPTED})

    @property
    def shown_on_desktops(self) -> int:
        """People whom only a desktop asked: no mail reached them."""
        return self._people({InvitationState.SHOWN})

    @property
    def offered(self) -> int:
        return self._people({InvitationState.OFFERED})

    @property
    def waiting(self) -> int:
        """Mails that may still leave."""
        return self._people(_ON_THE_WAY)

    @property
    def held(self) -> int:
        return self._people({InvitationState.HELD})

    @property
    def spared(self) -> int:
        return self._people({InvitationState.SPARED})

    @property
    def failed(self) -> int:
        return self._people(_FAILED)

    def _people(self, states: Collection[InvitationState]) -> int:
        return sum(people for state, people in self.shown.counts.by_state.items() if state in states)


@dataclass(frozen=True)
class Share:
    """People in one state, or in one state for one reason (empty: none)."""

    state: InvitationState
    reason: str
    people: int


@dataclass(frozen=True)
class ListPage:
    """All distributions of the tenant, the newest first."""

    lines: tuple[Line, ...]
    mail_paused: bool
    may_edit: bool


@dataclass(frozen=True)
class DistributionPage:
    """One distribution. ``people`` is empty for those who may not see names; ``left`` is how long the rest takes."""

    line: Line
    shares: tuple[Share, ...]
    left: timedelta | None
    people: tuple[Invitation, ...]
    state: str
    next: str
    may_edit: bool


@router.get("")
async def show_distributions(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """The list."""
    found = await reading.list_distributions(ports, caller.tenant)
    switches = await reading.get_switches(ports, caller.tenant)
    context = ListPage(tuple(map(_line, found)), switches.mail_paused, caller.may(Role.EDITOR))
    return await page(request, "distributions/list.html", context)


@router.get("/{distribution}")
async def show_distribution(
    request: Request,
    distribution: str,
    caller: Viewer,
    ports: PortsDep,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """One distribution; ``state`` chooses whom the list of people shows."""
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
    line = _line(shown)
    context = DistributionPage(
        line=line,
        shares=_shares(shown),
        left=_time_left(ports, line),
        people=tuple(people[:PEOPLE]),
        state=chosen[0].value if chosen else "",
        next=f"?state={state}&after={people[PEOPLE - 1].id}#people" if len(people) > PEOPLE else "",
        may_edit=may_edit,
    )
    return await page(request, "distributions/show.html", context)


@router.post("/mail-switch")
async def save_mail_switch(caller: Editor, ports: PortsDep, paused: Annotated[bool, Form()]) -> Response:
    """All mail of the tenant off, or on again."""
    await steering.switch_mail(ports, caller.tenant, caller.name, paused=paused)
    said = "No mail leaves any more, whatever it is." if paused else "Mail leaves again."
    return see_other("/distributions", said, "purple" if paused else "green")


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


def _line(shown: Shown) -> Line:
    return Line(shown, incident_code(shown.distribution.cause))


def _shares(shown: Shown) -> tuple[Share, ...]:
    """Every state that has people, in the order of the states, split by reason where there are reasons."""
    reasons: Mapping[tuple[InvitationState, str], int] = shown.counts.by_reason
    found: list[Share] = []
    for state in InvitationState:
        people = shown.counts.by_state.get(state, 0)
        split = [
            Share(state, reason, count) for (of, reason), count in sorted(reasons.items()) if of is state
        ]
        rest = people - sum(share.people for share in split)
        found += [*([Share(state, "", rest)] if rest else []), *split]
    return tuple(found)


def _time_left(ports: Ports, line: Line) -> timedelta | None:
    relay = ports.relay()
    return time_to_send(line.waiting, relay.per_minute) if relay and line.waiting else None
