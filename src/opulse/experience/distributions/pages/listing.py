"""All distributions, a line per workflow, day and activation; one group; the tenant's mail switch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from opulse.experience.distributions.flow import reading, steering
from opulse.experience.distributions.pages.lines import GroupLine, Line, group_line_of, line_of
from opulse.ports import Ports
from opulse.tenancy import Tenant
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/distributions", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

GROUPS = 50  # on one page
GROUPED = 200  # of one group


@dataclass(frozen=True)
class ListPage:
    """The tenant's distributions in groups, the newest first, and what the installation and the tenant allow."""

    lines: tuple[GroupLine, ...]
    mail_paused: bool
    may_edit: bool
    next: str
    quotas: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GroupPage:
    """The distributions of one group, each a line."""

    lines: tuple[Line, ...]
    name: str
    day: datetime


@router.get("")
async def show_distributions(
    request: Request, caller: Viewer, ports: PortsDep, before: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """The list, a line per workflow, day and activation."""
    since = _read_moment(before)
    found = await reading.list_groups(ports, caller.tenant, before=since, limit=GROUPS + 1)
    switches = await reading.get_switches(ports, caller.tenant)
    onward = found[GROUPS - 1].newest_at.isoformat() if len(found) > GROUPS else ""
    context = ListPage(
        tuple(map(group_line_of, found[:GROUPS])),
        switches.mail_paused,
        caller.may(Role.EDITOR),
        f"?before={quote(onward)}" if onward else "",
        _quotas(ports, switches),
    )
    return await page(request, "distributions/list.html", context)


@router.get("/group")
async def show_group(
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    workflow: Annotated[str, Query(max_length=40)] = "",
    activation: Annotated[str, Query(max_length=80)] = "",
    day: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The distributions of one group."""
    since = _read_moment(day) or ports.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = await reading.list_group(ports, caller.tenant, workflow, activation, since, GROUPED)
    name = (found[0].distribution.name if found else "") or workflow or "Distributions of a day"
    context = GroupPage(tuple(map(line_of, found)), name, since)
    return await page(request, "distributions/group.html", context)


@router.post("/mail-switch")
async def save_mail_switch(caller: Editor, ports: PortsDep, paused: Annotated[bool, Form()]) -> Response:
    """All mail of the tenant off, or on again."""
    await steering.switch_mail(ports, caller.tenant, caller.name, paused=paused)
    said = "No mail leaves any more, whatever it is." if paused else "Mail leaves again."
    return see_other("/distributions", said, "purple" if paused else "green")


def _quotas(ports: Ports, tenant: Tenant) -> tuple[tuple[str, str], ...]:
    """What limits sending, as names and values."""
    relay = ports.relay()
    rate = "no relay is set" if relay is None else "no limit known"
    if relay is not None and relay.per_minute:
        rate = f"{relay.per_minute:,} mails a minute"
    return (
        ("Relay", rate),
        ("People per activation", f"at most {tenant.cap_per_activation:,}"),
        ("Without a person's yes", f"at most {tenant.confirm_above:,} people"),
        ("Mail reaches", "everybody" if tenant.mail_open else "the allow list only"),
    )


def _read_moment(text: str) -> datetime | None:
    """A moment with its zone; None: nothing that is one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
