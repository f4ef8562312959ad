"""``/api/v1/systems``: the estate, by the program that knows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.systems.flow import retiring
from opulse.monitoring.systems.flow import systems as flow
from opulse.monitoring.systems.models import (
    MOST_SYSTEMS,
    System,
    SystemEntry,
    SystemRefusal,
    SystemUser,
)
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1/systems", tags=["systems"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Text = Annotated[str, Field(max_length=255)]


class UserBody(BaseModel):
    """A person on a system."""

    user_id: Annotated[str, Field(min_length=1, max_length=255)]
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    language: Annotated[str, Field(max_length=35)] = ""
    is_primary: bool = False
    is_logged_on: bool = False
    last_logon: AwareDatetime | None = None
    department: Text = ""


class SystemBody(BaseModel):
    """What to take over of one system. What is left out stays as it is; ``users`` replaces all users of the system."""

    system_id: str | None = None
    name: Annotated[str, Field(min_length=1, max_length=255)]
    fqdn: Text | None = None
    domain: Text | None = None
    operating_system: Text | None = None
    agent_version: Text | None = None
    site: Text | None = None
    serial: Text | None = None
    ip_address: Text | None = None
    platform: Text | None = None
    attributes: dict[str, str] | None = None
    users: Annotated[list[UserBody], Field(max_length=500)] | None = None


class SystemsBody(BaseModel):
    systems: Annotated[list[SystemBody], Field(max_length=MOST_SYSTEMS)]


class TakenView(BaseModel):
    system_id: str
    name: str
    created: bool


class RefusedView(BaseModel):
    """``index`` counts the lines of the request from 0."""

    index: int
    reason: SystemRefusal


class SystemsTaken(BaseModel):
    systems: list[TakenView]
    refused: list[RefusedView]


class UserView(BaseModel):
    user_id: str
    email: str
    first_name: str
    last_name: str
    language: str
    is_primary: bool
    is_logged_on: bool
    last_logon: datetime | None
    department: str


class SystemView(BaseModel):
    system_id: str
    name: str
    fqdn: str
    domain: str
    operating_system: str
    agent_version: str
    site: str
    serial: str
    ip_address: str
    platform: str
    attributes: dict[str, str]
    retired_at: datetime | None
    users: list[UserView]


class SystemList(BaseModel):
    """A page. Ask on with ``after=next`` until ``next`` is null."""

    systems: list[SystemView]
    total: int
    next: int | None


@router.put("", operation_id="put_systems")
async def put_systems(
    body: SystemsBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> SystemsTaken:
    """Add or change systems: by ``system_id`` where given, else by name."""
    taken, refused = await flow.take_systems(ports, caller.tenant, [_entry(line) for line in body.systems])
    return SystemsTaken(
        systems=[TakenView(system_id=line.guid, name=line.name, created=line.created) for line in taken],
        refused=[RefusedView(index=line.index, reason=line.reason) for line in refused],
    )


@router.get("", operation_id="list_systems")
async def list_systems(
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_viewer)],
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    retired: bool | None = None,
) -> SystemList:
    """Systems whose name, full name, serial number or site contains ``search``; with ``retired`` only those that are, or are
    not."""
    found = await flow.list_systems(ports, caller.tenant, search, after, limit, retired)
    return SystemList(
        systems=[show_system(system) for system in found.systems], total=found.total, next=found.next
    )


@router.get("/{system_id}", operation_id="get_system")
async def get_system(
    system_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> SystemView:
    """One system with its present users."""
    found = await flow.find_system(ports, caller.tenant, system_id)
    if found is None:
        raise NotFound("system")
    return show_system(found)


@router.delete("/{system_id}", operation_id="delete_system", status_code=204)
async def delete_system(
    system_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> None:
    """Take the system out of the estate; past activations keep it."""
    if not await flow.delete_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")


@router.post("/{system_id}/retire", operation_id="retire_system", status_code=204)
async def post_retire(
    system_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> None:
    """Let the system count nowhere. It keeps its groups and is back with its next report."""
    if not await retiring.retire_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")


@router.post("/{system_id}/restore", operation_id="restore_system", status_code=204)
async def post_restore(
    system_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> None:
    """Let a retired system count again. Its silence is measured anew from now."""
    if not await retiring.restore_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")


def show_system(system: System) -> SystemView:
    """The system as JSON."""
    return SystemView(
        system_id=system.guid,
        name=system.name,
        fqdn=system.fqdn,
        domain=system.domain,
        operating_system=system.operating_system,
        agent_version=system.agent_version,
        site=system.site,
        serial=system.serial,
        ip_address=system.ip_address,
        platform=system.platform,
        attributes=dict(system.attributes),
        retired_at=system.retired_at,
        users=[show_user(user) for user in system.users],
    )


def show_user(user: SystemUser) -> UserView:
    """The user as JSON."""
    return UserView(
        user_id=user.user_id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        language=user.language,
        is_primary=user.is_primary,
        is_logged_on=user.is_logged_on,
        last_logon=user.last_logon,
        department=user.department,
    )


def _entry(body: SystemBody) -> SystemEntry:
    users = None if body.users is None else tuple(_user(user) for user in body.users)
    return SystemEntry(
        body.name.strip(),
        body.system_id,
        body.fqdn,
        body.domain,
        body.operating_system,
        body.agent_version,
        body.site,
        body.attributes,
        users,
        body.serial,
        body.ip_address,
        body.platform,
    )


def _user(body: UserBody) -> SystemUser:
    return SystemUser(
        body.user_id.strip(),
        body.email.strip(),
        body.first_name,
        body.last_name,
        body.language,
        body.is_primary,
        body.is_logged_on,
        body.last_logon,
        body.department.strip(),
    )
