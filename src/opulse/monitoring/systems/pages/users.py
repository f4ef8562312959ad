"""People who use systems: found by name, and the systems of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from opulse.monitoring.systems.flow import usage
from opulse.monitoring.systems.models import SystemUser, UsedSystem, UserLine
from opulse.monitoring.systems.pages.shared import Editor, PortsDep, Text, Viewer, may_edit
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class UserListPage:
    """Users by id; ``first`` and ``next`` are addresses, empty where there is nothing."""

    lines: list[UserLine]
    search: str
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user: as the newest of their systems knows them, and all of these systems."""

    user: SystemUser
    used: list[UsedSystem]
    most: int
    may_edit: bool

    @property
    def primary(self) -> int:
        """How many systems are theirs."""
        return sum(one.user.is_primary for one in self.used)

    @property
    def logged_on(self) -> int:
        """To how many they are logged on now."""
        return sum(one.user.is_logged_on for one in self.used)


@router.get("/users")
async def show_users(
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Users whose id, address or name contains the search."""
    found = await usage.list_users(ports, caller.tenant, search, after, PAGE_SIZE)
    context = UserListPage(
        found.lines,
        search,
        _address(search, "") if after else "",
        _address(search, found.next) if found.next else "",
    )
    return await page(request, "systems/users.html", context)


@router.get("/users/of")
async def show_user(
    request: Request, caller: Viewer, ports: PortsDep, user: Annotated[str, Query(max_length=300)]
) -> Response:
    """The systems of one user, whose id may hold any character and stands in the query therefore. Who uses none has a page, too:
    links to it are older than that."""
    used = await usage.list_used(ports, caller.tenant, user)
    newest = max(used, key=lambda one: one.since).user if used else SystemUser(user)
    context = UserPage(newest, used, usage.MOST_SHOWN, may_edit(caller))
    return await page(request, "systems/user.html", context)


@router.post("/systems/{system_id}/primary-user")
async def save_primary(
    system_id: str, caller: Editor, ports: PortsDep, user: Text = "", back: Text = ""
) -> Response:
    """Say by hand whose system it is; without a user: nobody's."""
    where = user_address(back) if back else f"/systems/{system_id}"
    try:
        if not await usage.set_primary(ports, caller.tenant, system_id, user or None, caller.name):
            raise NotFound("system")
    except usage.NoSuchUser:
        return see_other(where, f"{user} does not use the system any more; nothing was changed.", "red")
    text = f"{user} is the primary user now." if user else "The system is nobody's own now."
    return see_other(where, text)


def user_address(user_id: str) -> str:
    """Of a user's page."""
    return f"/users/of?{urlencode({'user': user_id})}"


def _address(search: str, after: str) -> str:
    query = urlencode({name: value for name, value in (("search", search), ("after", after)) if value})
    return f"/users?{query}" if query else "/users"
