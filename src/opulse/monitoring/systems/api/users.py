"""``/api/v1/users``: who uses systems, asked from the person's side; and whose a system is, said by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from opulse.monitoring.systems.api.systems import UserView, show_user
from opulse.monitoring.systems.flow import usage
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["systems"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class UserLineView(BaseModel):
    """Somebody who uses systems now, and on how many what is true."""

    user_id: str
    email: str
    first_name: str
    last_name: str
    department: str
    systems: int
    primary_on: int
    logged_on_to: int
    last_logon: datetime | None


class UserList(BaseModel):
    """A page. Ask on with ``after=next`` until ``next`` is empty."""

    users: list[UserLineView]
    next: str


class UsedSystemView(BaseModel):
    """A system of the user; ``since`` this is what is true of the user on it."""

    system_id: str
    name: str
    since: datetime
    user: UserView


class UsedSystems(BaseModel):
    systems: list[UsedSystemView]


class PrimaryUserBody(BaseModel):
    """``user_id`` null: the system is nobody's own."""

    user_id: Annotated[str, Field(min_length=1, max_length=300)] | None


@router.get("/users", operation_id="list_users")
async def list_users(
    ports: PortsDep,
    caller: Viewer,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=300)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> UserList:
    """Users of systems whose id, address or name contains ``search``, by id."""
    found = await usage.list_users(ports, caller.tenant, search, after, limit)
    return UserList(
        users=[
            UserLineView(
                user_id=line.user.user_id,
                email=line.user.email,
                first_name=line.user.first_name,
                last_name=line.user.last_name,
                department=line.user.department,
                systems=line.systems,
                primary_on=line.primary,
                logged_on_to=line.logged_on,
                last_logon=line.user.last_logon,
            )
            for line in found.lines
        ],
        next=found.next,
    )


@router.get("/users/systems", operation_id="list_systems_of_user")
async def list_systems_of_user(
    ports: PortsDep, caller: Viewer, user: Annotated[str, Query(min_length=1, max_length=300)]
) -> UsedSystems:
    """The systems that the user of this id uses now, by name; at most 500. Nobody knows the user: none."""
    used = await usage.list_used(ports, caller.tenant, user)
    return UsedSystems(
        systems=[
            UsedSystemView(
                system_id=one.system.guid, name=one.system.name, since=one.since, user=show_user(one.user)
            )
            for one in used
        ]
    )


@router.put("/systems/{system_id}/primary-user", operation_id="set_primary_user", status_code=204)
async def put_primary_user(
    system_id: str,
    body: PrimaryUserBody,
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> None:
    """Say whose system it is. An import or a request that names the primary user has the last word again."""
    try:
        if not await usage.set_primary(ports, caller.tenant, system_id, body.user_id, caller.name):
            raise NotFound("system")
    except usage.NoSuchUser as error:
        raise Problem(
            422,
            "no such user",
            "The system has no user of this id now; add the user to it first.",
            reason="no_such_user",
        ) from error
